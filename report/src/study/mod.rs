//! The results of a comparison as plain serializable values: [`aggregate`](crate::aggregate)
//! computes them, and a report renders them.
//!
//! Nothing is computed here. Means, intervals, tests and fits are stored in the study, so that the
//! report shows only measured values. Architectures and tasks are identified by their names. A
//! [`Candidate`] is one architecture on one task, and a [`Run`] belongs to one candidate.

mod budget;
mod candidate;
mod cost;
mod results;
mod run;
mod scaling;
mod summary;
mod task;

pub use budget::{Device, Match, StudySettings, Versions};
pub use candidate::{
    BackboneKind, Candidate, Dimensions, Flops, Parameters, RateOutcome, RateTrial, TrainingLength,
};
pub use cost::{CostAt, CostCurve, Growth, Limit, LimitReason};
pub use results::{FoundComparison, SCHEMA, Study};
pub use run::{CurvePoint, Outcome, Run, Speed};
pub use scaling::{BandAt, Fit, FitResult, Fitted, Front, Scaling, ScalingPoint};
pub use summary::{Comparison, Interval, Summary, Tested};
pub use task::{Better, DataSplit, Metric, Reference, Secondary, Task, TaskKind};
