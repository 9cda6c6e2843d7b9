//! Precision, recall and F1 from counts.

/// Precision, recall and F1, each from 0 to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize)]
pub struct F1Score {
    /// `correct / found`; 0 if nothing was found.
    pub precision: f64,
    /// `correct / expected`; 0 if nothing was expected.
    pub recall: f64,
    /// The harmonic mean of precision and recall; 0 if both are 0.
    pub f1: f64,
}

impl F1Score {
    /// The mean of each component; zeros if there are no scores.
    pub(super) fn mean<'a>(scores: impl IntoIterator<Item = &'a Self>) -> Self {
        Self::weighted_mean(scores.into_iter().map(|score| Weighted { score, weight: 1 }))
    }

    /// The weighted mean of each component; zeros if no score has a weight.
    pub(super) fn weighted_mean<'a>(scores: impl IntoIterator<Item = Weighted<'a>>) -> Self {
        let mut sum = Self::default();
        let mut total = 0;
        for Weighted { score, weight } in scores {
            sum.precision += score.precision * weight as f64;
            sum.recall += score.recall * weight as f64;
            sum.f1 += score.f1 * weight as f64;
            total += weight;
        }
        if total == 0 {
            return Self::default();
        }
        let total = total as f64;
        Self { precision: sum.precision / total, recall: sum.recall / total, f1: sum.f1 / total }
    }
}

/// A score and its weight in a mean.
pub(super) struct Weighted<'a> {
    pub(super) score: &'a F1Score,
    pub(super) weight: usize,
}

/// The number of correct, found and expected items.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct F1Counts {
    pub(super) correct: usize,
    pub(super) found: usize,
    pub(super) expected: usize,
}

impl F1Counts {
    pub(super) fn score(self) -> F1Score {
        let ratio = |part: usize, whole: usize| match whole {
            0 => 0.0,
            _ => part as f64 / whole as f64,
        };
        F1Score {
            precision: ratio(self.correct, self.found),
            recall: ratio(self.correct, self.expected),
            f1: ratio(2 * self.correct, self.found + self.expected),
        }
    }
}
