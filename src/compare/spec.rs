//! The specification of a comparison: the flags of `zoo compare`, or a TOML file with the same
//! keys.

mod amount;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

pub use amount::Amount;

/// A comparison: everything that determines its results, except the device.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Spec {
    /// The title of the report.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The families (`zoo list`), and the names of checkpoints.
    pub architectures: Vec<String>,
    /// Checkpoints that are candidates beside the families: the folder of each by its name, which
    /// is listed in `architectures`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub init_from: BTreeMap<String, PathBuf>,
    /// The tasks (`zoo list`), each with optional settings after a colon: `mqar:pairs=8`.
    pub tasks: Vec<TaskEntry>,
    /// The quantity that is equal for all architectures.
    #[serde(default, rename = "match")]
    pub match_by: MatchBy,
    /// Its amount: `1M` parameters or FLOPs, `60s`.
    #[serde(default = "default_size")]
    pub size: Amount,
    /// The sizes of a sweep, for a scaling law; `size` is then ignored.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sizes: Vec<Amount>,
    /// The number of seeds, counting up from the first seed.
    #[serde(default = "default_seeds")]
    pub seeds: u64,
    /// The first seed.
    #[serde(default)]
    pub first_seed: u64,
    /// The training settings of each run.
    #[serde(flatten)]
    pub training: Training,
    /// The lengths at which costs are measured; empty to measure none.
    #[serde(default = "default_lengths")]
    pub lengths: Vec<usize>,
}

/// A task with optional training overrides.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum TaskEntry {
    /// The task's name and settings.
    Name(String),
    /// The task with training settings of its own.
    Table(TaskTable),
}

/// A task with training settings of its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct TaskTable {
    /// The task's name and settings.
    pub task: String,
    /// Training steps of a run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steps: Option<usize>,
    /// Examples per step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch_size: Option<usize>,
    /// Dropout probability.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dropout: Option<f64>,
}

/// The quantity that is equal for all architectures.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MatchBy {
    /// Parameters, without embeddings.
    #[default]
    Params,
    /// Training FLOPs per token.
    Flops,
    /// Seconds of training, with equal parameter counts.
    Time,
}

/// The training settings of each run. The learning rate is chosen from a few by short trial runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct Training {
    /// Training steps of a run.
    pub steps: usize,
    /// Examples per step.
    pub batch_size: usize,
    /// Learning rates to try for each architecture and task.
    pub rates: Vec<f64>,
    /// The length of a learning-rate trial, as a share of a run.
    pub trial: f64,
    /// Dropout probability.
    pub dropout: f64,
    /// AdamW's weight decay.
    pub weight_decay: f64,
    /// The number of evaluations on the validation split in a run.
    pub evaluations: usize,
    /// Examples of the validation split that are scored.
    pub validation: usize,
    /// Examples of the test split that are scored.
    pub test: usize,
    /// Parameters of every architecture where training time is equal.
    pub parameters: Amount,
}

impl Default for Training {
    fn default() -> Self {
        Self {
            steps: 1000,
            batch_size: 32,
            rates: vec![3e-4, 1e-3, 3e-3],
            trial: 0.25,
            dropout: 0.0,
            weight_decay: 0.1,
            evaluations: 10,
            validation: 500,
            test: 2000,
            parameters: default_size(),
        }
    }
}

fn default_size() -> Amount {
    Amount::Count(1_000_000)
}

fn default_seeds() -> u64 {
    3
}

fn default_lengths() -> Vec<usize> {
    vec![512, 1024, 2048, 4096]
}

/// An unreadable or invalid comparison.
#[derive(Debug, thiserror::Error)]
pub enum SpecError {
    /// The file cannot be read.
    #[error("cannot read {path}: {source}")]
    Read {
        /// The file.
        path: std::path::PathBuf,
        /// The I/O error.
        source: std::io::Error,
    },
    /// The file is not a valid specification.
    #[error("{path}: {source}")]
    Toml {
        /// The file.
        path: std::path::PathBuf,
        /// The position and the reason.
        source: Box<toml::de::Error>,
    },
    /// A setting has an invalid value.
    #[error("{setting} is {value}; {rule}")]
    Setting {
        /// The name of the setting.
        setting: &'static str,
        /// Its value.
        value: String,
        /// The requirement that the value violates.
        rule: &'static str,
    },
}

impl TaskEntry {
    /// The task's name and settings.
    pub fn name(&self) -> &str {
        match self {
            Self::Name(name) => name,
            Self::Table(table) => &table.task,
        }
    }

    /// The training settings of the task's runs: `all`, with the overrides of the task.
    pub fn training(&self, all: &Training) -> Training {
        let mut own = all.clone();
        if let Self::Table(table) = self {
            own.steps = table.steps.unwrap_or(own.steps);
            own.batch_size = table.batch_size.unwrap_or(own.batch_size);
            own.dropout = table.dropout.unwrap_or(own.dropout);
        }
        own
    }
}

