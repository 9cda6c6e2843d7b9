//! Chance level: the score of the best prediction that ignores the input.

use super::example::Example;
use super::metric::Metric;
use super::splits::Splits;
use std::collections::BTreeMap;

/// The score of the best constant prediction on the test examples, fitted to training examples.
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
