//! The evaluation of a model on labeled texts.

use serde::Serialize;
use zoo_datasets::labeled::{LabeledTarget, LabeledTask, LabeledTexts};
use zoo_datasets::score::ScoreError;
use zoo_datasets::score::bootstrap::{Bootstrap, Interval};
use zoo_datasets::score::classification::ClassificationReport;
use zoo_datasets::score::squad::Squad;
use zoo_models::checkpoint::Model;

use super::encoded::{EncodedTarget, EncodedText};
use super::example_scores::ExampleScores;
use super::objective::Measured;
use super::scores::{Compared, classes, example_scores};
use super::setup::TaskSetup;
use crate::error::TrainError;
use crate::prediction::Prediction;
use crate::train_data::Score;

/// Resamples of an interval.
const RESAMPLES: usize = 1000;

/// The result of an evaluation.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Evaluation {
    /// The number of examples.
    pub examples: usize,
    /// The mean loss: of cross-entropies, in nats.
    pub loss: f64,
    /// The perplexity of target texts: exp(loss).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub perplexity: Option<f64>,
    /// The scores, the most important one first.
    pub scores: Vec<ScoreInterval>,
    /// The scores of each class, and the confusions, of a classification.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub report: Option<ClassificationReport>,
}

/// A score with its interval.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ScoreInterval {
    /// The score's name.
    pub name: String,
    /// Its value.
    pub value: f64,
    /// The lower end of the 95 % interval over resampled examples; `None` where it does not exist.
    pub low: Option<f64>,
    /// The upper end.
    pub high: Option<f64>,
}

impl TaskSetup {
    /// Evaluates a model. `done` receives the number of texts whose predictions are finished.
    ///
    /// # Errors
    ///
    /// Texts that cannot be encoded; outputs that are not finite.
    pub fn evaluate(
        &self,
        model: &Model,
        texts: LabeledTexts,
        done: &mut dyn FnMut(usize),
    ) -> Result<Evaluation, TrainError> {
        let examples = self.encode(texts.clone())?;
        let Measured { loss, predictions } = self.measure(model, &examples, done)?;
        let scores = match self.task {
            LabeledTask::TextToText => self.text_scores(&predictions, &texts),
            LabeledTask::QuestionAnswering => self.answer_scores(&predictions, &examples, &texts),
            _ => {
                let (predictions, examples) = paired(&predictions, &examples);
                example_scores(self.task, &self.labels, &predictions, &examples)
            }
        };
        let report = match self.task {
            LabeledTask::Classification => {
                let targets: Vec<_> = examples.iter().map(|example| &example.target).collect();
                let predictions: Vec<_> = predictions.iter().collect();
                Some(class_report(&self.labels, &predictions, &targets))
            }
            _ => None,
        };
        Ok(Evaluation {
            examples: texts.examples.len(),
            loss: loss.mean(),
            perplexity: (self.task == LabeledTask::TextToText).then(|| loss.mean().exp()),
            scores: scores.and_then(|scores| intervals(&scores)).map_err(TrainError::data)?,
            report: report.transpose().map_err(TrainError::data)?,
        })
    }

    fn text_scores(
        &self,
        predictions: &[Prediction],
        texts: &LabeledTexts,
    ) -> Result<ExampleScores, ScoreError> {
        let decoded = predictions.iter().map(|prediction| match prediction {
            Prediction::Sequence(ids) => self.tokenizer.decode(ids).unwrap_or_default(),
            _ => String::new(),
        });
        let found: Vec<String> = decoded.map(|text| text.trim().to_owned()).collect();
        let right = texts.examples.iter().map(|text| match &text.target {
            LabeledTarget::Text(text) => vec![text.trim().to_owned()],
            _ => vec![String::new()],
        });
        let right: Vec<Vec<String>> = right.collect();
        ExampleScores::texts(&found, &right)
    }

    fn answer_scores(
        &self,
        predictions: &[Prediction],
        windows: &[EncodedText],
        texts: &LabeledTexts,
    ) -> Result<ExampleScores, ScoreError> {
        // The best answer among the windows of a text; none where no answer scores higher.
        let mut answers = vec![String::new(); texts.examples.len()];
        let mut best = vec![f32::NEG_INFINITY; texts.examples.len()];
        let mut first = 0;
        for (index, (prediction, window)) in predictions.iter().zip(windows).enumerate() {
            let example = window.example;
            if index > 0 && windows[index - 1].example != example {
                first = index;
            }
            let Prediction::Span { span, score, none } = prediction else { continue };
            if score - none > best[example] {
                best[example] = score - none;
                let answer = self.codec.answer(&texts.examples[example], index - first, *span);
                answers[example] = answer.unwrap_or_default();
            }
        }
        let right = texts.examples.iter().map(|text| match &text.target {
            LabeledTarget::Answers(answers) => {
                answers.iter().map(|answer| answer.text.clone()).collect()
            }
            _ => Vec::new(),
        });
        let right: Vec<Vec<String>> = right.collect();
        let has_none = right.iter().any(Vec::is_empty);
        let rules = if has_none { Squad::V2 } else { Squad::V1 };
        if has_none {
            let is_none = |(answer, best): (&mut String, &f32)| {
                if *best < 0.0 {
                    answer.clear();
                }
            };
            answers.iter_mut().zip(&best).for_each(is_none);
        }
        let single = answers.iter().zip(&right).map(|(found, right)| rules.question(found, right));
        let single = single.map(|score| score.map(|score| vec![score.f1, score.exact_match]));
        let scores = single.collect::<Result<Vec<_>, _>>()?;
        Ok(ExampleScores::Means { names: vec!["f1", "exact_match"], scores })
    }
}

fn paired<'a>(
    predictions: &'a [Prediction],
    examples: &'a [EncodedText],
) -> (Vec<&'a Prediction>, Vec<&'a EncodedText>) {
    predictions.iter().zip(examples).unzip()
}

/// The scores of each class, and the confusions.
pub(super) fn class_report(
    labels: &[String],
    predictions: &[&Prediction],
    targets: &[&EncodedTarget],
) -> Result<ClassificationReport, ScoreError> {
    let Compared { found, expected } = classes(predictions, targets);
    ClassificationReport::new(&found, &expected, labels)
}

/// Scores with their intervals over resampled examples.
pub(super) fn intervals(scores: &ExampleScores) -> Result<Vec<ScoreInterval>, ScoreError> {
    let all = scores.all()?;
    let bootstrap = Bootstrap { resamples: RESAMPLES, ..Bootstrap::default() };
    let resampled = bootstrap.intervals(scores.len(), |resample| {
        let scores = scores.of(resample).unwrap_or_default();
        let value = |name: &String| scores.iter().find(|score| score.name == *name);
        Ok(all.iter().map(|score| value(&score.name).map(|score| score.value)).collect())
    });
    // One example has no interval.
    let resampled = resampled.unwrap_or_else(|_| vec![None; all.len()]);
    let interval = |(Score { name, value }, found): (Score, Option<Interval>)| {
        let (low, high) = found.map(|found| (found.low, found.high)).unzip();
        ScoreInterval { name, value, low, high }
    };
    Ok(all.clone().into_iter().zip(resampled).map(interval).collect())
}
