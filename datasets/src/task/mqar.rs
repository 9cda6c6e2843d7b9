//! `mqar`: multi-query associative recall. The input lists key-value pairs, and the keys occur
//! again later: which value belongs to each?
//!
//! Measures memory for facts that occur once: attention looks them up, while a recurrent model
//! must hold all of them in its state. The distance between a pair and its query follows a power
//! law, as repetitions in language do. Random tokens without targets fill the space between the
//! queries.
//!
//! Reference: Arora et al. 2023 (Zoology), <https://arxiv.org/abs/2312.04927>

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
pub(super) struct Mqar {
    n_pairs: usize,
    length: usize,
    vocabulary: usize,
    power_a: f64,
}

impl Default for Mqar {
    fn default() -> Self {
        Self { n_pairs: 8, length: 64, vocabulary: 64, power_a: 0.01 }
    }
}

impl Settings for Mqar {
    fn build(self, _search_path: &SearchPath) -> Result<BuiltTask, TaskError> {
        check("n_pairs", self.n_pairs, 1..=4096)?;
        // Pairs take two positions, and so do queries.
        check("length", self.length, 4 * self.n_pairs..=65_536)?;
        check("vocabulary", self.vocabulary, 2 * self.n_pairs..=1_000_000)?;
        check("power_a", self.power_a, 0.0..=10.0)?;
        let half = self.vocabulary / 2;
        let keys = (0..half).map(|i| format!("k{i}"));
        let values = (0..self.vocabulary - half).map(|i| format!("v{i}"));
        let definition = TaskDefinition {
            kind: TaskKind::Tagging(Context::Causal),
            score: Metric::TagAccuracy,
            also: vec![],
            tokens: TokenTable::named(keys.chain(values)),
            labels: Labels::Tokens,
            references: &[],
        };
        Ok(BuiltTask::Generated(definition, Box::new(self)))
    }
}

impl Generate for Mqar {
    fn draw(&self, rng: &mut SeededRng) -> Option<Example> {
        let half = self.vocabulary as u64 / 2;
        let pick = |rng: &mut SeededRng, first: u64, count: u64| {
            let ids = distinct(rng, count, self.n_pairs);
            ids.into_iter().map(move |id| TokenTable::FIRST + (first + id) as u32)
        };
        let keys: Vec<u32> = pick(rng, 0, half).collect();
        let values: Vec<u32> = pick(rng, half, self.vocabulary as u64 - half).collect();
        let token =
            |rng: &mut SeededRng| TokenTable::FIRST + rng.below(self.vocabulary as u64) as u32;
        let mut input: Vec<u32> = keys.iter().zip(&values).flat_map(|(&k, &v)| [k, v]).collect();
        let context = input.len();
        input.resize_with(self.length, || token(rng));
        let mut tags = vec![None; self.length];
        let gaps = self.gaps(rng, (self.length - context) / 2);
        for ((key, value), gap) in keys.into_iter().zip(values).zip(gaps) {
            let position = context + 2 * gap;
            input[position] = key;
            tags[position] = Some(value);
        }
        Some(Example { input, target: Target::Tags(tags) })
    }

    fn lengths(&self) -> Lengths {
        Lengths { input: self.length, target: 0 }
    }
}

impl Mqar {
    /// Distinct positions below `space`, sampled without replacement, position i with a probability
    /// proportional to (i + 1)^(a - 1).
    fn gaps(&self, rng: &mut SeededRng, space: usize) -> Vec<usize> {
        // Integers, so that sums are exact and every platform samples the same positions.
        let weight = |i: usize| ((i as f64 + 1.0).powf(self.power_a - 1.0) * 1e9).round() as u64;
        let mut weights: Vec<u64> = (0..space).map(|i| weight(i).max(1)).collect();
        let mut total: u64 = weights.iter().sum();
        let take = |_| {
            let mut point = rng.below(total);
            let mut index = 0;
            while point >= weights[index] {
                point -= weights[index];
                index += 1;
            }
            total -= weights[index];
            weights[index] = 0;
            index
        };
        (0..self.n_pairs).map(take).collect()
    }
}

/// `wanted` distinct integers below `count`, in random order.
fn distinct(rng: &mut SeededRng, count: u64, wanted: usize) -> Vec<u64> {
    // Few of many: rejection sampling is faster than shuffling all of them.
    let mut found = Vec::with_capacity(wanted);
    if count >= 4 * wanted as u64 {
        while found.len() < wanted {
            let number = rng.below(count);
            if !found.contains(&number) {
                found.push(number);
            }
        }
        return found;
    }
    let mut all: Vec<u64> = (0..count).collect();
    rng.shuffle(&mut all);
    all.truncate(wanted);
    all
}
