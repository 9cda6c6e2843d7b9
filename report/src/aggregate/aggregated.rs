//! What a study computes from its runs.

use super::chance::is_at_chance;
use super::{comparisons, summary};
use crate::statistics::StatisticsError;
use crate::study::{Outcome, Study};

/// The study with the means, intervals and tests of its runs.
///
/// # Errors
///
/// A score is NaN or infinite.
pub fn aggregated(mut study: Study) -> Result<Study, StatisticsError> {
    let mut candidates = std::mem::take(&mut study.candidates);
    for candidate in &mut candidates {
        let Some(task) = study.tasks.iter().find(|task| task.name == candidate.task) else {
            continue;
        };
        let finished = || {
            study.runs_of(candidate).filter_map(|run| match &run.outcome {
                Outcome::Finished { test, secondary, .. } => Some((*test, secondary)),
                _ => None,
            })
        };
        let scores: Vec<f64> = finished().map(|(test, _)| test).collect();
        let secondary = task.secondary.iter().enumerate().map(|(index, metric)| {
            let scores = finished().filter_map(|(_, secondary)| secondary.get(index).copied());
            summary(&scores.collect::<Vec<_>>(), metric.range())
        });
        let secondary = secondary.collect::<Result<_, _>>()?;
        candidate.secondary = secondary;
        candidate.summary = summary(&scores, task.metric.range())?;
        candidate.is_at_chance = is_at_chance(&scores, &task.metric)?;
    }
    study.candidates = candidates;
    study.comparisons = comparisons(&study)?;
    Ok(study)
}
