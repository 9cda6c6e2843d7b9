//! The names that most programs need: `use zoo_report::prelude::*`.

pub use crate::error::ReportError;
pub use crate::files::write;
pub use crate::html::html;
pub use crate::json::{json, read};
pub use crate::markdown::markdown;
pub use crate::statistics::{SampleSummary, StatisticsError, fit_scaling, holm, paired_t_test};
pub use crate::study::{
    Better, Candidate, Comparison, CurvePoint, Interval, Metric, Outcome, Run, Study, Summary,
    Task, Tested,
};
pub use crate::verdict::{Decision, Verdict, verdict};
