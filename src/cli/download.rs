//! `zoo download`

use anyhow::Result;
use serde_json::json;

use super::model::fetch;
use super::{Global, usage};
use crate::models::checkpoint::hub::{Artifact, ModelId};

/// Download a model from the Hub and print its directory.
#[derive(clap::Args)]
#[command(
    after_help = "Downloads the config, weights (safetensors only), tokenizer and the other files that are \
                  used, and verifies each against the Hub's checksum. Interrupted downloads resume. \
                  All files belong to one commit, which is printed, so that it can be requested \
                  again. The cache is shared with Python's huggingface_hub.\n\n\
                  HF_HOME or HF_HUB_CACHE set the cache directory, HF_TOKEN gives access to gated \
                  and private models, HF_HUB_OFFLINE=1 uses only the cache, HF_ENDPOINT selects \
                  another Hub.\n\nExamples:\n  \
                  zoo download sentence-transformers/all-MiniLM-L6-v2\n  \
                  zoo download openai-community/gpt2 --revision 607a30d783dfa663caf39e06633721c8d4cfcd7e\n  \
                  zoo check \"$(zoo download google/vit-base-patch16-224)\""
)]
pub(crate) struct DownloadArgs {
    /// The model's name on the Hub: org/name, or org/name@revision
    #[arg(value_name = "ID")]
    id: String,
    /// Branch, tag or commit [default: main]
    #[arg(long, value_name = "REVISION")]
    revision: Option<String>,
}

pub(super) fn run(global: &Global, args: &DownloadArgs) -> Result<()> {
    let id: ModelId = args.id.parse().map_err(usage)?;
    let id = match &args.revision {
        Some(revision) => id.at(revision).map_err(usage)?,
        None => id,
    };
    let snapshot = fetch(global, &id, Artifact::Model)?;
    if global.json {
        return global.print_json(&json!({
            "model": id.name(),
            "revision": id.revision(),
            "commit": snapshot.commit,
            "folder": snapshot.folder,
        }));
    }
    global.print(&snapshot.folder.display().to_string())
}
