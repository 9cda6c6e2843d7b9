//! What the scores of examples are computed from: counted once for each example, so that the score of
//! a resample only adds counts.

use zoo_datasets::score::ScoreError;
use zoo_datasets::score::bleu::{Bleu, BleuCounts};
use zoo_datasets::score::chrf::{Chrf, ChrfCounts};
use zoo_datasets::score::classification::{ClassificationReport, ConfusionCell};
use zoo_datasets::score::entities::{EntityScore, Reading, entity_scores, is_entity_tag};
use zoo_datasets::score::multi_label::MultiLabelReport;
use zoo_datasets::score::regression::{pearson, r2, spearman};
use zoo_datasets::score::rouge::{RougeScores, rouge_of};

use super::ranks::Ranks;
use crate::train_data::Score;

/// The scored examples of a task.
#[derive(Debug)]
pub(super) enum ExampleScores {
    /// One label each.
    Classes {
        /// The distinct pairs of an expected and a found label; their counts are unused.
        cells: Vec<ConfusionCell>,
        /// The pair of each example.
        of: Vec<usize>,
        /// The names of the labels.
        labels: Vec<String>,
    },
    /// Several labels each.
    LabelSets { found: Vec<Vec<u32>>, expected: Vec<Vec<u32>>, labels: Vec<String> },
    /// A number each.
    Numbers { found: Vec<f64>, expected: Vec<f64> },
    /// Tags of words.
    Tags(Vec<TagCounts>),
    /// A text each.
    Texts(Vec<TextCounts>),
    /// Related texts, or the documents of queries.
    Ranks(Ranks),
    /// Scores whose mean is the score of all examples.
    Means {
        /// The names of the scores.
        names: Vec<&'static str>,
        /// The scores of each example.
        scores: Vec<Vec<f64>>,
    },
}

/// The counts of a tagged text.
#[derive(Debug, Clone)]
pub(super) struct TagCounts {
    correct: usize,
    words: usize,
    /// `None` where the tags follow no scheme of entities.
    entities: Option<EntityScore>,
}

/// The counts of a generated text.
#[derive(Debug, Clone)]
pub(super) struct TextCounts {
    bleu: BleuCounts,
    chrf: ChrfCounts,
    rouge: RougeScores,
    is_exact: bool,
}

impl ExampleScores {
    /// Of found and expected labels.
    pub(super) fn classes(found: &[u32], expected: &[u32], labels: &[String]) -> Self {
        let mut cells: Vec<ConfusionCell> = Vec::new();
        let mut index = std::collections::HashMap::new();
        let pairs = found.iter().zip(expected);
        let of = pairs.map(|(&found, &expected)| {
            *index.entry((found, expected)).or_insert_with(|| {
                cells.push(ConfusionCell { expected, found, count: 0 });
                cells.len() - 1
            })
        });
        let of = of.collect();
        Self::Classes { cells, of, labels: labels.to_vec() }
    }

    /// Of found and expected tags of each text.
    ///
    /// # Errors
    ///
    /// A text has more or fewer tags than words.
    pub(super) fn tags(
        found: &[Vec<String>],
        expected: &[Vec<String>],
        labels: &[String],
    ) -> Result<Self, ScoreError> {
        let has_entities = labels.iter().all(|label| is_entity_tag(label));
        let counts = found.iter().zip(expected).map(|(found, expected)| {
            let right = found.iter().zip(expected).filter(|(found, expected)| found == expected);
            let (correct, words) = (right.count(), expected.len());
            let one = |tags: &Vec<String>| [tags.clone()];
            let entities = has_entities
                .then(|| entity_scores(&one(found), &one(expected), Reading::Lenient))
                .transpose()?
                .map(|scores| scores.overall);
            Ok(TagCounts { correct, words, entities })
        });
        counts.collect::<Result<_, _>>().map(Self::Tags)
    }

    /// Of found texts with their references.
    ///
    /// # Errors
    ///
    /// A text has no reference.
    pub(super) fn texts(found: &[String], references: &[Vec<String>]) -> Result<Self, ScoreError> {
        let counts = found.iter().zip(references).map(|(found, references)| {
            Ok(TextCounts {
                bleu: Bleu::default().counts(found, references),
                chrf: Chrf::default().counts(found, references),
                rouge: rouge_of(found, references)?,
                is_exact: references.contains(found),
            })
        });
        counts.collect::<Result<_, _>>().map(Self::Texts)
    }

