//! `listops`: the value of a nested expression, such as `[MAX 2 9 [MIN 4 7 ] 0 ]`, which is 9.
//!
//! Measures whether a model parses a hierarchy and evaluates it bottom-up: the answer may depend on
//! every token and on the bracket that contains it. The expressions follow Long Range Arena: each
//! node is an operator with probability 1/4 and a digit otherwise, operators have two or more
//! arguments, and only expressions within the length bounds are kept. `MED` is the median truncated
//! to an integer, `SM` the sum modulo 10. As there, the redundant round brackets of the original
//! data are left out.
//!
//! Reference: Nangia and Bowman 2018, <https://arxiv.org/abs/1804.06028>; Tay et al. 2020,
//! <https://arxiv.org/abs/2011.04006>

use super::definition::TaskDefinition;
use super::error::check;
use super::generated::Generate;
use super::settings::{BuiltTask, Settings};
use super::{Example, Labels, Lengths, Metric, Reference, Target, TaskError, TaskKind, TokenTable};
use crate::locate::SearchPath;
use crate::rng::SeededRng;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct ListOps {
    max_depth: usize,
    max_args: usize,
    min_length: usize,
    max_length: usize,
}

impl Default for ListOps {
    fn default() -> Self {
        Self { max_depth: 4, max_args: 5, min_length: 16, max_length: 64 }
    }
}

/// Long Range Arena's settings. Its generator keeps lengths above 500 and below 2000.
const PUBLISHED: ListOps =
    ListOps { max_depth: 10, max_args: 10, min_length: 501, max_length: 1999 };

const SOURCE: &str =
    "Long Range Arena, README, https://github.com/google-research/long-range-arena";

static REFERENCES: [Reference; 4] = [
    Reference { what: "Transformer", score: 36.37, source: SOURCE },
    Reference { what: "Reformer", score: 37.27, source: SOURCE },
    Reference { what: "BigBird", score: 36.05, source: SOURCE },
    Reference { what: "Performer", score: 18.01, source: SOURCE },
];

const OPERATORS: [&str; 4] = ["[MIN", "[MAX", "[MED", "[SM"];
const FIRST_OPERATOR: u32 = TokenTable::FIRST + 10;
const CLOSE: u32 = FIRST_OPERATOR + 4;

impl Settings for ListOps {
    fn build(self, _search_path: &SearchPath) -> Result<BuiltTask, TaskError> {
        check("max_depth", self.max_depth, 2..=20)?;
        check("max_args", self.max_args, 2..=100)?;
        check("min_length", self.min_length, 4..=65_536)?;
        check("max_length", self.max_length, self.min_length..=65_536)?;
        let digits = || (0..10).map(|digit| digit.to_string());
        let others = OPERATORS.into_iter().chain(["]"]).map(str::to_owned);
        let definition = TaskDefinition {
            kind: TaskKind::Classification,
            score: Metric::Accuracy,
            also: vec![],
            tokens: TokenTable::named(digits().chain(others)),
            labels: Labels::Names(digits().collect()),
            references: if self == PUBLISHED { &REFERENCES } else { &[] },
        };
        Ok(BuiltTask::Generated(definition, Box::new(self)))
    }
}

impl Generate for ListOps {
    fn draw(&self, rng: &mut SeededRng) -> Option<Example> {
        let mut input = Vec::new();
        let value = self.grow(rng, 1, &mut input)?;
        let target = Target::Class(value);
        (input.len() >= self.min_length).then_some(Example { input, target })
    }

    fn lengths(&self) -> Lengths {
        Lengths { input: self.max_length, target: 0 }
    }
}

impl ListOps {
    /// Appends an expression and returns its value; `None` once it is too long.
    fn grow(&self, rng: &mut SeededRng, depth: usize, written: &mut Vec<u32>) -> Option<u32> {
        if written.len() >= self.max_length {
            return None;
        }
        if depth == self.max_depth || rng.below(4) > 0 {
            let digit = rng.below(10) as u32;
            written.push(TokenTable::FIRST + digit);
            return Some(digit);
        }
        let operator = rng.below(4) as u32;
        written.push(FIRST_OPERATOR + operator);
        let count = 2 + rng.below(self.max_args as u64 - 1);
        let values: Option<Vec<u32>> =
            (0..count).map(|_| self.grow(rng, depth + 1, written)).collect();
        let value = apply(operator, values?);
        written.push(CLOSE);
        (written.len() <= self.max_length).then_some(value)
    }
}

/// The value of an operator with at least one argument.
fn apply(operator: u32, mut values: Vec<u32>) -> u32 {
    values.sort_unstable();
    let last = values.len() - 1;
    match operator {
        0 => values[0],
        1 => values[last],
        2 => (values[last / 2] + values[values.len() / 2]) / 2,
        _ => values.iter().sum::<u32>() % 10,
    }
}
