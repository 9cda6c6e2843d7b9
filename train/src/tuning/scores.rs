//! The scores of predictions on labeled examples.

use zoo_datasets::labeled::LabeledTask;
use zoo_datasets::score::ScoreError;

use super::encoded::{EncodedTarget, EncodedText};
use super::example_scores::ExampleScores;
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
    example_scores(task, labels, predictions, examples)?.all()
}

/// What the scores of labels, numbers and tags are computed from; texts and answers have none.
///
/// # Errors
///
/// A text has more or fewer tags than words.
pub(super) fn example_scores(
    task: LabeledTask,
    labels: &[String],
    predictions: &[&Prediction],
    examples: &[&EncodedText],
) -> Result<ExampleScores, ScoreError> {
    match task {
        LabeledTask::SentenceEmbedding | LabeledTask::Ranking => {
            Ok(ExampleScores::Ranks(Ranks::new(predictions, examples)?))
        }
        _ => {
            let targets: Vec<_> = examples.iter().map(|example| &example.target).collect();
            target_scores(task, labels, predictions, &targets)
        }
    }
}

/// The same of predicted labels, numbers and tags with their targets; other tasks have no scores.
///
/// # Errors
///
/// See [`example_scores`].
pub(super) fn target_scores(
    task: LabeledTask,
    labels: &[String],
    predictions: &[&Prediction],
    targets: &[&EncodedTarget],
) -> Result<ExampleScores, ScoreError> {
    Ok(match task {
        LabeledTask::Classification | LabeledTask::ImageClassification => {
            let Compared { found, expected } = classes(predictions, targets);
            ExampleScores::classes(&found, &expected, labels)
        }
        LabeledTask::MultiLabelClassification => {
            let Compared { found, expected } = label_sets(predictions, targets);
            ExampleScores::LabelSets { found, expected, labels: labels.to_vec() }
        }
        LabeledTask::Regression => {
            let Compared { found, expected } = numbers(predictions, targets);
            ExampleScores::Numbers { found, expected }
        }
        LabeledTask::Tagging => {
            let Compared { found, expected } = tags(labels, predictions, targets);
            ExampleScores::tags(&found, &expected, labels)?
        }
        LabeledTask::QuestionAnswering
        | LabeledTask::TextToText
        | LabeledTask::SentenceEmbedding
        | LabeledTask::Ranking => {
            ExampleScores::Means { names: Vec::new(), scores: vec![Vec::new(); targets.len()] }
        }
    })
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
