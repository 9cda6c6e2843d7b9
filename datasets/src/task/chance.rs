//! The score of whoever does not look at the input.

use super::splits::Splits;
use super::{Example, Metric};
use std::collections::BTreeMap;

/// What the best constant answer scores on the test examples, learnt from training examples.
pub(super) fn chance(score: Metric, splits: &Splits) -> f64 {
    match score {
        Metric::Accuracy | Metric::TagAccuracy => most_frequent(splits),
        Metric::BitsPerCharacter => frequencies(splits),
        Metric::EntityF1 | Metric::ExactMatch | Metric::Bleu | Metric::ChrF => 0.0,
    }
}

fn counts(examples: &[Example]) -> BTreeMap<u32, f64> {
    let mut counts = BTreeMap::new();
    for id in examples.iter().flat_map(|example| example.target.ids()) {
        *counts.entry(id).or_insert(0.0) += 1.0;
    }
    counts
}

/// Percent of right answers of who always gives the label that is most frequent in training.
fn most_frequent(splits: &Splits) -> f64 {
    let train = counts(&splits.train.sample());
    let favourite = train.iter().max_by(|a, b| a.1.total_cmp(b.1)).map_or(0, |(&id, _)| id);
    let test = counts(&splits.test);
    100.0 * test.get(&favourite).unwrap_or(&0.0) / test.values().sum::<f64>().max(1.0)
}

/// Bits per target of who gives each symbol the probability of its frequency in training, as if
/// each symbol that occurs anywhere had been seen once more.
fn frequencies(splits: &Splits) -> f64 {
    let (mut train, test) = (counts(&splits.train.sample()), counts(&splits.test));
    for id in test.keys() {
        train.entry(*id).or_insert(0.0);
    }
    let total = train.values().sum::<f64>() + train.len() as f64;
    let bits = |(id, count): (&u32, &f64)| count * (total / (train[id] + 1.0)).log2();
    test.iter().map(bits).sum::<f64>() / test.values().sum::<f64>().max(1.0)
}
