//! `copy`, `reverse` and `sort`: generate a sequence of random tokens again unchanged, reversed, or
//! sorted.
//!
//! These tasks measure what a model carries from its input to its output: the original order
//! (a queue), the reversed order (a stack), or an order that takes all pairwise comparisons.
//!
//! Reference: Graves et al. 2014 (copy and sort), <https://arxiv.org/abs/1410.5401>; Grefenstette
//! et al. 2015 (reverse), <https://arxiv.org/abs/1506.02516>

use super::definition::TaskDefinition;
use super::error::check;
use super::generated::Generate;
use super::settings::{BuiltTask, Settings};
use super::{Example, Labels, Lengths, Metric, Target, TaskError, TaskKind, TokenTable};
use crate::locate::SearchPath;
use crate::rng::SeededRng;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Sequences {
    /// Set by the name of the task.
    write: Write,
    vocabulary: usize,
    min_length: usize,
    max_length: usize,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Write {
    Copy,
    Reverse,
    Sort,
}

impl Default for Sequences {
    fn default() -> Self {
        Self { write: Write::Copy, vocabulary: 16, min_length: 4, max_length: 12 }
    }
}

impl Settings for Sequences {
    fn build(self, _search_path: &SearchPath) -> Result<BuiltTask, TaskError> {
        check("vocabulary", self.vocabulary, 2..=100_000)?;
        check("min_length", self.min_length, 1..=16_384)?;
        check("max_length", self.max_length, self.min_length..=16_384)?;
        let definition = TaskDefinition {
            kind: TaskKind::Transduction,
            score: Metric::ExactMatch,
            also: vec![],
            tokens: TokenTable::named((0..self.vocabulary).map(|i| i.to_string())),
            labels: Labels::Tokens,
            references: &[],
        };
        Ok(BuiltTask::Generated(definition, Box::new(self)))
    }
}

impl Generate for Sequences {
    fn draw(&self, rng: &mut SeededRng) -> Option<Example> {
        let lengths = (self.max_length - self.min_length) as u64 + 1;
        let length = self.min_length as u64 + rng.below(lengths);
        let token = |_| TokenTable::FIRST + rng.below(self.vocabulary as u64) as u32;
        let input: Vec<u32> = (0..length).map(token).collect();
        let mut target = input.clone();
        match self.write {
            Write::Copy => {}
            Write::Reverse => target.reverse(),
            Write::Sort => target.sort_unstable(),
        }
        Some(Example { input, target: Target::Sequence(target) })
    }

    fn lengths(&self) -> Lengths {
        Lengths { input: self.max_length, target: self.max_length }
    }
}
