//! `zoo convert`

use std::path::{Path, PathBuf};

use anyhow::Result;
use serde_json::{Value, json};

use super::{Global, ModelArg, copy_companions, usage};
use crate::datasets::tokenizer::{Tokenizer, TokenizerError};
use crate::models::checkpoint::{self, Files, MAX_SHARD_BYTES};
use crate::models::precision::Precision;

/// Load a model and save it again as a Hugging Face directory.
#[derive(clap::Args)]
#[command(
    after_help = "The weights are written under the names that transformers 5 uses, whatever names and shards \
                  they had; config and tokenizer are copied, and a tokenizer without tokenizer.json gets one. A model in bf16 takes half the memory on flex \
                  and writes texts faster.\n\nExamples:\n  \
                  zoo convert runs/gpt2-nano-stories ./published\n  \
                  zoo convert ./model ./half --dtype bf16\n  \
                  zoo convert ./old ./new --max-shard-size 500000000"
)]
pub(crate) struct ConvertArgs {
    #[command(flatten)]
    model: ModelArg,
    /// Where to write; must not exist, or be empty
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    /// What the weights are written in: f32, bf16 or f16, to which they are rounded
    #[arg(long, value_name = "FORMAT", default_value_t)]
    dtype: Precision,
    /// Bytes above which the weights are written in shards
    #[arg(long, value_name = "BYTES", default_value_t = MAX_SHARD_BYTES)]
    max_shard_size: usize,
}

pub(super) fn run(global: &Global, args: &ConvertArgs) -> Result<()> {
    let is_filled = std::fs::read_dir(&args.dir).is_ok_and(|mut entries| entries.next().is_some());
    if is_filled || args.dir.is_file() {
        return Err(usage(format!("{} exists already; give another name", args.dir.display())));
    }
    let folder = &args.model.folder(global)?;
    let spinner = global.spinner(format!("loading {}", folder.display()));
    let loaded = checkpoint::load(folder, &global.device()?)?;
    spinner.set_message(format!("writing {}", args.dir.display()));
    let mut config = loaded.spec.config;
    name_format(&mut config, args.dtype);
    let files = Files { max_shard_bytes: args.max_shard_size, precision: args.dtype };
    checkpoint::save(&args.dir, &loaded.model, (loaded.spec.family, &config), files)?;
    copy_companions(folder, &args.dir)?;
    write_tokenizer(global, folder, &args.dir)?;
    spinner.finish_and_clear();
    if global.json {
        return global.print_json(&json!({ "model": args.model.model, "written": args.dir }));
    }
    global.note(&format!("wrote {}", args.dir.display()));
    Ok(())
}

/// Writes `tokenizer.json` where the tokenizer came in other files, which stay beside it.
fn write_tokenizer(global: &Global, from: &Path, to: &Path) -> Result<()> {
    if to.join("tokenizer.json").exists() {
        return Ok(());
    }
    match Tokenizer::load(from) {
        Ok(tokenizer) => tokenizer.save(to)?,
        Err(TokenizerError::NoFiles { .. }) => {}
        // The weights are of use without it.
        Err(error) => {
            global.note(&format!("the tokenizer's files are copied as they are: {error}"))
        }
    }
    Ok(())
}

/// Says in a config what the weights are in, in the words of transformers 5.
fn name_format(config: &mut Value, precision: Precision) {
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
