//! The mean of a candidate's scores.

use crate::statistics::{SampleSummary, Spread, StatisticsError};
use crate::study::{Interval, Summary};

/// The mean of the scores of a candidate's finished runs, with its 95 % confidence interval.
///
/// # Errors
///
/// A score is NaN or infinite.
pub fn summary(scores: &[f64]) -> Result<Summary, StatisticsError> {
    if scores.is_empty() {
        return Ok(Summary::default());
    }
    let summary = SampleSummary::of(scores)?;
    let (deviation, interval) = match summary.spread {
        Spread::Single => (None, None),
        Spread::Equal => (Some(0.0), Some(Interval { low: summary.mean, high: summary.mean })),
        Spread::Varied { standard_deviation, interval } => {
            (Some(standard_deviation), Some(Interval { low: interval.low, high: interval.high }))
        }
    };
    Ok(Summary { finished: scores.len(), mean: Some(summary.mean), deviation, interval })
}
