//! The mean of a candidate's scores.

use crate::statistics::{SampleSummary, Spread, StatisticsError, ValueRange};
use crate::study::{Interval, Summary};

/// The mean of the scores of a candidate's finished runs, with its 95 % confidence interval within
/// the range of scores.
///
/// # Errors
///
/// A score is NaN or infinite.
pub fn summary(scores: &[f64], range: ValueRange) -> Result<Summary, StatisticsError> {
    if scores.is_empty() {
        return Ok(Summary::default());
    }
    let summary = SampleSummary::of(scores)?;
    let (deviation, interval) = match summary.spread {
        Spread::Single => (None, None),
        Spread::Equal => (Some(0.0), Some(Interval { low: summary.mean, high: summary.mean })),
        Spread::Varied { standard_deviation, .. } => {
            let interval = range.interval(scores)?;
            let interval = interval.map(|of| Interval { low: of.low, high: of.high });
            (Some(standard_deviation), interval)
        }
    };
    Ok(Summary { finished: scores.len(), mean: Some(summary.mean), deviation, interval })
}
