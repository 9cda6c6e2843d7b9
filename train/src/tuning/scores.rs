//! The scores of predictions on labeled examples.

use zoo_datasets::labeled::LabeledTask;
use zoo_datasets::score::ScoreError;
use zoo_datasets::score::accuracy::accuracy;
use zoo_datasets::score::classification::ClassificationReport;
use zoo_datasets::score::entities::{Reading, entity_scores, is_entity_tag};
use zoo_datasets::score::multi_label::MultiLabelReport;
use zoo_datasets::score::regression::{pearson, r2, spearman};

use super::encoded::{EncodedTarget, EncodedText};
use super::ranks::Ranks;
use crate::prediction::Prediction;
use crate::train_data::Score;

/// The scores of predictions, the most important one first: shares in percent, except for
/// correlations. None for texts, whose generation takes long, and for answers.
///
/// # Errors
///
/// There are no predictions.
pub fn scores(
    task: LabeledTask,
    labels: &[String],
    predictions: &[&Prediction],
    examples: &[&EncodedText],
) -> Result<Vec<Score>, ScoreError> {
    match task {
        LabeledTask::SentenceEmbedding | LabeledTask::Ranking => {
            let ranks = Ranks::new(predictions, examples)?;
            ranks.scores(&(0..ranks.count()).collect::<Vec<usize>>())
        }
        _ => {
            let targets: Vec<_> = examples.iter().map(|example| &example.target).collect();
            target_scores(task, labels, predictions, &targets)
        }
    }
}

/// The scores of predicted labels and numbers; none for other tasks.
pub(super) fn target_scores(
    task: LabeledTask,
    labels: &[String],
    predictions: &[&Prediction],
    targets: &[&EncodedTarget],
) -> Result<Vec<Score>, ScoreError> {
    let score = |name: &str, value: f64| Score { name: name.to_string(), value };
    match task {
        LabeledTask::Classification | LabeledTask::ImageClassification => {
            let Compared { found, expected } = classes(predictions, targets);
            let report = ClassificationReport::new(&found, &expected, labels)?;
            Ok(vec![
                score("accuracy", 100.0 * report.accuracy),
                score("macro_f1", 100.0 * report.macro_average.f1),
                score("mcc", report.mcc),
            ])
        }
        LabeledTask::MultiLabelClassification => {
            let Compared { found, expected } = label_sets(predictions, targets);
            let report = MultiLabelReport::new(&found, &expected, labels)?;
            Ok(vec![
                score("micro_f1", 100.0 * report.micro_average.f1),
                score("macro_f1", 100.0 * report.macro_average.f1),
                score("subset_accuracy", 100.0 * report.subset_accuracy),
            ])
        }
        LabeledTask::Regression => {
            let Compared { found, expected } = numbers(predictions, targets);
            let mut scores = Vec::new();
            // One example has none of these, and a constant no correlation.
            scores.extend(r2(&found, &expected).ok().map(|value| score("r2", value)));
            scores.extend(pearson(&found, &expected).ok().map(|value| score("pearson", value)));
            scores.extend(spearman(&found, &expected).ok().map(|value| score("spearman", value)));
            Ok(scores)
        }
        LabeledTask::Tagging => {
            let Compared { found, expected } = tags(labels, predictions, targets);
            let flat = |tags: &[Vec<String>]| tags.concat();
            let share = accuracy(&flat(&found), &flat(&expected))?.share;
            let mut scores = vec![score("accuracy", 100.0 * share)];
            if labels.iter().all(|label| is_entity_tag(label)) {
                let entities = entity_scores(&found, &expected, Reading::Lenient)?.overall;
                scores.insert(0, score("f1", 100.0 * entities.f1));
                scores.push(score("precision", 100.0 * entities.precision));
                scores.push(score("recall", 100.0 * entities.recall));
            }
            Ok(scores)
        }
        LabeledTask::QuestionAnswering
        | LabeledTask::TextToText
        | LabeledTask::SentenceEmbedding
        | LabeledTask::Ranking => Ok(Vec::new()),
    }
}

/// What was found, and what is right, for each example.
pub(super) struct Compared<T> {
    pub(super) found: Vec<T>,
    pub(super) expected: Vec<T>,
}

/// The label of each example.
pub(super) fn classes(predictions: &[&Prediction], targets: &[&EncodedTarget]) -> Compared<u32> {
    let found = predictions.iter().map(|prediction| match prediction {
        Prediction::Labels(labels) => labels.first().copied().flatten().unwrap_or_default(),
        _ => 0,
    });
    let expected = targets.iter().map(|target| match target {
        EncodedTarget::Class(label) => *label,
        _ => 0,
    });
    Compared { found: found.collect(), expected: expected.collect() }
}

/// Found labels, those that are more likely than not, and expected ones.
fn label_sets(predictions: &[&Prediction], targets: &[&EncodedTarget]) -> Compared<Vec<u32>> {
    let found = predictions.iter().map(|prediction| match prediction {
        Prediction::Values(values) => {
            (0..).zip(values).filter(|(_, logit)| **logit > 0.0).map(|(label, _)| label).collect()
        }
        _ => Vec::new(),
    });
    let expected = targets.iter().map(|target| match target {
        EncodedTarget::Labels(labels) => labels.clone(),
        _ => Vec::new(),
    });
    Compared { found: found.collect(), expected: expected.collect() }
}

fn numbers(predictions: &[&Prediction], targets: &[&EncodedTarget]) -> Compared<f64> {
    let found = predictions.iter().map(|prediction| match prediction {
        Prediction::Values(values) => values.first().copied().map_or(0.0, f64::from),
        _ => 0.0,
    });
    let expected = targets.iter().map(|target| match target {
        EncodedTarget::Number(number) => f64::from(*number),
        _ => 0.0,
    });
    Compared { found: found.collect(), expected: expected.collect() }
}

/// The names of found and expected tags, text by text.
fn tags(
    labels: &[String],
    predictions: &[&Prediction],
    targets: &[&EncodedTarget],
) -> Compared<Vec<String>> {
    let name = |label: &u32| labels.get(*label as usize).cloned().unwrap_or_default();
    let found = predictions.iter().map(|prediction| match prediction {
        Prediction::Labels(labels) => labels.iter().flatten().map(name).collect(),
        _ => Vec::new(),
    });
    let expected = targets.iter().map(|target| match target {
        EncodedTarget::Tags(tags) => tags.iter().flatten().map(name).collect(),
        _ => Vec::new(),
    });
    Compared { found: found.collect(), expected: expected.collect() }
}
