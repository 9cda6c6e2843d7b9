//! A study: everything that a comparison stores.

use serde::{Deserialize, Serialize};

use super::{
    Candidate, Comparison, CostCurve, Device, Match, Run, Scaling, StudySettings, Task, Versions,
};

/// The version of the format, stored in [`Study::schema`].
pub const SCHEMA: u32 = 1;

/// The results of a comparison or a sweep over sizes, and the command and settings that reproduce
/// them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Study {
    /// The version of this format: [`SCHEMA`].
    pub schema: u32,
    /// The title of the report.
    pub title: String,
    /// The command that was given.
    pub command: String,
    /// The TOML file that reproduces it.
    pub toml: String,
    /// Versions of the software that affects the results.
    pub versions: Versions,
    /// The device that it ran on.
    pub device: Device,
    /// The start time, such as `2026-11-22 09:30 UTC`.
    pub started: String,
    /// The total time of all runs, including learning-rate trials, in seconds.
    pub seconds: f64,
    /// The quantity that is equal for all architectures, and its amount.
    pub budget: Match,
    /// The seeds of every candidate's runs.
    pub seeds: Vec<u64>,
    /// The settings shared by every run.
    pub settings: StudySettings,
    /// The tasks, in display order.
    pub tasks: Vec<Task>,
    /// One per architecture and task; the order of first appearance is the order of colors.
    #[serde(rename = "contestants")]
    pub candidates: Vec<Candidate>,
    /// One per candidate and seed.
    pub runs: Vec<Run>,
    /// Tests between architectures, by task.
    pub comparisons: Vec<Comparison>,
    /// The costs of each architecture as a function of the length.
    pub costs: Vec<CostCurve>,
    /// The scaling of each architecture's loss with size, in a sweep.
    pub scaling: Vec<Scaling>,
}

/// The test between two architectures `a` and `b`.
#[derive(Debug, Clone, Copy)]
pub struct FoundComparison<'a> {
    /// The test.
    pub comparison: &'a Comparison,
    /// Whether its difference is `b - a` instead of `a - b`.
    pub is_reversed: bool,
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

    /// The test between two architectures.
    pub fn comparison(&self, task: &str, a: &str, b: &str) -> Option<FoundComparison<'_>> {
        self.comparisons.iter().filter(|c| c.task == task).find_map(|c| match () {
            () if c.a == a && c.b == b => {
                Some(FoundComparison { comparison: c, is_reversed: false })
            }
            () if c.a == b && c.b == a => {
                Some(FoundComparison { comparison: c, is_reversed: true })
            }
            () => None,
        })
    }
}
