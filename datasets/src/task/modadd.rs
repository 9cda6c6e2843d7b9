//! `modadd`: a + b modulo a prime, trained on a fraction of all pairs and tested on the others.
//!
//! Measures whether a model finds the rule behind a table that it could memorize; known for
//! "grokking", test accuracy that rises long after training accuracy.
//!
//! Reference: Power et al. 2022, <https://arxiv.org/abs/2201.02177>

use super::definition::TaskDefinition;
use super::error::check;
use super::generated::DATA_SEED;
use super::settings::{BuiltTask, Settings};
use super::splits::{Splits, Train};
use super::{Example, Labels, Metric, Target, TaskError, TaskKind, TokenTable};
use crate::locate::SearchPath;
use crate::rng::SeededRng;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct ModAdd {
    p: u32,
    fraction: f64,
}

impl Default for ModAdd {
    fn default() -> Self {
        Self { p: 97, fraction: 0.5 }
    }
}

impl Settings for ModAdd {
    fn build(self, _search_path: &SearchPath) -> Result<BuiltTask, TaskError> {
        check("p", self.p, 3..=1000)?;
        check("fraction", self.fraction, 0.01..=0.99)?;
        let numbers = || (0..self.p).map(|number| number.to_string());
        let tokens = TokenTable::named(numbers().chain(["+".to_owned(), "=".to_owned()]));
        let (plus, equals) = (TokenTable::FIRST + self.p, TokenTable::FIRST + self.p + 1);
        let mut pairs: Vec<(u32, u32)> =
            (0..self.p).flat_map(|a| (0..self.p).map(move |b| (a, b))).collect();
        SeededRng::new(b"modadd  ", [DATA_SEED, u64::from(self.p), 0]).shuffle(&mut pairs);
        let example = |(a, b): (u32, u32)| Example {
            input: vec![TokenTable::FIRST + a, plus, TokenTable::FIRST + b, equals],
            target: Target::Class((a + b) % self.p),
        };
        let mut train: Vec<Example> = pairs.into_iter().map(example).collect();
        // At least one example in each split, whatever the rounding.
        let kept = (train.len() as f64 * self.fraction).round() as usize;
        let mut validation = train.split_off(kept.clamp(1, train.len() - 2));
        let test = validation.split_off(validation.len() / 2);
        let definition = TaskDefinition {
            kind: TaskKind::Classification,
            score: Metric::Accuracy,
            also: vec![],
            tokens,
            labels: Labels::Names(numbers().collect()),
            references: &[],
        };
        Ok(BuiltTask::Fixed(definition, Splits::new(Train::Fixed(train), validation, test)))
    }
}
