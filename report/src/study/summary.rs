//! Means, intervals and tests.

use serde::{Deserialize, Serialize};

/// The scores of a candidate's finished runs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// The number of finished runs.
    pub finished: usize,
    /// The mean score; `None` where none finished.
    pub mean: Option<f64>,
    /// The standard deviation of the scores; `None` where fewer than two finished.
    pub deviation: Option<f64>,
    /// The 95 % confidence interval of the mean; `None` where fewer than two finished.
    pub interval: Option<Interval>,
}

/// A 95 % confidence interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

impl Interval {
    /// Half of the interval's width.
    pub fn half(self) -> f64 {
        (self.high - self.low).abs() / 2.0
    }

    /// The interval of the negated value.
    pub fn negated(self) -> Self {
        Self { low: -self.high, high: -self.low }
    }

    /// Whether the interval contains a value.
    pub fn contains(self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }
}

/// A test between two architectures on a task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// The task's name.
    pub task: String,
    /// The first architecture.
    pub a: String,
    /// The second architecture.
    pub b: String,
    /// The result of the test.
    pub tested: Tested,
}

/// The result of a paired test.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tested {
    /// The test was possible.
    Test {
        /// Pairs of runs with equal seeds.
        pairs: usize,
        /// The mean of `a - b`, in the metric's unit.
        difference: f64,
        /// The 95 % confidence interval of the difference, not corrected.
        interval: Interval,
        /// The p-value, not corrected.
        p: f64,
        /// The p-value, corrected for the number of tests.
        corrected: f64,
        /// The number of seeds with which the test would be significant with a probability of 80 %,
        /// if the difference and its spread are as observed; `None` where it is significant, or
        /// 10,000 seeds are too few.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        seeds_needed: Option<usize>,
    },
    /// The test was not possible.
    NotTestable {
        /// The reason, as the end of `not testable, because`.
        because: String,
    },
}
