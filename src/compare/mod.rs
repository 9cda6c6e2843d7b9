//! Architecture comparisons: the same data, a matched budget, several seeds, one report.
//!
//! A [`spec`] describes the comparison. A [`plan`] chooses the objective of every architecture on
//! every task and sizes every model to the budget. A [`runner`] runs each job that is missing from
//! the [`job::Cache`] in a subprocess, where a [`worker`] trains and scores a model. [`measuring`]
//! measures the time and memory costs of the models. [`aggregate`] collects the results in a
//! [`Study`](crate::report::study::Study), which [`report`](crate::report) renders.

pub mod aggregate;
pub mod batch;
pub mod job;
pub mod measuring;
pub mod objective;
pub mod plan;
pub mod pretrained;
pub mod rates;
pub mod runner;
pub mod scoring;
pub mod sizing;
pub mod spec;
pub mod task_objective;
mod version;
pub mod worker;

pub use version::VERSION;
