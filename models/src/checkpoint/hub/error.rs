//! Errors of downloading models from the Hub.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use super::ModelId;

/// Why a model could not be downloaded from the Hub.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum HubError {
    /// This program was built without the `hub` feature.
    #[error(
        "{id} would be a model on the Hub, but this program was built without Hub support; \
         enable it with: cargo build --release --features hub"
    )]
    NotCompiled {
        /// The model.
        id: ModelId,
    },
    /// The model does not exist on the Hub, or is private.
    #[error(
        "there is no model {} on {endpoint}, or it is private and needs a token: set HF_TOKEN",
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
    /// Access to the model is denied, for example because its terms have not been accepted.
    #[error("{}: {reason}", .id.name())]
    Denied {
        /// The model.
        id: ModelId,
        /// What is missing, and how to get it.
        reason: String,
    },
    /// The repository has no weights in a supported format.
    #[error(
        "{id} has no weights in safetensors{}; no other format is supported. Its files are {}",
        if *.is_pickled { ", but pickled ones, which can execute code" } else { "" },
        .files.join(", ")
    )]
    NoSafetensors {
        /// The model.
        id: ModelId,
        /// Whether there are pickled weights.
        is_pickled: bool,
        /// The files of the repository.
        files: Vec<String>,
    },
    /// The repository has no config, so it is not a model.
    #[error("{id} has no config.json, so it is not a transformers model")]
    NoConfig {
        /// The model.
        id: ModelId,
    },
    /// Offline mode is set, and the model is not in the cache.
    #[error(
        "{id} is not in the cache at {}, and HF_HUB_OFFLINE disables downloads",
        .cache.display()
    )]
    NotCached {
        /// The model.
        id: ModelId,
        /// The folder of the cache.
        cache: PathBuf,
    },
    /// The Hub does not respond.
    #[error("{endpoint} cannot be reached: {reason}")]
    Unreachable {
        /// The Hub's address.
        endpoint: String,
        /// What went wrong.
        reason: String,
    },
    /// The response of the Hub is invalid.
    #[error("unexpected response from {address}: {reason}")]
    Answer {
        /// The requested address.
        address: String,
        /// What is wrong with the response.
        reason: String,
    },
    /// A transfer was interrupted repeatedly.
    #[error(
        "{file}: the transfer was interrupted at {received} of {bytes} bytes: {reason}; run the \
         same command again to resume"
    )]
    Interrupted {
        /// The file.
        file: String,
        /// The number of bytes received.
        received: u64,
        /// The expected number of bytes.
        bytes: u64,
        /// What went wrong.
        reason: String,
    },
    /// A downloaded file does not match the Hub's listing.
    #[error(
        "{file} does not match the Hub's listing: expected {what} {expected}, received {found}; \
         the download was removed, try again"
    )]
    Changed {
        /// The file.
        file: String,
        /// The property that differs.
        what: &'static str,
        /// The value in the Hub's listing.
        expected: String,
        /// The value of the received file.
        found: String,
    },
    /// The cache cannot be written.
    #[error("cannot write {}: {source}; set HF_HOME to move the cache", .path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// The I/O error.
        source: io::Error,
    },
}

impl HubError {
    /// Whether this is a usage error (the requested model cannot be found or used), not a failure.
    pub fn is_usage_error(&self) -> bool {
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
