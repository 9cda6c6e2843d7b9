//! The test between two architectures, as a lead of the first.

use crate::number;
use crate::study::{Better, Interval, Study, Task, Tested};

/// The significance level of the tests.
pub const ALPHA: f64 = 0.05;

/// The test of the first of two architectures against the second: positive is better.
#[derive(Debug, Clone, PartialEq)]
pub enum Difference {
    /// The test was made.
    Tested {
        /// The lead of the first architecture.
        gain: f64,
        /// The confidence interval of the lead.
        interval: Interval,
        /// The corrected p-value.
        corrected: f64,
        /// The number of seeds that would make it significant; see
        /// [`Tested::Test`].
        seeds_needed: Option<usize>,
    },
    /// The test was not possible.
    NotTested {
        /// The reason.
        because: String,
    },
}

impl Difference {
    /// Whether the first architecture is significantly ahead.
    pub fn is_ahead(&self) -> bool {
        matches!(self, Self::Tested { gain, corrected, .. } if *gain > 0.0 && *corrected < ALPHA)
    }

    /// A sentence on the number of seeds that would separate the two architectures.
    pub(super) fn power(&self, a: &str, b: &str) -> String {
        match self {
            Self::Tested { seeds_needed: Some(seeds), .. } => format!(
                "With {seeds} seeds, a difference and a spread as observed would separate {a} from \
                 {b} with a probability of 80\u{a0}%."
            ),
            _ => format!("Not even 10,000 seeds would separate {a} from {b} at this lead."),
        }
    }

    /// A phrase such as `by 0.021 (95 % interval 0.009 to 0.033 before correction, p = 0.012
    /// after)`.
    pub(super) fn phrase(&self, unit: &str) -> String {
        match self {
            Self::Tested { gain, interval, corrected, .. } => format!(
                "by {} (95\u{a0}% interval {} before correction, {} after)",
                number::with_unit(&number::value(*gain, Some(*interval)), points(unit)),
                number::range(*interval),
                number::p_value(*corrected),
            ),
            Self::NotTested { because } => format!("not testable, because {because}"),
        }
    }
}

/// Differences of percentages are in percentage points.
fn points(unit: &str) -> &str {
    if unit == "%" { "points" } else { unit }
}

/// The study's test of `a` against `b`.
pub fn difference(study: &Study, task: &Task, a: &str, b: &str) -> Difference {
    match study.comparison(&task.name, a, b) {
        None => Difference::NotTested { because: "no test was made".into() },
        Some(found) => match &found.comparison.tested {
            Tested::NotTestable { because } => Difference::NotTested { because: because.clone() },
            Tested::Test { difference, interval, corrected, seeds_needed, .. } => {
                let negate = found.is_reversed != (task.metric.better == Better::Lower);
                let (gain, interval) = match negate {
                    true => (-difference, interval.negated()),
                    false => (*difference, *interval),
                };
                let (corrected, seeds_needed) = (*corrected, *seeds_needed);
                Difference::Tested { gain, interval, corrected, seeds_needed }
            }
        },
    }
}
