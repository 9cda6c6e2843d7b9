//! Every run as a row.

use serde::{Deserialize, Serialize};

use super::ReportError;
use crate::compare::study::{BackboneKind, Better, Outcome, Run, Study};

/// A run, with what its candidate is; empty where there is nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunRow {
    /// The task's name.
    pub task: String,
    /// The family's name.
    pub architecture: String,
    /// The size, as the command takes it, where sizes were swept.
    pub size: Option<String>,
    /// How it is built.
    pub backbone: Option<BackboneKind>,
    /// The seed.
    pub seed: u64,
    /// `finished`, `failed`, `diverged` or `missing`.
    pub outcome: String,
    /// The step at which it diverged.
    pub diverged_at: Option<usize>,
    /// Why it failed or diverged.
    pub reason: String,
    /// What the scores are.
    pub metric: String,
    /// Which way is up.
    pub better: Option<Better>,
    /// On the test split.
    pub test: Option<f64>,
    /// On the validation split.
    pub validation: Option<f64>,
    /// Parameters without embeddings.
    pub parameters_body: Option<u64>,
    /// All parameters.
    pub parameters_total: Option<u64>,
    /// Operations for a token, forward.
    pub flops_forward: Option<f64>,
    /// Operations for a token, forward and backward.
    pub flops_train: Option<f64>,
    /// The learning rate.
    pub learning_rate: Option<f64>,
    /// Steps it should train.
    pub steps: Option<usize>,
    /// Tokens it should read.
    pub tokens: Option<u64>,
    /// How long it took.
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

/// The rows of a study, in its order.
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

/// The rows as CSV, with a heading.
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

/// The rows that [`csv()`] wrote.
///
/// # Errors
///
/// The text does not hold them.
pub fn from_csv(text: &str) -> Result<Vec<RunRow>, ReportError> {
    Ok(csv::Reader::from_reader(text.as_bytes()).deserialize().collect::<Result<_, _>>()?)
}
