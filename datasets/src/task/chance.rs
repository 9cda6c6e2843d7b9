//! Chance level: the score of the best prediction that ignores the input.

use super::example::Example;
use super::metric::Metric;
use super::splits::Splits;
use super::token_table::TokenTable;
use crate::score::bleu::Bleu;
use crate::score::chrf::Chrf;
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// The score of the best constant prediction on the test examples, fitted to training examples.
pub(super) fn chance(score: Metric, splits: &Splits, tokens: &TokenTable) -> f64 {
    match score {
        Metric::Accuracy | Metric::TagAccuracy => most_frequent(splits),
        Metric::BitsPerCharacter => frequencies(splits),
        // No entity is found by always predicting "outside".
        Metric::EntityF1 => 0.0,
        Metric::ExactMatch | Metric::Bleu | Metric::ChrF => one_answer(score, splits, tokens),
    }
}

/// The score of the most frequent training target as the answer to everything.
fn one_answer(score: Metric, splits: &Splits, tokens: &TokenTable) -> f64 {
    let mut counts: BTreeMap<Vec<u32>, usize> = BTreeMap::new();
    for example in splits.train.sample() {
        *counts.entry(example.target.ids()).or_default() += 1;
    }
    let most = counts.iter().max_by_key(|(ids, count)| (**count, Reverse(*ids)));
    let answer = most.map(|(ids, _)| ids.clone()).unwrap_or_default();
    let is_right = |example: &&Example| example.target.ids() == answer;
    let references: Vec<Vec<&str>> =
        splits.answers.test.iter().map(|text| vec![text.as_str()]).collect();
    let answers = vec![tokens.decode(&answer); references.len()];
    let found = match score {
        Metric::Bleu => Bleu::default().score(&answers, &references).map(|score| score.score),
        Metric::ChrF => Chrf::default().score(&answers, &references).map(|score| score.score),
        _ => {
            let right = splits.test.iter().filter(is_right).count();
            return 100.0 * right as f64 / splits.test.len().max(1) as f64;
        }
    };
    // Without answers there is nothing to score.
    found.unwrap_or(0.0)
}

fn counts(examples: &[Example]) -> BTreeMap<u32, f64> {
    let mut counts = BTreeMap::new();
    for id in examples.iter().flat_map(|example| example.target.ids()) {
        *counts.entry(id).or_insert(0.0) += 1.0;
    }
    counts
}

/// Accuracy in percent when the most frequent training label is always predicted.
fn most_frequent(splits: &Splits) -> f64 {
    let train = counts(&splits.train.sample());
    let majority = train.iter().max_by(|a, b| a.1.total_cmp(b.1)).map_or(0, |(&id, _)| id);
    let test = counts(&splits.test);
    100.0 * test.get(&majority).unwrap_or(&0.0) / test.values().sum::<f64>().max(1.0)
}

/// Bits per target of a unigram model: each token has the probability of its frequency in training,
/// with add-one smoothing over every token that occurs in training or test.
fn frequencies(splits: &Splits) -> f64 {
    let (mut train, test) = (counts(&splits.train.sample()), counts(&splits.test));
    for id in test.keys() {
        train.entry(*id).or_insert(0.0);
    }
    let total = train.values().sum::<f64>() + train.len() as f64;
    let bits = |(id, count): (&u32, &f64)| count * (total / (train[id] + 1.0)).log2();
    test.iter().map(bits).sum::<f64>() / test.values().sum::<f64>().max(1.0)
}
