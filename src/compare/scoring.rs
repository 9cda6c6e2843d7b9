//! Scores predictions with a task's metrics.

use crate::datasets::score::bleu::Bleu;
use crate::datasets::score::chrf::Chrf;
use crate::datasets::score::entities::{Reading, entity_scores};
use crate::datasets::score::{ScoreError, accuracy};
use crate::datasets::task::{Example, Metric, Task};
use crate::train::Prediction;

/// A split of a task's data, with reference texts where metrics need them.
#[derive(Debug, Clone, Copy)]
pub struct Split<'a> {
    /// The examples: inputs and targets.
    pub examples: &'a [Example],
    /// The targets as texts; empty where no metric compares texts.
    pub texts: &'a [String],
}

/// The text of generated tokens.
pub type Decode<'a> = &'a dyn Fn(&[u32]) -> String;

/// The score of predictions on a split.
///
/// # Errors
///
/// There are no predictions to score.
pub fn score(
    task: &Task,
    metric: Metric,
    predictions: &[Prediction],
    split: Split<'_>,
    decode: Decode<'_>,
) -> Result<f64, ScoreError> {
    match metric {
        Metric::Accuracy | Metric::TagAccuracy => {
            let expected: Vec<Option<u32>> =
                split.examples.iter().flat_map(|e| e.target.ids()).map(Some).collect();
            let predicted: Vec<Option<u32>> =
                predictions.iter().flat_map(labels).copied().collect();
            Ok(100.0 * accuracy::accuracy(&predicted, &expected)?.share)
        }
        Metric::ExactMatch if !split.texts.is_empty() => {
            let expected: Vec<String> = split.texts.iter().map(|text| spaced(text)).collect();
            let predicted: Vec<String> =
                texts(predictions, decode).iter().map(|text| spaced(text)).collect();
            Ok(100.0 * accuracy::accuracy(&predicted, &expected)?.share)
        }
        Metric::ExactMatch => {
            let expected: Vec<Vec<u32>> = split.examples.iter().map(|e| e.target.ids()).collect();
            let predicted: Vec<Vec<u32>> = predictions.iter().map(sequence).collect();
            Ok(100.0 * accuracy::accuracy(&predicted, &expected)?.share)
        }
        Metric::EntityF1 => {
            // A token that is not a label counts as outside of entities.
            let name = |label: Option<u32>| {
                label.and_then(|label| task.label_name(label)).unwrap_or("O").to_string()
            };
            let expected = split.examples.iter().map(|e| e.target.ids());
            let expected: Vec<Vec<String>> =
                expected.map(|ids| ids.into_iter().map(|id| name(Some(id))).collect()).collect();
            let predicted: Vec<Vec<String>> = predictions
                .iter()
                .map(|prediction| labels(prediction).iter().map(|id| name(*id)).collect())
                .collect();
            Ok(100.0 * entity_scores(&predicted, &expected, Reading::Lenient)?.overall.f1)
        }
        Metric::BitsPerCharacter => {
            let sums = predictions.iter().map(|prediction| match prediction {
                Prediction::Nats { sum, targets } => (*sum, *targets),
                _ => (0.0, 0),
            });
            let (nats, count) = sums.fold((0.0, 0), |sum, next| (sum.0 + next.0, sum.1 + next.1));
            if count == 0 {
                return Err(ScoreError::Empty { what: "characters" });
            }
            Ok(nats / count as f64 / std::f64::consts::LN_2)
        }
        Metric::Bleu => {
            Ok(Bleu::default().score(&texts(predictions, decode), &references(split))?.score)
        }
        Metric::ChrF => {
            Ok(Chrf::default().score(&texts(predictions, decode), &references(split))?.score)
        }
    }
}

fn labels(prediction: &Prediction) -> &[Option<u32>] {
    match prediction {
        Prediction::Labels(labels) => labels,
        _ => &[],
    }
}

fn sequence(prediction: &Prediction) -> Vec<u32> {
    match prediction {
        Prediction::Sequence(tokens) => tokens.clone(),
        _ => Vec::new(),
    }
}

fn texts(predictions: &[Prediction], decode: Decode<'_>) -> Vec<String> {
    predictions.iter().map(|prediction| decode(&sequence(prediction))).collect()
}

/// The text with single spaces: vocabularies of words do not keep the kind and number of spaces.
fn spaced(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn references(split: Split<'_>) -> Vec<Vec<String>> {
    split.texts.iter().map(|text| vec![text.clone()]).collect()
}
