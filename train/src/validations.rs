//! The results of a run's validations.

use serde::{Deserialize, Serialize};

use crate::train_data::Score;

/// The results of a run's validations.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Validations {
    /// The latest validation loss, per target.
    pub valid_loss: Option<f64>,
    /// The latest scores; the first one decides which model is the best.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scores: Vec<Score>,
    /// The lowest validation loss so far.
    pub best: Option<BestLoss>,
    /// The highest first score so far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub best_score: Option<BestScore>,
    /// Validations in a row without a better model.
    #[serde(default)]
    pub since_best: usize,
}

impl Validations {
    /// The step of the best model so far: by the first score, or by the loss.
    pub fn best_step(&self) -> Option<usize> {
        let by_score = self.best_score.map(|best| best.step);
        by_score.or(self.best.map(|best| best.step))
    }

    /// The name of what decides which model is the best: the first score, or the loss.
    pub fn watched(&self) -> &str {
        self.scores.first().map_or("validation loss", |score| &score.name)
    }

    /// Adds the results of a validation. Whether the model is the best so far: by its first score,
    /// or by its loss where there are no scores.
    pub(crate) fn add(&mut self, step: usize, loss: f64, scores: Vec<Score>) -> bool {
        let is_lower = self.best.is_none_or(|best| loss < best.loss);
        if is_lower {
            self.best = Some(BestLoss { loss, step });
        }
        let is_best = match scores.first() {
            None => is_lower,
            Some(score) => {
                let is_higher = self.best_score.is_none_or(|best| score.value > best.score);
                if is_higher {
                    self.best_score = Some(BestScore { score: score.value, step });
                }
                is_higher
            }
        };
        self.since_best = if is_best { 0 } else { self.since_best + 1 };
        self.valid_loss = Some(loss);
        self.scores = scores;
        is_best
    }
}

/// The highest score of a run.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct BestScore {
    /// The score.
    pub score: f64,
    /// The step after which it was measured.
    pub step: usize,
}

/// The lowest validation loss of a run. It serializes to `[loss, step]`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(into = "(f64, usize)")]
pub struct BestLoss {
    /// The loss, in nats per token.
    pub loss: f64,
    /// The step after which it was measured.
    pub step: usize,
}

impl From<BestLoss> for (f64, usize) {
    fn from(BestLoss { loss, step }: BestLoss) -> Self {
        (loss, step)
    }
}
