//! What `zoo compare` and `zoo sweep` both understand.

use std::path::PathBuf;

use crate::compare::spec::{Amount, MatchBy, Spec, TaskEntry, Training};

/// What is run, with what, and where it goes.
#[derive(clap::Args)]
pub(super) struct ComparisonArgs {
    /// A task, with settings behind a colon; can be given more than once (`zoo list`)
    #[arg(long = "task", short, value_name = "TASK")]
    pub(super) tasks: Vec<String>,
    /// What is held equal
    #[arg(long = "match", value_name = "WHAT", default_value = "params")]
    pub(super) match_by: MatchBy,
    /// Seeds
    #[arg(long, value_name = "N", default_value_t = 3)]
    pub(super) seeds: u64,
    /// Steps of a run
    #[arg(long, value_name = "N", default_value_t = Training::default().steps)]
    pub(super) steps: usize,
    /// Examples of a step
    #[arg(long, value_name = "N", default_value_t = Training::default().batch_size)]
    pub(super) batch_size: usize,
    /// Learning rates to choose from, with commas between them
    #[arg(long, value_name = "RATES", value_delimiter = ',', default_values_t = Training::default().rates)]
    pub(super) rates: Vec<f64>,
    /// Probability of dropping a feature in training
    #[arg(long, value_name = "P", default_value_t = Training::default().dropout)]
    pub(super) dropout: f64,
    /// Where the report goes [default: reports/NAME]
    #[arg(long, short, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
    /// Where runs are kept
    #[arg(long, value_name = "DIR", default_value = "runs/compared")]
    pub(super) cache: PathBuf,
    /// Runs at once; speeds are measured well with one
    #[arg(long, short, value_name = "N", default_value_t = 1)]
    pub(super) jobs: usize,
    /// Show what would be run, and end
    #[arg(long)]
    pub(super) plan: bool,
}

impl ComparisonArgs {
    /// The comparison of these architectures, at one size.
    pub(super) fn spec(&self, architectures: &[String], first_seed: u64, size: Amount) -> Spec {
        Spec {
            title: None,
            architectures: architectures.to_vec(),
            tasks: self.tasks.iter().cloned().map(TaskEntry::Name).collect(),
            match_by: self.match_by,
            size,
            sizes: Vec::new(),
            seeds: self.seeds,
            first_seed,
            training: Training {
                steps: self.steps,
                batch_size: self.batch_size,
                rates: self.rates.clone(),
                dropout: self.dropout,
                ..Training::default()
            },
            lengths: Vec::new(),
        }
    }
}

/// Lengths at which costs are measured: numbers with commas between them, or `none`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Lengths(pub(super) Vec<usize>);

impl std::str::FromStr for Lengths {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "none" {
            return Ok(Self(Vec::new()));
        }
        let length = |text: &str| match text.trim().parse() {
            Ok(0) | Err(_) => Err(format!("{text:?} is no length; give 512,1024 or none")),
            Ok(length) => Ok(length),
        };
        text.split(',').map(length).collect::<Result<_, _>>().map(Self)
    }
}
