//! `induction`: random tokens contain one marker, and end with the marker again: which token
//! followed it the first time?
//!
//! Measures the mechanism by which transformers copy from their context (induction heads), in its
//! smallest form: one fact, retrieved by content over any distance.
//!
//! Reference: Olsson et al. 2022, <https://arxiv.org/abs/2209.11895>; as a task Fu et al. 2022
//! (H3), <https://arxiv.org/abs/2212.14052>, and Gu and Dao 2023 (Mamba),
//! <https://arxiv.org/abs/2312.00752>

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
pub(super) struct Induction {
    length: usize,
    vocabulary: usize,
}

impl Default for Induction {
    fn default() -> Self {
        Self { length: 64, vocabulary: 16 }
    }
}

const MARK: u32 = TokenTable::FIRST;

impl Settings for Induction {
    fn build(self, _search_path: &SearchPath) -> Result<BuiltTask, TaskError> {
        check("length", self.length, 4..=65_536)?;
        check("vocabulary", self.vocabulary, 2..=100_000)?;
        let tokens = (0..self.vocabulary).map(|i| i.to_string());
        let definition = TaskDefinition {
            kind: TaskKind::Tagging(Context::Causal),
            score: Metric::TagAccuracy,
            also: vec![],
            tokens: TokenTable::named(std::iter::once("*".to_owned()).chain(tokens)),
            labels: Labels::Tokens,
            references: &[],
        };
        Ok(BuiltTask::Generated(definition, Box::new(self)))
    }
}

impl Generate for Induction {
    fn draw(&self, rng: &mut SeededRng) -> Option<Example> {
        let token = |rng: &mut SeededRng| MARK + 1 + rng.below(self.vocabulary as u64) as u32;
        let mut input: Vec<u32> = (0..self.length).map(|_| token(rng)).collect();
        let last = self.length - 1;
        // The marked token comes before the last position.
        let position = rng.below(last as u64 - 1) as usize;
        input[position] = MARK;
        input[last] = MARK;
        let mut tags = vec![None; self.length];
        tags[last] = Some(input[position + 1]);
        Some(Example { input, target: Target::Tags(tags) })
    }

    fn lengths(&self) -> Lengths {
        Lengths { input: self.length, target: 0 }
    }
}
