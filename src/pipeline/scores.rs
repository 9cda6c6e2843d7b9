//! From logits to probabilities, and the top k of them.

use serde::{Deserialize, Serialize};

/// A label and its score.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LabelScore {
    /// The label.
    pub label: String,
    /// The probability, or the regression value.
    pub score: f32,
}

/// Probabilities that sum to 1.
pub(super) fn softmax(scores: &[f32]) -> Vec<f32> {
    let largest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let powers: Vec<f64> = scores.iter().map(|score| f64::from(score - largest).exp()).collect();
    let sum: f64 = powers.iter().sum();
    powers.into_iter().map(|power| (power / sum) as f32).collect()
}

/// The independent probability of a logit.
pub(super) fn sigmoid(score: f32) -> f32 {
    (1.0 / (1.0 + (-f64::from(score)).exp())) as f32
}

/// The index of the largest score; the first one in a tie.
pub(super) fn largest(scores: &[f32]) -> usize {
    let better =
        |best: usize, index: usize| if scores[index] > scores[best] { index } else { best };
    (1..scores.len()).fold(0, better)
}

/// The indices of the `k` largest scores, in order of decreasing score.
pub(super) fn best(scores: &[f32], k: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    let larger = |a: &usize, b: &usize| scores[*b].total_cmp(&scores[*a]).then(a.cmp(b));
    if k < order.len() {
        // Vocabularies are large and `k` is small.
        order.select_nth_unstable_by(k, larger);
        order.truncate(k);
    }
    order.sort_unstable_by(larger);
    order
}

/// Labels with their scores, in order of decreasing score.
pub(super) fn ranked(labels: &[String], scores: &[f32]) -> Vec<LabelScore> {
    let entry = |index: usize| LabelScore { label: labels[index].clone(), score: scores[index] };
    best(scores, scores.len()).into_iter().map(entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_add_up_and_survive_large_scores() {
        let found = softmax(&[1000.0, 1000.0, -1000.0]);
        assert_eq!(found, [0.5, 0.5, 0.0]);
        assert_eq!((sigmoid(0.0), sigmoid(-1000.0), sigmoid(1000.0)), (0.5, 0.0, 1.0));
    }

    #[test]
    fn the_best_come_first_and_ties_in_order() {
        let scores = [0.1, 0.4, 0.2, 0.4, 0.0];
        assert_eq!(best(&scores, 3), [1, 3, 2]);
        assert_eq!(best(&scores, 9), [1, 3, 2, 0, 4]);
        assert_eq!(best(&scores, 0), [0; 0]);
        assert_eq!(largest(&scores), 1);
    }
}
