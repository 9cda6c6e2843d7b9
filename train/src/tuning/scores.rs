//! The scores of predictions on labeled texts.

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
    Ok(match task {
        LabeledTask::Classification => {
            let Compared { found, expected } = classes(predictions, examples);
            ExampleScores::classes(&found, &expected, labels)
        }
        LabeledTask::MultiLabelClassification => {
            let Compared { found, expected } = label_sets(predictions, examples);
            ExampleScores::LabelSets { found, expected, labels: labels.to_vec() }
        }
        LabeledTask::Regression => {
            let Compared { found, expected } = numbers(predictions, examples);
            ExampleScores::Numbers { found, expected }
        }
        LabeledTask::Tagging => {
            let Compared { found, expected } = tags(labels, predictions, examples);
            ExampleScores::tags(&found, &expected, labels)?
        }
        LabeledTask::SentenceEmbedding | LabeledTask::Ranking => {
            ExampleScores::Ranks(Ranks::new(predictions, examples)?)
        }
        LabeledTask::QuestionAnswering | LabeledTask::TextToText => {
            ExampleScores::Means { names: Vec::new(), scores: vec![Vec::new(); examples.len()] }
        }
    })
}

/// What was found, and what is right, for each example.
pub(super) struct Compared<T> {
    pub(super) found: Vec<T>,
    pub(super) expected: Vec<T>,
}

/// The label of each example.
pub(super) fn classes(predictions: &[&Prediction], examples: &[&EncodedText]) -> Compared<u32> {
    let found = predictions.iter().map(|prediction| match prediction {
        Prediction::Labels(labels) => labels.first().copied().flatten().unwrap_or_default(),
        _ => 0,
    });
    let expected = examples.iter().map(|example| match &example.target {
        EncodedTarget::Class(label) => *label,
        _ => 0,
    });
    Compared { found: found.collect(), expected: expected.collect() }
}

/// Found labels, those that are more likely than not, and expected ones.
fn label_sets(predictions: &[&Prediction], examples: &[&EncodedText]) -> Compared<Vec<u32>> {
    let found = predictions.iter().map(|prediction| match prediction {
        Prediction::Values(values) => {
            (0..).zip(values).filter(|(_, logit)| **logit > 0.0).map(|(label, _)| label).collect()
        }
        _ => Vec::new(),
    });
    let expected = examples.iter().map(|example| match &example.target {
        EncodedTarget::Labels(labels) => labels.clone(),
        _ => Vec::new(),
    });
    Compared { found: found.collect(), expected: expected.collect() }
}

fn numbers(predictions: &[&Prediction], examples: &[&EncodedText]) -> Compared<f64> {
    let found = predictions.iter().map(|prediction| match prediction {
        Prediction::Values(values) => values.first().copied().map_or(0.0, f64::from),
        _ => 0.0,
    });
    let expected = examples.iter().map(|example| match &example.target {
        EncodedTarget::Number(number) => f64::from(*number),
        _ => 0.0,
    });
    Compared { found: found.collect(), expected: expected.collect() }
}

/// The names of found and expected tags, text by text.
fn tags(
    labels: &[String],
    predictions: &[&Prediction],
    examples: &[&EncodedText],
) -> Compared<Vec<String>> {
    let name = |label: &u32| labels.get(*label as usize).cloned().unwrap_or_default();
    let found = predictions.iter().map(|prediction| match prediction {
        Prediction::Labels(labels) => labels.iter().flatten().map(name).collect(),
        _ => Vec::new(),
    });
    let expected = examples.iter().map(|example| match &example.target {
        EncodedTarget::Tags(tags) => tags.iter().flatten().map(name).collect(),
        _ => Vec::new(),
    });
    Compared { found: found.collect(), expected: expected.collect() }
}
