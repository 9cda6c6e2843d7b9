//! Means, intervals and tests, as the runner computed them.

use serde::{Deserialize, Serialize};

/// The scores of a candidate's finished runs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Runs that finished.
    pub finished: usize,
    /// Their mean; `None` where none finished.
    pub mean: Option<f64>,
    /// Their standard deviation; `None` where fewer than two finished.
    pub deviation: Option<f64>,
    /// The 95 % confidence interval of the mean; `None` where fewer than two finished.
    pub interval: Option<Interval>,
}

/// A 95 % confidence interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// Its lower end.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
}

impl Interval {
    /// Half of its width.
    pub fn half(self) -> f64 {
        (self.high - self.low).abs() / 2.0
    }

    /// The interval of the negated value.
    pub fn negated(self) -> Self {
        Self { low: -self.high, high: -self.low }
    }

    /// Whether it holds a value.
    pub fn contains(self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }
}

/// A test between two architectures on a task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// The task's name.
    pub task: String,
    /// One architecture.
    pub a: String,
    /// The other one.
    pub b: String,
    /// What the test says.
    pub tested: Tested,
}

/// What a paired test says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tested {
    /// It could be done.
    Test {
        /// Pairs of runs, with the same seed each.
        pairs: usize,
        /// The mean of `a - b`, in the metric's unit.
        difference: f64,
        /// The 95 % confidence interval of that, not corrected.
        interval: Interval,
        /// The p-value, not corrected.
        p: f64,
        /// The p-value, corrected for the number of tests.
        corrected: f64,
    },
    /// It could not.
    NotTestable {
        /// Why, as the end of `not testable, because`.
        because: String,
    },
}
