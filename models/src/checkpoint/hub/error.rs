//! Why a model could not be had from the Hub.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use super::ModelId;

/// Why a model could not be had from the Hub.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum HubError {
    /// This program was built without what it takes.
    #[error(
        "{id} would be a model on the Hub, and this program was built without what fetches those; \
         add it with: cargo build --release --features hub"
    )]
    NotCompiled {
        /// The model.
        id: ModelId,
    },
    /// The Hub does not know the model, or does not show it.
    #[error(
        "there is no model {} on {endpoint}, or it is private, which takes a token: set HF_TOKEN",
        .id.name()
    )]
    NoModel {
        /// The model.
        id: ModelId,
        /// The Hub's address.
        endpoint: String,
    },
    /// The model has no such revision.
    #[error(
        "the model {} has no revision {:?}; a revision is a branch, a tag or a commit",
        .id.name(), .id.revision()
    )]
    NoRevision {
        /// The model.
        id: ModelId,
    },
    /// The model is shown to those who have agreed to its terms.
    #[error("{}: {reason}", .id.name())]
    Denied {
        /// The model.
        id: ModelId,
        /// What is missing, and the way there.
        reason: String,
    },
    /// The repository has no weights that are read.
    #[error(
        "{id} has no weights in safetensors{}; only those are read. Its files are {}",
        if *.is_pickled { ", but pickled ones, which can execute code" } else { "" },
        .files.join(", ")
    )]
    NoSafetensors {
        /// The model.
        id: ModelId,
        /// Whether there are pickled weights.
        is_pickled: bool,
        /// What there is instead.
        files: Vec<String>,
    },
    /// It has no config, and so is no model.
    #[error("{id} has no config.json, and is no model of transformers")]
    NoConfig {
        /// The model.
        id: ModelId,
    },
    /// The network may not be used, and the cache does not have it.
    #[error(
        "{id} is not in the cache at {}, and HF_HUB_OFFLINE says not to ask the Hub",
        .cache.display()
    )]
    NotCached {
        /// The model.
        id: ModelId,
        /// The folder of the cache.
        cache: PathBuf,
    },
    /// Nobody answers.
    #[error("{endpoint} cannot be reached: {reason}")]
    Unreachable {
        /// The Hub's address.
        endpoint: String,
        /// What went wrong.
        reason: String,
    },
    /// The Hub answers something that cannot be followed.
    #[error("{address} answered what cannot be followed: {reason}")]
    Answer {
        /// What was asked for.
        address: String,
        /// What is wrong with the answer.
        reason: String,
    },
    /// A transfer broke off, again and again.
    #[error(
        "{file}: the transfer broke off at {received} of {bytes} bytes: {reason}; the same command \
         goes on from there"
    )]
    Interrupted {
        /// The file.
        file: String,
        /// Bytes that are here.
        received: u64,
        /// Bytes that should be.
        bytes: u64,
        /// What went wrong.
        reason: String,
    },
    /// A file is not what the Hub says it is.
    #[error(
        "{file} is not what the Hub says it is: {what} {expected} expected, {found} received; what \
         came was removed, try again"
    )]
    Changed {
        /// The file.
        file: String,
        /// What differs.
        what: &'static str,
        /// As the Hub says.
        expected: String,
        /// As received.
        found: String,
    },
    /// The cache cannot be written.
    #[error("cannot write {}: {source}; HF_HOME names another place for the cache", .path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

impl HubError {
    /// Whether something was asked for that does not exist, as opposed to something that failed.
    pub fn is_asked_wrongly(&self) -> bool {
        matches!(
            self,
            Self::NotCompiled { .. }
                | Self::NoModel { .. }
                | Self::NoRevision { .. }
                | Self::NotCached { .. }
                | Self::NoSafetensors { .. }
                | Self::NoConfig { .. }
        )
    }
}
