//! Whether a candidate learned anything.

use crate::statistics::{SampleSummary, Spread, StatisticsError};
use crate::study::Metric;

/// The share of the distance from chance to the best possible score within which a run is near
/// chance.
const NEAR: f64 = 0.05;

/// Whether the scores of a candidate's runs are those of random guessing.
///
/// They are if their mean is not better, or if the 95 % t interval of their mean contains chance and
/// the worst run is near it: a wide interval of good runs does not count.
///
/// # Errors
///
/// A score is NaN or infinite.
pub(super) fn is_at_chance(scores: &[f64], metric: &Metric) -> Result<bool, StatisticsError> {
    let Some(chance) = metric.chance.filter(|_| !scores.is_empty()) else {
        return Ok(false);
    };
    let summary = SampleSummary::of(scores)?;
    if metric.better.gain(summary.mean - chance) <= 0.0 {
        return Ok(true);
    }
    let Spread::Varied { interval, .. } = summary.spread else {
        return Ok(false);
    };
    let contains_chance = interval.low <= chance && chance <= interval.high;
    let gains = scores.iter().map(|score| metric.better.gain(score - chance));
    let worst = gains.fold(f64::INFINITY, f64::min);
    let most = (metric.best.unwrap_or(0.0) - chance).abs();
    Ok(contains_chance && worst <= NEAR * most)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::Better;

    #[test]
    fn runs_near_chance_are_untrained_and_spread_good_runs_are_not() {
        let accuracy = Metric {
            name: "accuracy".into(),
            unit: "%".into(),
            better: Better::Higher,
            chance: Some(50.0),
            best: Some(100.0),
        };
        let bits =
            Metric { better: Better::Lower, chance: Some(4.2), best: None, ..accuracy.clone() };
        let of = |scores: &[f64], metric: &Metric| is_at_chance(scores, metric).unwrap();
        for at_chance in [&[50.2, 49.1, 51.0][..], &[49.0], &[50.0, 50.0], &[50.4, 99.0, 51.0]] {
            assert!(of(at_chance, &accuracy), "{at_chance:?}");
        }
        for trained in [&[99.0, 70.0][..], &[51.0], &[53.0, 53.0], &[60.0, 61.0, 60.5], &[]] {
            assert!(!of(trained, &accuracy), "{trained:?}");
        }
        assert!(of(&[4.21, 4.18, 4.19], &bits));
        assert!(!of(&[2.0, 2.1, 1.2], &bits));
        assert!(!of(&[49.0], &Metric { chance: None, ..accuracy.clone() }));
    }
}
