//! Comparing architectures: the same data, a matched budget, several seeds, one report.
//!
//! A [`spec`] says what to compare; a [`plan`] finds out who does which task how, and sizes every model
//! to the budget; a [`runner`] does the runs that no [`job::Cache`] has, each in a process of its own
//! where a [`worker`] trains and scores; [`measuring`] finds what the models cost. What came of them is
//! put together in a [`study`], plain values with intervals and tests from [`statistics`], and a
//! [`report`] shows that.

pub mod aggregate;
pub mod batch;
pub mod job;
pub mod measuring;
pub mod objective;
pub mod plan;
pub mod report;
pub mod runner;
pub mod scoring;
pub mod sizing;
pub mod spec;
pub mod statistics;
pub mod study;
pub mod task_model;
pub mod worker;

/// What computes: a run of another version is another run. The number behind `operations` grows whenever
/// the same run would come out otherwise, be it in its last bits.
pub const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "+operations-4", "+burn-0.22.1");
