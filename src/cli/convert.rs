//! `zoo convert`

use std::path::PathBuf;

use anyhow::Result;
use serde_json::json;

use super::{Global, ModelArg, copy_companions, usage};
use crate::models::pretrained::{self, MAX_SHARD_BYTES};

/// Load a model and save it again as a Hugging Face directory.
#[derive(clap::Args)]
#[command(
    after_help = "The weights are written as 32-bit floats under the names that transformers 5 uses, \
                  whatever names and shards they had; config and tokenizer are copied.\n\nExamples:\n  \
                  zoo convert runs/gpt2-nano-stories ./published\n  \
                  zoo convert ./old ./new --max-shard-size 500000000"
)]
pub(crate) struct ConvertArgs {
    #[command(flatten)]
    model: ModelArg,
    /// Where to write; must not exist, or be empty
    #[arg(value_name = "DIR")]
    dir: PathBuf,
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
    let loaded = pretrained::load(folder, &global.device()?)?;
    spinner.set_message(format!("writing {}", args.dir.display()));
    let described = (loaded.blueprint.family, &loaded.blueprint.config);
    pretrained::save(&args.dir, &loaded.model, described, args.max_shard_size)?;
    copy_companions(folder, &args.dir)?;
    spinner.finish_and_clear();
    if global.json {
        return global.print_json(&json!({ "model": args.model.model, "written": args.dir }));
    }
    global.note(&format!("wrote {}", args.dir.display()));
    Ok(())
}
