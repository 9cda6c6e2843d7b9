//! Scores of single-label classification, as scikit-learn computes them.
//!
//! ```text
//! precision = correct / found      recall = correct / expected
//! F1 = 2 correct / (found + expected)
//! MCC = (c s − Σ_k p_k t_k) / √((s² − Σ_k p_k²) (s² − Σ_k t_k²))
//! ```
//!
//! where, in the Matthews correlation coefficient, s is the number of examples, c the number of
//! correct ones, and p_k and t_k the number of examples found and expected in class k.
//!
//! A ratio whose denominator is 0 is 0: scikit-learn's `zero_division=0`, and its MCC.
//!
//! Reference: scikit-learn 1.9, <https://scikit-learn.org/stable/modules/model_evaluation.html>;
//! MCC: Gorodkin 2004, <https://doi.org/10.1016/j.compbiolchem.2004.09.006>

use super::checks::check_lengths;
use super::error::ScoreError;
use super::f1::{F1Counts, F1Score, Weighted};
use std::collections::BTreeMap;

/// The score of one class.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct ClassScore {
    /// The class's name.
    pub label: String,
    /// Precision, recall and F1.
    #[serde(flatten)]
    pub score: F1Score,
    /// Examples for which the class is expected.
    pub support: usize,
    /// Examples for which the class was found.
    pub found: usize,
}

impl ClassScore {
    pub(super) fn new(label: &str, counts: F1Counts) -> Self {
        let (support, found) = (counts.expected, counts.found);
        Self { label: label.to_owned(), score: counts.score(), support, found }
    }
}

/// An entry of a confusion matrix that is not 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct ConfusionCell {
    /// The expected label.
    pub expected: u32,
    /// The label found.
    pub found: u32,
    /// The number of examples.
    pub count: usize,
}

/// The scores of a single-label classification.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct ClassificationReport {
    /// The number of examples.
    pub examples: usize,
    /// The fraction of correct examples.
    pub accuracy: f64,
    /// The mean over the classes that were found or expected.
    ///
    /// As in scikit-learn's `f1_score(expected, found, average="macro")`: a class without any
    /// example has no score, so it is not part of the mean.
    pub macro_average: F1Score,
    /// The mean over the classes, weighted by support.
    pub weighted_average: F1Score,
    /// The Matthews correlation coefficient, from -1 to 1; 0 if found or expected labels are all
    /// the same.
    pub mcc: f64,
    /// The scores of every class, in the order of the labels.
    pub classes: Vec<ClassScore>,
    /// The entries of the confusion matrix that are not 0, by expected label, then found label.
    // A dense matrix of the 21,841 classes of ImageNet-21k would have 3.8 GB.
    pub confusion: Vec<ConfusionCell>,
}

impl ClassificationReport {
    /// The scores of the labels `found`; label `i` is called `labels[i]`.
    ///
    /// # Errors
    ///
    /// [`ScoreError`] if there are no examples, the numbers of examples differ, or a label has no
    /// name.
    pub fn new<S: AsRef<str>>(
        found: &[u32],
        expected: &[u32],
        labels: &[S],
    ) -> Result<Self, ScoreError> {
        check_lengths("examples", found.len(), expected.len())?;
        check_labels(found, labels.len())?;
        check_labels(expected, labels.len())?;
        let mut confusion = BTreeMap::<(u32, u32), usize>::new();
        for (&found, &expected) in found.iter().zip(expected) {
            *confusion.entry((expected, found)).or_default() += 1;
        }
        let cells = confusion.into_iter();
        Self::of_confusion(
            cells.map(|((expected, found), count)| ConfusionCell { expected, found, count }),
            labels,
        )
    }

    /// The scores of a confusion matrix; label `i` is called `labels[i]`.
    ///
    /// # Errors
    ///
    /// [`ScoreError`] if the matrix is empty, or a label has no name.
    pub fn of_confusion<S: AsRef<str>>(
        cells: impl IntoIterator<Item = ConfusionCell>,
        labels: &[S],
    ) -> Result<Self, ScoreError> {
        let mut counts = vec![F1Counts::default(); labels.len()];
        let (mut confusion, mut examples) = (Vec::new(), 0);
        for cell in cells {
            let ConfusionCell { expected, found, count } = cell;
            check_labels(&[found, expected], labels.len())?;
            if count == 0 {
                continue;
            }
            examples += count;
            counts[found as usize].found += count;
            counts[expected as usize].expected += count;
            if found == expected {
                counts[expected as usize].correct += count;
            }
            confusion.push(cell);
        }
        check_lengths("examples", examples, examples)?;
        let classes: Vec<_> = labels
            .iter()
            .zip(&counts)
            .map(|(name, &c)| ClassScore::new(name.as_ref(), c))
            .collect();
        let occurring = classes.iter().filter(|class| class.support + class.found > 0);
        let weighted = classes.iter().map(|c| Weighted { score: &c.score, weight: c.support });
        let correct: usize = counts.iter().map(|class| class.correct).sum();
        Ok(Self {
            examples,
            accuracy: correct as f64 / examples as f64,
            macro_average: F1Score::mean(occurring.map(|class| &class.score)),
            weighted_average: F1Score::weighted_mean(weighted),
            mcc: matthews(&counts),
            confusion,
            classes,
        })
    }

    /// The dense confusion matrix: `matrix[expected][found]` counts examples.
    pub fn confusion_matrix(&self) -> Vec<Vec<usize>> {
        let mut matrix = vec![vec![0; self.classes.len()]; self.classes.len()];
        for cell in &self.confusion {
            matrix[cell.expected as usize][cell.found as usize] = cell.count;
        }
        matrix
    }
}

/// Checks that every label is below the number of labels.
fn check_labels(found: &[u32], labels: usize) -> Result<(), ScoreError> {
    match found.iter().position(|&label| label as usize >= labels) {
        Some(example) => Err(ScoreError::UnknownLabel { example, label: found[example], labels }),
        None => Ok(()),
    }
}

/// The multiclass Matthews correlation coefficient; 0 if its denominator is 0.
fn matthews(counts: &[F1Counts]) -> f64 {
    // Integers, as differences of squares of counts lose digits in f64.
    let sum = |term: fn(&F1Counts) -> i128| counts.iter().map(term).sum::<i128>();
    let examples = sum(|class| class.expected as i128);
    let correct = sum(|class| class.correct as i128);
    let both = correct * examples - sum(|class| class.found as i128 * class.expected as i128);
    let found = examples * examples - sum(|class| (class.found as i128).pow(2));
    let expected = examples * examples - sum(|class| (class.expected as i128).pow(2));
    if found == 0 || expected == 0 {
        return 0.0;
    }
    (both as f64 / ((found as f64).sqrt() * (expected as f64).sqrt())).clamp(-1.0, 1.0)
}
