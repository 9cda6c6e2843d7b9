//! `dyck`: nested brackets of several types: which one must be closed next?
//!
//! Measures a stack: at each position the model predicts the innermost bracket that is still open,
//! or `none`. Up to a bounded depth, a recurrent network can hold the stack in its state.
//! Inputs are prefixes of well-formed texts: each position opens or closes a bracket with equal
//! probability where both are possible.
//!
//! Reference: Hewitt et al. 2020 (the bounded depth), <https://arxiv.org/abs/2010.07515>

use super::definition::TaskDefinition;
use super::error::check;
use super::generated::Generate;
use super::settings::{BuiltTask, Settings};
use super::{Context, Example, Labels, Lengths, Metric, Target, TaskError, TaskKind, TokenTable};
use crate::locate::SearchPath;
use crate::rng::SeededRng;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Dyck {
    types: usize,
    max_depth: usize,
    length: usize,
}

impl Default for Dyck {
    fn default() -> Self {
        Self { types: 4, max_depth: 8, length: 64 }
    }
}

const PAIRS: [[&str; 2]; 4] = [["(", ")"], ["[", "]"], ["{", "}"], ["<", ">"]];

/// The opening and closing token of a bracket type.
fn pair(kind: usize) -> [String; 2] {
    match PAIRS.get(kind) {
        Some(pair) => pair.map(str::to_owned),
        None => [format!("({kind}"), format!("){kind}")],
    }
}

impl Settings for Dyck {
    fn build(self, _search_path: &SearchPath) -> Result<BuiltTask, TaskError> {
        check("types", self.types, 1..=1000)?;
        check("max_depth", self.max_depth, 1..=1000)?;
        check("length", self.length, 2..=65_536)?;
        let closing = (0..self.types).map(|kind| pair(kind)[1].clone());
        let definition = TaskDefinition {
            kind: TaskKind::Tagging(Context::Causal),
            score: Metric::TagAccuracy,
            also: vec![],
            tokens: TokenTable::named((0..self.types).flat_map(pair)),
            labels: Labels::Names(std::iter::once("none".to_owned()).chain(closing).collect()),
            references: &[],
        };
        Ok(BuiltTask::Generated(definition, Box::new(self)))
    }
}

impl Generate for Dyck {
    fn draw(&self, rng: &mut SeededRng) -> Option<Example> {
        let mut open: Vec<u32> = Vec::new();
        let (mut input, mut tags) = (Vec::new(), Vec::new());
        for _ in 0..self.length {
            let opens = open.is_empty() || (open.len() < self.max_depth && rng.below(2) == 0);
            let closed = if opens { None } else { open.pop() };
            input.push(match closed {
                Some(kind) => TokenTable::FIRST + 2 * kind + 1,
                None => {
                    let kind = rng.below(self.types as u64) as u32;
                    open.push(kind);
                    TokenTable::FIRST + 2 * kind
                }
            });
            tags.push(Some(open.last().map_or(0, |kind| kind + 1)));
        }
        Some(Example { input, target: Target::Tags(tags) })
    }

    fn lengths(&self) -> Lengths {
        Lengths { input: self.length, target: 0 }
    }
}
