//! Why a run did not start, or stopped.

use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::models::checkpoint::{LoadError, SaveError};

/// What a failed run leaves.
fn kept(checkpoint: usize, path: &Path) -> String {
    match checkpoint {
        0 => format!("There is no checkpoint yet; remove {} to begin anew", path.display()),
        step => format!("The last checkpoint is of step {step} in {}", path.display()),
    }
}

/// Why a run did not start, or stopped.
#[derive(Debug, Error)]
pub enum TrainError {
    /// The directory of a new run is there already.
    #[error(
        "{} exists already; go on with --resume {}, or give another name with --out", .0.display(), .0.display()
    )]
    Exists(PathBuf),
    /// A directory to resume is no run.
    #[error("{}: {reason}", .path.display())]
    NotARun {
        /// The directory.
        path: PathBuf,
        /// What is missing or wrong.
        reason: String,
    },
    /// The data is not what the run began with.
    #[error(
        "the data {data:?} is not what the run began with: its fingerprint is {found}, it was {expected}"
    )]
    OtherData {
        /// The data set, or the file.
        data: String,
        /// Fingerprint of the run.
        expected: String,
        /// Fingerprint now.
        found: String,
    },
    /// A loss that is not a number.
    #[error(
        "the loss is {loss} at step {step}; stopped. {}. A smaller --lr or more --warmup may help",
        kept(*.checkpoint, .path)
    )]
    NotFinite {
        /// The loss.
        loss: f64,
        /// The step that gave it, counted from 1.
        step: usize,
        /// The step of the last checkpoint; 0 if there is none.
        checkpoint: usize,
        /// The run directory.
        path: PathBuf,
    },
    /// A file of the run cannot be written; the last checkpoint is as it was.
    #[error("{source}; the last complete checkpoint is of step {checkpoint}")]
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
    /// burn-train stopped the run.
    #[error("training stopped: {0}")]
    Burn(String),
    /// The user stopped the program from the dashboard, without saving.
    #[error("training was killed from the dashboard; resume it with --resume {}", .0.display())]
    Killed(PathBuf),
}
