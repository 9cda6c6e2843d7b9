//! Errors of training runs.

use std::path::{Path, PathBuf};

use thiserror::Error;
use zoo_models::checkpoint::{LoadError, SaveError};

/// The remaining checkpoint of a failed run.
fn kept(checkpoint: usize, path: &Path) -> String {
    match checkpoint {
        0 => format!("There is no checkpoint yet; remove {} to start over", path.display()),
        step => format!("The last checkpoint is from step {step} in {}", path.display()),
    }
}

/// Why a run did not start or stopped.
#[derive(Debug, Error)]
pub enum TrainError {
    /// The directory of a new run already exists.
    #[error(
        "{} already exists; resume it with --resume {}, or set another name with --out",
        .0.display(), .0.display()
    )]
    Exists(PathBuf),
    /// Another process trains in this run directory.
    #[error("another process is training in {}; wait for it, or stop it", .0.display())]
    InUse(PathBuf),
    /// The directory to resume does not contain a run.
    #[error("{}: {reason}", .path.display())]
    NotARun {
        /// The directory.
        path: PathBuf,
        /// The missing or invalid part.
        reason: String,
    },
    /// The data differs from the run's original data.
    #[error(
        "the data {data:?} differs from the run's original data: its fingerprint is {found}, it \
         was {expected}"
    )]
    OtherData {
        /// The data set or file.
        data: String,
        /// The original fingerprint.
        expected: String,
        /// The current fingerprint.
        found: String,
    },
    /// The loss is NaN or infinite.
    #[error(
        "the {split} loss is {loss} at step {step}; stopped. {}. A smaller --lr or more --warmup may help",
        kept(*.checkpoint, .path)
    )]
    NotFinite {
        /// The split: `training` or `validation`.
        split: &'static str,
        /// The loss.
        loss: f64,
        /// The step that produced it, counted from 1.
        step: usize,
        /// The step of the last checkpoint; 0 if there is none.
        checkpoint: usize,
        /// The run directory.
        path: PathBuf,
    },
    /// A file of the run cannot be written; the last checkpoint is unchanged.
    #[error("{source}; the last complete checkpoint is from step {checkpoint}")]
    Checkpoint {
        /// The step of the last checkpoint; 0 if there is none.
        checkpoint: usize,
        /// The file.
        source: SaveError,
    },
    /// A file cannot be written.
    #[error(transparent)]
    Save(#[from] SaveError),
    /// A checkpoint cannot be loaded.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The data cannot be used.
    #[error("{0}")]
    Data(String),
    /// burn-train stopped the run.
    #[error("training stopped: {0}")]
    Burn(String),
    /// The user killed the run from the dashboard, without saving.
    #[error("training was killed from the dashboard; resume it with --resume {}", .0.display())]
    Killed(PathBuf),
}

impl TrainError {
    /// An error of the data.
    pub fn data(error: impl std::fmt::Display) -> Self {
        Self::Data(error.to_string())
    }
}
