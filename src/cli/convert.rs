//! `zoo convert`

use std::path::{Path, PathBuf};

use anyhow::Result;
use serde_json::{Value, json};

use super::{Global, ModelArg, usage};
use crate::datasets::tokenizer::{Tokenizer, TokenizerError};
use crate::models::checkpoint::{self, Files, MAX_SHARD_BYTES};
use crate::models::precision::Precision;

/// Convert a model to the current Hugging Face layout.
#[derive(clap::Args)]
#[command(
    after_help = "Weights are saved under the names that transformers 5 uses, whatever names and shards \
                  they had. Config and tokenizer are copied, and a tokenizer without tokenizer.json \
                  gets one. A bf16 model takes half the memory on flex and generates text faster.\n\nExamples:\n  \
                  zoo convert runs/gpt2-nano-stories ./published\n  \
                  zoo convert ./model ./half --dtype bf16\n  \
                  zoo convert ./old ./new --max-shard-size 500000000"
)]
pub(crate) struct ConvertArgs {
    #[command(flatten)]
    model: ModelArg,
    /// The output directory; must be empty or not exist
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    /// The dtype of the saved weights: f32, bf16 or f16
    #[arg(long, value_name = "FORMAT", default_value_t)]
    dtype: Precision,
    /// Maximum bytes of a weight file; larger models are saved in shards
    #[arg(long, value_name = "BYTES", default_value_t = MAX_SHARD_BYTES)]
    max_shard_size: usize,
}

pub(super) fn run(global: &Global, args: &ConvertArgs) -> Result<()> {
    let is_filled = std::fs::read_dir(&args.dir).is_ok_and(|mut entries| entries.next().is_some());
    if is_filled || args.dir.is_file() {
        return Err(usage(format!("{} already exists; choose another name", args.dir.display())));
    }
    let folder = &args.model.folder(global)?;
    let spinner = global.spinner(format!("loading {}", folder.display()));
    let loaded = checkpoint::load(folder, &global.device()?)?;
    spinner.set_message(format!("writing {}", args.dir.display()));
    let mut config = loaded.spec.config;
    set_dtype(&mut config, args.dtype);
    let files = Files { max_shard_bytes: args.max_shard_size, precision: args.dtype };
    checkpoint::save(&args.dir, &loaded.model, loaded.spec.family, &config, files)?;
    copy_companions(folder, &args.dir)?;
    write_tokenizer(global, folder, &args.dir)?;
    spinner.finish_and_clear();
    if global.json {
        return global.print_json(&json!({ "model": args.model.model, "written": args.dir }));
    }
    global.note(&format!("wrote {}", args.dir.display()));
    Ok(())
}

/// Writes `tokenizer.json` if the tokenizer has other files, which are kept.
fn write_tokenizer(global: &Global, from: &Path, to: &Path) -> Result<()> {
    if to.join("tokenizer.json").exists() {
        return Ok(());
    }
    match Tokenizer::load(from) {
        Ok(tokenizer) => tokenizer.save(to)?,
        Err(TokenizerError::NoFiles { .. }) => {}
        // The weights are useful without a tokenizer.
        Err(error) => global.note(&format!("the tokenizer files are copied unchanged: {error}")),
    }
    Ok(())
}

/// Sets `dtype` in the config, as transformers 5 names it.
fn set_dtype(config: &mut Value, precision: Precision) {
    let Some(fields) = config.as_object_mut() else { return };
    let was_named = fields.remove("torch_dtype").is_some() | fields.contains_key("dtype");
    let name = match precision {
        Precision::F32 => "float32",
        Precision::F16 => "float16",
        Precision::Bf16 => "bfloat16",
    };
    if was_named || precision != Precision::F32 {
        fields.insert("dtype".to_string(), name.into());
    }
}

/// Copies a model's other files: tokenizer, generation config, preprocessor and pooling.
fn copy_companions(from: &Path, to: &Path) -> Result<()> {
    const COMPANIONS: [&str; 17] = [
        "tokenizer.json",
        "tokenizer_config.json",
        "special_tokens_map.json",
        "added_tokens.json",
        "vocab.json",
        "merges.txt",
        "chat_template.jinja",
        "generation_config.json",
        "vocab.txt",
        "tokenizer.model",
        "spiece.model",
        "sentencepiece.bpe.model",
        "sentencepiece.model",
        "spm.model",
        "source.spm",
        "target.spm",
        "preprocessor_config.json",
    ];
    let beside = crate::pipeline::TextEmbedder::files(from);
    for name in COMPANIONS.iter().map(Path::new).chain(beside.iter().map(PathBuf::as_path)) {
        let source = from.join(name);
        if source.exists() {
            let target = to.join(name);
            if let Some(folder) = target.parent() {
                std::fs::create_dir_all(folder)?;
            }
            std::fs::copy(&source, &target)
                .map_err(|error| anyhow::anyhow!("cannot write {}: {error}", target.display()))?;
        }
    }
    Ok(())
}