impl Spec {
    /// Reads a TOML file.
    ///
    /// # Errors
    ///
    /// The file cannot be read or is not a valid specification; the error names the line.
    pub fn read(path: &Path) -> Result<Self, SpecError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| SpecError::Read { path: path.to_path_buf(), source })?;
        toml::from_str(&text).map_err(|source| SpecError::Toml {
            path: path.to_path_buf(),
            source: Box::new(source),
        })
    }

    /// The specification as TOML.
    pub fn to_toml(&self) -> String {
        toml::to_string(self).unwrap_or_default()
    }

    /// The sizes of every architecture.
    pub fn all_sizes(&self) -> Vec<Amount> {
        if self.sizes.is_empty() { vec![self.size] } else { self.sizes.clone() }
    }

    /// Whether the comparison is a sweep over sizes.
    pub fn is_sweep(&self) -> bool {
        !self.sizes.is_empty()
    }

    /// Checks the settings that do not depend on the architectures and tasks.
    ///
    /// # Errors
    ///
    /// The first invalid setting.
    pub fn check(&self) -> Result<(), SpecError> {
        let wrong = |setting, value: String, rule| Err(SpecError::Setting { setting, value, rule });
        if self.architectures.is_empty() {
            return wrong("architectures", "empty".into(), "name one or more");
        }
        if let Some(name) = self.init_from.keys().find(|name| !self.architectures.contains(name)) {
            return wrong("init-from", name.clone(), "list its name in architectures, too");
        }
        if let Some(name) = self.init_from.keys().next()
            && self.is_sweep()
        {
            return wrong("init-from", name.clone(), "a checkpoint has one size; sweep families");
        }
        if self.tasks.is_empty() {
            return wrong("tasks", "empty".into(), "name one or more");
        }
        if self.seeds == 0 {
            return wrong("seeds", "0".into(), "it must be 1 or more; use 3 or more for intervals");
        }
        for (index, size) in self.all_sizes().iter().enumerate() {
            let is_time = matches!(size, Amount::Seconds(_));
            if is_time != (self.match_by == MatchBy::Time) {
                let rule = "--match time takes a time such as 60s, the others a count such as 1M";
                return wrong("size", size.to_string(), rule);
            }
            if is_time && self.is_sweep() {
                let rule = "sizes must be counts of parameters or FLOPs, not times";
                return wrong("sizes", size.to_string(), rule);
            }
            if self.sizes.iter().take(index).any(|before| before == size) {
                return wrong("sizes", size.to_string(), "it is listed twice");
            }
        }
        if self.lengths.contains(&0) {
            return wrong(
                "lengths",
                "0".into(),
                "lengths must be 1 token or more; use none to skip",
            );
        }
        for task in &self.tasks {
            let Training { steps, batch_size, rates, trial, evaluations, .. } =
                task.training(&self.training);
            let counts =
                [("steps", steps), ("batch-size", batch_size), ("evaluations", evaluations)];
            for (setting, count) in counts {
                if count == 0 {
                    return wrong(setting, "0".into(), "it must be 1 or more");
                }
            }
            let is_rate = |rate: &f64| rate.is_finite() && *rate > 0.0;
            if rates.is_empty() || !rates.iter().all(is_rate) {
                return wrong("rates", format!("{rates:?}"), "list one or more, all above 0");
            }
            if !(trial > 0.0 && trial <= 1.0) {
                return wrong("trial", trial.to_string(), "it must be above 0 and at most 1");
            }
        }
        for (setting, value) in
            [("dropout", self.training.dropout), ("weight-decay", self.training.weight_decay)]
        {
            if !(0.0..1.0).contains(&value) {
                return wrong(setting, value.to_string(), "it must be 0 or more, and below 1");
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_sets_every_flag() {
        let text = r#"
            architectures = ["gpt2", "lstm"]
            tasks = ["mqar", { task = "names", steps = 300 }]
            match = "params"
            size = "250k"
            seeds = 5
            rates = [1e-3]

            [init-from]
            lstm = "runs/pretrained"
        "#;
        let spec: Spec = toml::from_str(text).unwrap();
        spec.check().unwrap();
        assert_eq!((spec.size, spec.seeds), (Amount::Count(250_000), 5));
        assert_eq!(spec.init_from["lstm"], Path::new("runs/pretrained"));
        assert_eq!(spec.tasks[1].training(&spec.training).steps, 300);
        assert_eq!(spec.tasks[0].training(&spec.training).steps, 1000);
        let again: Spec = toml::from_str(&spec.to_toml()).unwrap();
        assert_eq!(again, spec);
    }

    #[test]
    fn invalid_settings_are_named() {
        let spec = |more: &str| -> Spec {
            toml::from_str(&format!("architectures = ['gpt2']\ntasks = ['copy']\n{more}")).unwrap()
        };
        for (more, expected) in [
            ("size = '60s'", "--match time takes a time"),
            ("match = 'time'", "--match time takes a time"),
            ("seeds = 0", "seeds is 0"),
            ("rates = []", "rates is []"),
            ("rates = [-1.0]", "rates is [-1.0]"),
            ("steps = 0", "steps is 0"),
            ("dropout = 1.0", "dropout is 1"),
            ("lengths = [512, 0]", "lengths is 0"),
            ("sizes = ['10k', '20k', '10k']", "it is listed twice"),
            ("sizes = ['10k', '60s']", "--match time takes a time"),
            ("match = 'time'\nsizes = ['60s']", "not times"),
            ("[init-from]\nminilm = 'x'", "list its name in architectures"),
            ("sizes = ['10k']\n[init-from]\ngpt2 = 'x'", "a checkpoint has one size"),
        ] {
            let error = spec(more).check().unwrap_err().to_string();
            assert!(error.contains(expected), "{more}: {error}");
        }
        let unknown = toml::from_str::<Spec>("architectures = []\ntasks = []\nstep = 3");
        assert!(unknown.is_err(), "{unknown:?}");
    }
}
