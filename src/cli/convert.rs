//! `zoo convert`

use std::path::PathBuf;

use anyhow::Result;
use serde_json::json;

use super::companions::{set_dtype, write_companions};
use super::{Global, ModelArg, usage};
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
    write_companions(global, folder, &args.dir)?;
    spinner.finish_and_clear();
    if global.json {
        return global.print_json(&json!({ "model": args.model.model, "written": args.dir }));
    }
    global.note(&format!("wrote {}", args.dir.display()));
    Ok(())
}
