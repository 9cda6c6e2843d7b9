//! Models by their names on the Hugging Face Hub.
//!
//! The cache is that of `huggingface_hub`, folder by folder, so that what one program has downloaded
//! the other finds. Files are fetched one by one into it, resumed where a transfer broke off, and get
//! their names only when size and checksum are those that the Hub says.

mod error;
mod id;
mod settings;

#[cfg(feature = "hub")]
mod remote;

use std::path::PathBuf;

pub use error::HubError;
pub use id::ModelId;
pub use settings::{Network, Settings, Token};

/// A model's files on this machine, all of one commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The folder, in Hugging Face's layout.
    pub folder: PathBuf,
    /// The commit: a revision that never changes.
    pub commit: String,
}

/// The part of a model that is fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Artifact {
    /// What it takes to run it: config, weights, tokenizer and what else is read.
    Model,
    /// Its `config.json`.
    Config,
}

/// What happens while a model is fetched.
#[derive(Debug)]
pub enum HubEvent<'a> {
    /// A file is about to come.
    File {
        /// Its name.
        name: &'a str,
        /// Its size in bytes.
        bytes: u64,
    },
    /// So much of the file is here, from earlier runs too.
    Bytes(u64),
    /// The file is here and checked.
    Done,
    /// The Hub does not answer, and what the cache has is taken.
    Cached {
        /// Why it does not.
        reason: String,
    },
}

/// Finds a model in the cache or fetches it.
///
/// A revision is looked up first and becomes a commit; every file is of that commit. Without a
/// network, or where [`Settings`] say to do without, the cache must have it. A commit whose files the
/// cache has is not asked for.
///
/// # Errors
///
/// [`HubError`] says what to do: the model or the revision does not exist, access needs a token,
/// nothing answers, a file is not what the Hub says it is, the disk is full.
#[cfg(feature = "hub")]
pub fn fetch(
    id: &ModelId,
    artifact: Artifact,
    settings: &Settings,
    watch: &mut dyn FnMut(HubEvent<'_>),
) -> Result<Snapshot, HubError> {
    remote::Fetch::new(id, artifact, settings).run(watch)
}

/// Says that this program cannot fetch models.
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
