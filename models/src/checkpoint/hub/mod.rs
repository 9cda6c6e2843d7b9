//! Downloads models by name from the Hugging Face Hub.
//!
//! The cache has the folder layout of `huggingface_hub`, so that both share downloads. Files are
//! downloaded one by one, interrupted transfers are resumed, and a file gets its final name only
//! when its size and checksum match the Hub's listing.

mod error;
mod id;
mod settings;

#[cfg(feature = "hub")]
mod remote;

use std::path::PathBuf;

pub use error::HubError;
pub use id::ModelId;
pub use settings::{Network, Settings, Token};

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

/// Progress events of a download.
#[derive(Debug)]
pub enum HubEvent<'a> {
    /// The download of a file starts.
    File {
        /// Its name.
        name: &'a str,
        /// Its size in bytes.
        bytes: u64,
    },
    /// The number of bytes of the file received so far, including those of earlier runs.
    Bytes(u64),
    /// The file is complete and verified.
    Done,
    /// The Hub does not respond, so the cached files are used.
    Cached {
        /// Why it does not respond.
        reason: String,
    },
}

/// Finds a model in the cache or downloads it.
///
/// The revision is first resolved to a commit; every file is of that commit. Without a network, or
/// with [`Network::Offline`], the model must be in the cache. No request is made for a commit whose
/// files are all in the cache.
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
    remote::Fetch::new(id, artifact, settings).run(watch)
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
