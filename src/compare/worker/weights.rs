//! The best weights of a run, as a directory that the other verbs use.

use std::path::Path;

use crate::datasets::task::TaskError;
use crate::datasets::tokenizer::Tokenizer;
use crate::models::checkpoint::{self, Files, Model, ModelSpec, SaveError};

/// Why weights were not kept.
#[derive(Debug, thiserror::Error)]
pub(super) enum KeepError {
    /// A file cannot be written.
    #[error(transparent)]
    Save(#[from] SaveError),
    /// The task's vocabulary is no tokenizer, or cannot be written.
    #[error(transparent)]
    Task(#[from] TaskError),
}

/// Writes the model with its config and its tokenizer.
pub(super) fn save(
    folder: &Path,
    model: &Model,
    spec: &ModelSpec,
    tokenizer: Result<Option<Tokenizer>, TaskError>,
) -> Result<(), KeepError> {
    if let Some(tokenizer) = tokenizer? {
        tokenizer.save(folder).map_err(TaskError::from)?;
    }
    checkpoint::save(folder, model, spec.family, &spec.config, Files::default())?;
    Ok(())
}
