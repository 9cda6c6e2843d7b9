//! Scores of multi-label classification, as scikit-learn computes them.
//!
//! ```text
//! subset accuracy = examples whose sets of labels are equal / examples
//! micro F1 = 2 Σ_k correct_k / Σ_k (found_k + expected_k)      macro F1 = mean_k F1_k
//! ```
//!
//! A ratio whose denominator is 0 is 0: scikit-learn's `zero_division=0`.
//!
//! Reference: scikit-learn 1.9, <https://scikit-learn.org/stable/modules/model_evaluation.html>

use super::checks::check_lengths;
use super::classification::ClassScore;
use super::error::ScoreError;
use super::f1::{F1Counts, F1Score};
use std::collections::BTreeSet;

/// The scores of a multi-label classification.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct MultiLabelReport {
    /// The number of examples.
    pub examples: usize,
    /// The fraction of examples whose sets of labels equal the expected ones.
    pub subset_accuracy: f64,
    /// The score of all pairs of example and label.
    pub micro_average: F1Score,
    /// The mean over all labels, those that never occur included, as in scikit-learn.
    pub macro_average: F1Score,
    /// The scores of every label, in the order of the labels.
    pub labels: Vec<ClassScore>,
}

impl MultiLabelReport {
    /// The scores of the sets of labels `found`, one per example; label `i` is called `labels[i]`.
    ///
    /// An example may have no labels, and a repeated label counts once.
    ///
    /// # Errors
    ///
    /// [`ScoreError`] if there are no examples or no labels, the numbers of examples differ, or a
    /// label has no name.
    pub fn new<S: AsRef<str>>(
        found: &[Vec<u32>],
        expected: &[Vec<u32>],
        labels: &[S],
    ) -> Result<Self, ScoreError> {
        check_lengths("examples", found.len(), expected.len())?;
        check_lengths("labels", labels.len(), labels.len())?;
        let found = sets(found, labels.len())?;
        let expected = sets(expected, labels.len())?;
        let mut counts = vec![F1Counts::default(); labels.len()];
        let mut equal = 0;
        for (found, expected) in found.iter().zip(&expected) {
            equal += usize::from(found == expected);
            for &label in found {
                counts[label as usize].found += 1;
                counts[label as usize].correct += usize::from(expected.contains(&label));
            }
            for &label in expected {
                counts[label as usize].expected += 1;
            }
        }
        let mut total = F1Counts::default();
        for label in &counts {
            total.correct += label.correct;
            total.found += label.found;
            total.expected += label.expected;
        }
        let labels: Vec<_> =
            labels.iter().zip(counts).map(|(name, c)| ClassScore::new(name.as_ref(), c)).collect();
        Ok(Self {
            examples: found.len(),
            subset_accuracy: equal as f64 / found.len() as f64,
            micro_average: total.score(),
            macro_average: F1Score::mean(labels.iter().map(|label| &label.score)),
            labels,
        })
    }
}

/// The set of labels of each example.
fn sets(examples: &[Vec<u32>], labels: usize) -> Result<Vec<BTreeSet<u32>>, ScoreError> {
    let set = |(example, found): (usize, &Vec<u32>)| match found
        .iter()
        .find(|&&label| label as usize >= labels)
    {
        Some(&label) => Err(ScoreError::UnknownLabel { example, label, labels }),
        None => Ok(found.iter().copied().collect()),
    };
    examples.iter().enumerate().map(set).collect()
}
