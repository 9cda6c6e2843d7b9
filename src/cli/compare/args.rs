//! Arguments shared by `zoo compare` and `zoo sweep`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::ValueEnum;
use clap::builder::PossibleValue;

use crate::compare::spec::{Amount, MatchBy, Spec, TaskEntry, Training};

/// The tasks, the training settings and the output of a comparison.
#[derive(clap::Args)]
pub(super) struct ComparisonArgs {
    /// A task, with settings after a colon; can be repeated (`zoo list`)
    #[arg(long = "task", short, value_name = "TASK")]
    pub(super) tasks: Vec<String>,
    /// The budget that is equal for all architectures
    #[arg(long = "match", value_name = "WHAT", default_value = "params")]
    pub(super) match_by: MatchBy,
    /// Number of seeds
    #[arg(long, value_name = "N", default_value_t = 3)]
    pub(super) seeds: u64,
    /// Training steps of a run
    #[arg(long, value_name = "N", default_value_t = Training::default().steps)]
    pub(super) steps: usize,
    /// Batch size, in examples
    #[arg(long, value_name = "N", default_value_t = Training::default().batch_size)]
    pub(super) batch_size: usize,
    /// Comma-separated learning rates to choose from; the search goes on where the best is at an end
    #[arg(long, value_name = "RATES", value_delimiter = ',', default_values_t = Training::default().rates)]
    pub(super) rates: Vec<f64>,
    /// Dropout probability
    #[arg(long, value_name = "P", default_value_t = Training::default().dropout)]
    pub(super) dropout: f64,
    /// The directory of the report [default: reports/NAME]
    #[arg(long, short, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
    /// The directory of cached runs
    #[arg(long, value_name = "DIR", default_value = "runs/compared")]
    pub(super) cache: PathBuf,
    /// Concurrent runs; speed measurements are accurate only with 1
    #[arg(long, short, value_name = "N", default_value_t = 1)]
    pub(super) jobs: usize,
    /// Keep the weights of the best run of each candidate in OUT/weights/NAME, as a model for the
    /// other verbs
    #[arg(long)]
    pub(super) keep_weights: bool,
    /// Show the plan without running it
    #[arg(long)]
    pub(super) plan: bool,
}

/// Families and checkpoints, as the command line has them.
pub(super) struct Architectures {
    /// All names.
    pub(super) names: Vec<String>,
    /// The folders of the checkpoints.
    pub(super) init_from: BTreeMap<String, PathBuf>,
}

impl Architectures {
    /// Splits `NAME:MODEL`.
    pub(super) fn parse(arguments: &[String]) -> Self {
        let mut init_from = BTreeMap::new();
        let name = |argument: &String| match argument.split_once(':') {
            Some((name, folder)) => {
                init_from.insert(name.to_string(), PathBuf::from(folder));
                name.to_string()
            }
            None => argument.clone(),
        };
        let names = arguments.iter().map(name).collect();
        Self { names, init_from }
    }
}

impl ComparisonArgs {
    /// The specification for these architectures, at one size.
    pub(super) fn spec(&self, architectures: &[String], first_seed: u64, size: Amount) -> Spec {
        Spec {
            title: None,
            architectures: architectures.to_vec(),
            init_from: BTreeMap::new(),
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

impl ValueEnum for MatchBy {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Params, Self::Flops, Self::Time]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(match self {
            Self::Params => PossibleValue::new("params").help("Parameters, without embeddings"),
            Self::Flops => PossibleValue::new("flops").help("Training FLOPs per token"),
            Self::Time => {
                PossibleValue::new("time").help("Seconds of training, with equal parameter counts")
            }
        })
    }
}

/// Sequence lengths for cost measurements: comma-separated integers, or `none`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Lengths(pub(super) Vec<usize>);

impl std::str::FromStr for Lengths {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "none" {
            return Ok(Self(Vec::new()));
        }
        let length = |text: &str| match text.trim().parse() {
            Ok(0) | Err(_) => Err(format!("{text:?} is not a length; give 512,1024 or none")),
            Ok(length) => Ok(length),
        };
        text.split(',').map(length).collect::<Result<_, _>>().map(Self)
    }
}
