//! What a comparison found, as plain values that can be saved: a runner fills a [`Study`], a
//! [`report`](super::report) shows it.
//!
//! Nothing here computes. Means, intervals, tests and fits are values of the study, so that the report can
//! show only what was measured. Architectures and tasks are told apart by their names: a [`Candidate`] is
//! one architecture on one task, and a [`Run`] belongs to one of them.

mod budget;
mod candidate;
mod cost;
mod run;
mod scaling;
mod summary;
mod task;

use serde::{Deserialize, Serialize};

pub use budget::{Device, Match, Settings, Versions};
pub use candidate::{
    BackboneKind, Candidate, Dimensions, Flops, Parameters, RateOutcome, RateTrial, Training,
};
pub use cost::{CostAt, CostCurve, Growth, Limit, LimitReason};
pub use run::{Outcome, Point, Run, Speed};
pub use scaling::{Fit, FitResult, Fitted, Front, Scaling, ScalingPoint};
pub use summary::{Comparison, Interval, Summary, Tested};
pub use task::{Better, DataSplit, Metric, Reference, Secondary, Task, TaskKind};

/// The version of the types below, as [`Study::schema`] holds it.
pub const SCHEMA: u32 = 1;

/// Everything that a comparison or a sweep over sizes found, and what makes it again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Study {
    /// The version of this format: [`SCHEMA`].
    pub schema: u32,
    /// What the report is called.
    pub title: String,
    /// The command that was given.
    pub command: String,
    /// The TOML file that reproduces it.
    pub toml: String,
    /// Programs that decided numbers.
    pub versions: Versions,
    /// What it ran on.
    pub device: Device,
    /// When it began, as `2026-11-22 09:30 UTC`.
    pub started: String,
    /// How long all runs took together, those that chose learning rates among them, in seconds.
    pub seconds: f64,
    /// What was held equal, and how much of it.
    pub budget: Match,
    /// The seeds that every candidate ran with.
    pub seeds: Vec<u64>,
    /// What holds for every run.
    pub settings: Settings,
    /// The tasks, in the order in which they are shown.
    pub tasks: Vec<Task>,
    /// One for each architecture and task; the order of first appearance is the order of colours.
    #[serde(rename = "contestants")]
    pub candidates: Vec<Candidate>,
    /// One for each candidate and seed.
    pub runs: Vec<Run>,
    /// Tests between architectures, by task.
    pub comparisons: Vec<Comparison>,
    /// How the costs of each architecture grow with the length.
    pub costs: Vec<CostCurve>,
    /// How the loss of each architecture falls with its size, where sizes were swept.
    pub scaling: Vec<Scaling>,
}

impl Study {
    /// Names of the architectures, in the order of first appearance.
    pub fn architectures(&self) -> Vec<&str> {
        let mut names = Vec::new();
        let candidates = self.candidates.iter().map(|c| c.architecture.as_str());
        let costs = self.costs.iter().map(|c| c.architecture.as_str());
        let scaling = self.scaling.iter().map(|s| s.architecture.as_str());
        for name in candidates.chain(costs).chain(scaling) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    /// The candidates of a task.
    pub fn candidates_on<'a>(&'a self, task: &'a str) -> impl Iterator<Item = &'a Candidate> {
        self.candidates.iter().filter(move |c| c.task == task)
    }

    /// The runs of a candidate.
    pub fn runs_of<'a>(&'a self, of: &'a Candidate) -> impl Iterator<Item = &'a Run> {
        self.runs
            .iter()
            .filter(move |run| run.task == of.task && run.architecture == of.architecture)
    }

    /// The test between two architectures, and whether its difference is of `b - a` instead of `a - b`.
    pub fn comparison(&self, task: &str, a: &str, b: &str) -> Option<(&Comparison, bool)> {
        self.comparisons.iter().filter(|c| c.task == task).find_map(|c| match () {
            () if c.a == a && c.b == b => Some((c, false)),
            () if c.a == b && c.b == a => Some((c, true)),
            () => None,
        })
    }
}
