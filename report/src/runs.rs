//! The runs as CSV rows.

use serde::{Deserialize, Serialize};

use crate::error::ReportError;
use crate::study::{BackboneKind, Better, Outcome, Run, Study};

/// A run with the data of its candidate; empty fields where values are missing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunRow {
    /// The task's name.
    pub task: String,
    /// The family's name.
    pub architecture: String,
    /// The size, as the command takes it, in a sweep.
    pub size: Option<String>,
    /// The kind of backbone.
    pub backbone: Option<BackboneKind>,
    /// The seed.
    pub seed: u64,
    /// `finished`, `failed`, `diverged` or `missing`.
    pub outcome: String,
    /// The step at which it diverged.
    pub diverged_at: Option<usize>,
    /// Why it failed or diverged.
    pub reason: String,
    /// The metric of the scores.
    pub metric: String,
    /// The better direction.
    pub better: Option<Better>,
    /// The score on the test split.
    pub test: Option<f64>,
    /// The score on the validation split.
    pub validation: Option<f64>,
    /// Parameters without embeddings.
    pub parameters_body: Option<u64>,
    /// All parameters.
    pub parameters_total: Option<u64>,
    /// FLOPs per token, forward pass.
    pub flops_forward: Option<f64>,
    /// FLOPs per token, forward and backward pass.
    pub flops_train: Option<f64>,
    /// The learning rate.
    pub learning_rate: Option<f64>,
    /// The planned training steps.
    pub steps: Option<usize>,
    /// The planned training tokens.
    pub tokens: Option<u64>,
    /// Wall-clock time, in seconds.
    pub seconds: f64,
    /// Tokens per second in training.
    pub train_tokens_per_second: Option<f64>,
    /// Peak memory in training, in bytes.
    pub train_peak_bytes: Option<u64>,
    /// Tokens per second in decoding.
    pub decode_tokens_per_second: Option<f64>,
    /// Peak memory in decoding, in bytes.
    pub decode_peak_bytes: Option<u64>,
}

/// The rows of a study, in the study's order.
pub fn rows(study: &Study) -> Vec<RunRow> {
    study.runs.iter().map(|run| row(study, run)).collect()
}

fn row(study: &Study, run: &Run) -> RunRow {
    let metric = study.tasks.iter().find(|task| task.name == run.task).map(|task| &task.metric);
    let of = study.candidates_on(&run.task).find(|c| c.architecture == run.architecture);
    let (outcome, diverged_at, reason, scores) = match &run.outcome {
        Outcome::Finished { test, validation, .. } => {
            ("finished", None, "", Some((*test, *validation)))
        }
        Outcome::Failed { reason } => ("failed", None, reason.as_str(), None),
        Outcome::Diverged { step, reason } => ("diverged", Some(*step), reason.as_str(), None),
        Outcome::Missing => ("missing", None, "", None),
    };
    RunRow {
        task: run.task.clone(),
        architecture: run.architecture.clone(),
        size: run.size.clone(),
        backbone: of.map(|c| c.backbone),
        seed: run.seed,
        outcome: outcome.into(),
        diverged_at,
        reason: reason.into(),
        metric: metric.map(|m| m.name.clone()).unwrap_or_default(),
        better: metric.map(|m| m.better),
        test: scores.map(|(test, _)| test),
        validation: scores.map(|(_, validation)| validation),
        parameters_body: of.map(|c| c.parameters.body),
        parameters_total: of.map(|c| c.parameters.total),
        flops_forward: of.map(|c| c.flops.forward),
        flops_train: of.map(|c| c.flops.train),
        learning_rate: of.map(|c| c.learning_rate),
        steps: of.map(|c| c.training.steps),
        tokens: of.map(|c| c.training.tokens),
        seconds: run.seconds,
        train_tokens_per_second: run.speed.train_tokens,
        train_peak_bytes: run.speed.train_bytes,
        decode_tokens_per_second: run.speed.decode_tokens,
        decode_peak_bytes: run.speed.decode_bytes,
    }
}

/// The rows as CSV, with a header.
///
/// # Errors
///
/// A row cannot be written.
pub fn csv(study: &Study) -> Result<String, ReportError> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows(study) {
        writer.serialize(row)?;
    }
    let bytes = writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Parses the rows that [`csv()`] wrote.
///
/// # Errors
///
/// The text is not CSV with these columns.
pub fn from_csv(text: &str) -> Result<Vec<RunRow>, ReportError> {
    Ok(csv::Reader::from_reader(text.as_bytes()).deserialize().collect::<Result<_, _>>()?)
}
