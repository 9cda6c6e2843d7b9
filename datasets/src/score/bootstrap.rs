//! Percentile bootstrap intervals of scores.
//!
//! ```text
//! [low, high] = the (1 ± level) / 2 quantiles of score(resample)
//! ```
//!
//! where each resample has as many examples as there are, drawn with replacement. A score that has
//! bounds, such as accuracy, keeps them. Quantiles interpolate linearly, as numpy's do.
//!
//! Reference: Efron 1979, <https://doi.org/10.1214/aos/1176344552>; Koehn 2004,
//! <https://aclanthology.org/W04-3250>

use super::checks::check_finite;
use super::error::ScoreError;
use crate::rng::SeededRng;

/// Settings of a bootstrap; the default has 10,000 resamples, level 0.95 and seed 0.
///
/// Equal settings draw the same resamples of equally many examples, so that the intervals of two
/// models on the same examples can be compared.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Bootstrap {
    /// The number of resamples.
    pub resamples: usize,
    /// The confidence level, between 0 and 1.
    pub level: f64,
    /// The seed of the resamples.
    pub seed: u64,
}

impl Default for Bootstrap {
    fn default() -> Self {
        Self { resamples: 10_000, level: 0.95, seed: 0 }
    }
}

/// A score with its confidence interval.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Interval {
    /// The score of all examples.
    pub score: f64,
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
    /// The confidence level.
    pub level: f64,
}

impl Bootstrap {
    /// The interval of a mean of scores, one per example.
    ///
    /// # Errors
    ///
    /// [`ScoreError`] if there are fewer than two scores, one is not finite, or the settings are
    /// invalid.
    pub fn mean(&self, scores: &[f64]) -> Result<Interval, ScoreError> {
        check_finite("score", scores)?;
        let (least, most) =
            scores.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |ends, score| {
                (ends.0.min(*score), ends.1.max(*score))
            });
        self.interval(scores.len(), |resample| {
            let sum: f64 = resample.iter().map(|&index| scores[index]).sum();
            // Rounding must not exceed a bound of the scores: 0.1 + 0.1 + 0.1 > 3 · 0.1.
            Ok((sum / resample.len() as f64).max(least).min(most))
        })
    }

    /// The interval of any score of `examples` examples: `score` receives indices of examples.
    ///
    /// The first call has every index once, in order; further calls have the resamples. For a
    /// score that is no mean of examples, such as BLEU.
    ///
    /// ```
    /// use zoo_datasets::score::bootstrap::Bootstrap;
    /// use zoo_datasets::score::entities::{Reading, entity_scores};
    ///
    /// # fn main() -> Result<(), zoo_datasets::score::ScoreError> {
    /// let found = [vec!["B-place", "O"], vec!["O", "B-place"], vec!["O"]];
    /// let expected = [vec!["B-place", "O"], vec!["B-place", "O"], vec!["O"]];
    /// let interval = Bootstrap::default().interval(3, |resample| {
    ///     let found: Vec<_> = resample.iter().map(|&index| found[index].clone()).collect();
    ///     let expected: Vec<_> = resample.iter().map(|&index| expected[index].clone()).collect();
    ///     Ok(entity_scores(&found, &expected, Reading::Lenient)?.overall.f1)
    /// })?;
    /// assert_eq!((interval.low, interval.score, interval.high), (0.0, 0.5, 1.0));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ScoreError`] if there are fewer than two examples, the settings are invalid, or `score`
    /// returns an error or a number that is not finite, for any resample.
    pub fn interval(
        &self,
        examples: usize,
        mut score: impl FnMut(&[usize]) -> Result<f64, ScoreError>,
    ) -> Result<Interval, ScoreError> {
        self.check(examples)?;
        let mut resample: Vec<usize> = (0..examples).collect();
        let all = score(&resample)?;
        check_finite("score", &[all])?;
        let mut scores = Vec::with_capacity(self.resamples);
        for number in 0..self.resamples {
            let mut rng = SeededRng::new(b"bootstrp", [self.seed, number as u64, 0]);
            resample.fill_with(|| rng.below(examples as u64) as usize);
            scores.push(score(&resample)?);
        }
        check_finite("score of resample", &scores)?;
        Ok(self.of(all, scores))
    }

    /// The intervals of several scores on the same resamples; `None` for a score that is undefined
    /// for all examples or any resample. `scores` is called as `score` of [`Self::interval`], and
    /// always gives the same number of scores.
    ///
    /// # Errors
    ///
    /// [`ScoreError`] if there are fewer than two examples, the settings are invalid, or `scores`
    /// returns an error.
    pub fn intervals(
        &self,
        examples: usize,
        mut scores: impl FnMut(&[usize]) -> Result<Vec<Option<f64>>, ScoreError>,
    ) -> Result<Vec<Option<Interval>>, ScoreError> {
        let mut columns: Vec<Vec<Option<f64>>> = Vec::new();
        self.interval(examples, |resample| {
            let row = scores(resample)?;
            columns.resize(row.len(), Vec::new());
            columns.iter_mut().zip(row).for_each(|(column, score)| column.push(score));
            Ok(0.0)
        })?;
        let interval = |column: Vec<Option<f64>>| {
            let values: Option<Vec<f64>> = column.into_iter().collect();
            let mut values = values.filter(|values| check_finite("score", values).is_ok())?;
            let all = values.remove(0);
            Some(self.of(all, values))
        };
        Ok(columns.into_iter().map(interval).collect())
    }

    /// The interval of a score from those of the resamples.
    fn of(&self, score: f64, mut resampled: Vec<f64>) -> Interval {
        resampled.sort_by(f64::total_cmp);
        Interval {
            score,
            low: quantile(&resampled, (1.0 - self.level) / 2.0),
            high: quantile(&resampled, (1.0 + self.level) / 2.0),
            level: self.level,
        }
    }

    fn check(&self, examples: usize) -> Result<(), ScoreError> {
        if examples < 2 {
            return Err(ScoreError::TooFew { what: "examples", found: examples, needed: 2 });
        }
        if self.resamples == 0 {
            return Err(ScoreError::Empty { what: "resamples" });
        }
        if !(self.level > 0.0 && self.level < 1.0) {
            return Err(ScoreError::ConfidenceLevel { level: self.level });
        }
        Ok(())
    }
}

/// The quantile of sorted values, at least one, interpolated linearly.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let position = share * (sorted.len() - 1) as f64;
    let below = sorted[position.floor() as usize];
    let above = sorted[(position.ceil() as usize).min(sorted.len() - 1)];
    let share = position.fract();
    // Rounding must not leave the two values, which may be a score's bounds.
    (below * (1.0 - share) + above * share).clamp(below, above)
}
