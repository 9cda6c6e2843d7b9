//! Finds a model in the cache or downloads it.

use std::path::PathBuf;

use super::{HubError, HubEvent, ModelId, Settings};

/// A model's local files, all of one commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The folder, in Hugging Face's layout.
    pub folder: PathBuf,
    /// The commit: a revision that never changes.
    pub commit: String,
}

/// The part of a model to download.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Artifact {
    /// Everything needed to run it: config, weights, tokenizer and other supported files.
    Model,
    /// Only its `config.json`.
    Config,
}

/// Finds a model in the cache or downloads it.
///
/// The revision is first resolved to a commit; every file is of that commit. Without a network, or
/// with [`Network::Offline`](super::Network::Offline), the model must be in the cache. No request
/// is made for a commit whose files are all in the cache.
///
/// # Errors
///
/// The model or the revision does not exist, access needs a token, the Hub does not respond, a file
/// does not match the Hub's listing, or the disk is full; the [`HubError`] says how to fix it.
#[cfg(feature = "hub")]
pub fn fetch(
    id: &ModelId,
    artifact: Artifact,
    settings: &Settings,
    watch: &mut dyn FnMut(HubEvent<'_>),
) -> Result<Snapshot, HubError> {
    super::remote::Fetch::new(id, artifact, settings).run(watch)
}

/// Fails, because this program was built without the `hub` feature.
///
/// # Errors
///
/// Always: [`HubError::NotCompiled`].
#[cfg(not(feature = "hub"))]
pub fn fetch(
    id: &ModelId,
    _artifact: Artifact,
    _settings: &Settings,
    _watch: &mut dyn FnMut(HubEvent<'_>),
) -> Result<Snapshot, HubError> {
    Err(HubError::NotCompiled { id: id.clone() })
}