    /// The number of examples.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Classes { of, .. } => of.len(),
            Self::LabelSets { found, .. } => found.len(),
            Self::Numbers { found, .. } => found.len(),
            Self::Tags(counts) => counts.len(),
            Self::Texts(counts) => counts.len(),
            Self::Ranks(ranks) => ranks.count(),
            Self::Means { scores, .. } => scores.len(),
        }
    }

    /// The scores of some examples, the most important one first: shares in percent, except for
    /// correlations. A score that is undefined is left out.
    ///
    /// # Errors
    ///
    /// There are no examples.
    pub(super) fn of(&self, examples: &[usize]) -> Result<Vec<Score>, ScoreError> {
        if examples.is_empty() {
            return Err(ScoreError::Empty { what: "examples" });
        }
        let count = examples.len() as f64;
        match self {
            Self::Classes { cells, of, labels } => {
                let mut cells = cells.clone();
                examples.iter().for_each(|&example| cells[of[example]].count += 1);
                let report = ClassificationReport::of_confusion(cells, labels)?;
                Ok(vec![
                    score("accuracy", 100.0 * report.accuracy),
                    score("macro_f1", 100.0 * report.macro_average.f1),
                    score("mcc", report.mcc),
                ])
            }
            Self::LabelSets { found, expected, labels } => {
                let some = |sets: &[Vec<u32>]| -> Vec<Vec<u32>> {
                    examples.iter().map(|&example| sets[example].clone()).collect()
                };
                let report = MultiLabelReport::new(&some(found), &some(expected), labels)?;
                Ok(vec![
                    score("micro_f1", 100.0 * report.micro_average.f1),
                    score("macro_f1", 100.0 * report.macro_average.f1),
                    score("subset_accuracy", 100.0 * report.subset_accuracy),
                ])
            }
            Self::Numbers { found, expected } => {
                let some = |all: &[f64]| -> Vec<f64> {
                    examples.iter().map(|&example| all[example]).collect()
                };
                let (found, expected) = (some(found), some(expected));
                // One example has none of these, and a constant no correlation.
                let defined = [
                    ("r2", r2(&found, &expected).ok()),
                    ("pearson", pearson(&found, &expected).ok()),
                    ("spearman", spearman(&found, &expected).ok()),
                ];
                Ok(defined
                    .into_iter()
                    .filter_map(|(name, value)| Some(score(name, value?)))
                    .collect())
            }
            Self::Tags(counts) => {
                let some = || examples.iter().map(|&example| &counts[example]);
                let correct: usize = some().map(|of| of.correct).sum();
                let words: usize = some().map(|of| of.words).sum();
                if words == 0 {
                    return Err(ScoreError::Empty { what: "tags" });
                }
                let mut scores = vec![score("accuracy", 100.0 * correct as f64 / words as f64)];
                if some().all(|of| of.entities.is_some()) {
                    let mut entities = EntityScore::default();
                    some().filter_map(|of| of.entities.as_ref()).for_each(|of| entities += of);
                    scores.insert(0, score("f1", 100.0 * entities.f1));
                    scores.push(score("precision", 100.0 * entities.precision));
                    scores.push(score("recall", 100.0 * entities.recall));
                }
                Ok(scores)
            }
            Self::Texts(counts) => {
                let some = || examples.iter().map(|&example| &counts[example]);
                let (mut bleu, mut chrf) = (BleuCounts::default(), ChrfCounts::default());
                for of in some() {
                    bleu += of.bleu;
                    chrf += &of.chrf;
                }
                let mean = |f1: fn(&RougeScores) -> f64| {
                    some().map(|of| f1(&of.rouge)).sum::<f64>() / count
                };
                let exact = some().filter(|of| of.is_exact).count();
                Ok(vec![
                    score("bleu", Bleu::default().score_of(&bleu)),
                    score("chrf", Chrf::default().score_of(&chrf)),
                    score("rouge1", 100.0 * mean(|rouge| rouge.rouge_1.f1)),
                    score("rouge2", 100.0 * mean(|rouge| rouge.rouge_2.f1)),
                    score("rougeL", 100.0 * mean(|rouge| rouge.rouge_l.f1)),
                    score("exact_match", 100.0 * exact as f64 / count),
                ])
            }
            Self::Ranks(ranks) => ranks.scores(examples),
            Self::Means { names, scores } => {
                let mean = |column: usize| {
                    examples.iter().map(|&example| scores[example][column]).sum::<f64>() / count
                };
                let columns = names.iter().enumerate();
                Ok(columns.map(|(column, name)| score(name, mean(column))).collect())
            }
        }
    }

    /// The scores of all examples.
    ///
    /// # Errors
    ///
    /// There are no examples.
    pub(super) fn all(&self) -> Result<Vec<Score>, ScoreError> {
        self.of(&(0..self.len()).collect::<Vec<_>>())
    }
}

fn score(name: &str, value: f64) -> Score {
    Score { name: name.to_string(), value }
}

#[cfg(test)]
mod tests;
