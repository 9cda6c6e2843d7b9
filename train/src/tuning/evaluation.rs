//! The evaluation of a model on labeled texts.

use serde::Serialize;
use zoo_datasets::labeled::{LabeledTarget, LabeledTask, LabeledTexts};
use zoo_datasets::score::ScoreError;
use zoo_datasets::score::bleu::Bleu;
use zoo_datasets::score::bootstrap::Bootstrap;
use zoo_datasets::score::chrf::Chrf;
use zoo_datasets::score::classification::ClassificationReport;
use zoo_datasets::score::rouge::rouge;
use zoo_datasets::score::squad::Squad;
use zoo_models::checkpoint::Model;

use super::encoded::{EncodedTarget, EncodedText};
use super::ranks::Ranks;
use super::scores::{Compared, classes, target_scores};
use super::setup::{ROWS, TaskSetup, by_length};
use crate::error::TrainError;
use crate::objective::{LossSum, Objective};
use crate::prediction::Prediction;
use crate::train_data::Score;

/// Resamples of an interval of labels, and of texts, whose scores take longer.
const RESAMPLES: usize = 1000;
const TEXT_RESAMPLES: usize = 200;

/// The result of an evaluation.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Evaluation {
    /// The number of examples.
    pub examples: usize,
    /// The mean loss: of cross-entropies, in nats.
    pub loss: f64,
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
        let loss = self.loss(model, &examples)?;
        let predictions = self.predict(model, &examples, done)?;
        let scores = match self.task {
            LabeledTask::TextToText => self.text_scores(&predictions, &texts),
            LabeledTask::QuestionAnswering => self.answer_scores(&predictions, &examples, &texts),
            LabeledTask::SentenceEmbedding | LabeledTask::Ranking => {
                rank_scores(&predictions, &examples)
            }
            _ => label_scores(self.task, &self.labels, &predictions, &targets(&examples)),
        };
        let report = match self.task {
            LabeledTask::Classification => {
                Some(class_report(&self.labels, &predictions, &targets(&examples)))
            }
            _ => None,
        };
        Ok(Evaluation {
            examples: texts.examples.len(),
            loss,
            scores: scores.map_err(TrainError::data)?,
            report: report.transpose().map_err(TrainError::data)?,
        })
    }

    fn loss(&self, model: &Model, examples: &[EncodedText]) -> Result<f64, TrainError> {
        let mut loss = LossSum::ZERO;
        for rows in by_length(examples).chunks(ROWS) {
            let some: Vec<EncodedText> = rows.iter().map(|&row| examples[row].clone()).collect();
            loss.add(self.objective.loss(model, &self.objective.batch(&some)).read());
        }
        match loss.mean().is_finite() {
            true => Ok(loss.mean()),
            false => Err(TrainError::Data(format!("the loss is {}", loss.mean()))),
        }
    }

    fn text_scores(
        &self,
        predictions: &[Prediction],
        texts: &LabeledTexts,
    ) -> Result<Vec<ScoreInterval>, ScoreError> {
        let decoded = predictions.iter().map(|prediction| match prediction {
            Prediction::Sequence(ids) => self.tokenizer.decode(ids).unwrap_or_default(),
            _ => String::new(),
        });
        let found: Vec<String> = decoded.map(|text| text.trim().to_owned()).collect();
        let right = texts.examples.iter().map(|text| match &text.target {
            LabeledTarget::Text(text) => vec![text.clone()],
            _ => vec![String::new()],
        });
        let right: Vec<Vec<String>> = right.collect();
        let of = |found: &[&String], right: &[&Vec<String>]| -> Result<Vec<Score>, ScoreError> {
            let right: Vec<Vec<String>> = right.iter().map(|texts| (*texts).clone()).collect();
            let rouge = rouge(found, &right)?;
            let pairs = found.iter().zip(&right);
            let exact = pairs.filter(|(found, right)| right.contains(found)).count();
            Ok(vec![
                score("bleu", Bleu::default().score(found, &right)?.score),
                score("chrf", Chrf::default().score(found, &right)?.score),
                score("rouge1", 100.0 * rouge.rouge_1.f1),
                score("rouge2", 100.0 * rouge.rouge_2.f1),
                score("rougeL", 100.0 * rouge.rouge_l.f1),
                score("exact_match", 100.0 * exact as f64 / found.len() as f64),
            ])
        };
        let all = of(&found.iter().collect::<Vec<_>>(), &right.iter().collect::<Vec<_>>())?;
        let resampled = |name: &str, resample: &[usize]| {
            let some: Vec<_> = resample.iter().map(|&index| &found[index]).collect();
            let right: Vec<_> = resample.iter().map(|&index| &right[index]).collect();
            value_of(name, &of(&some, &right)?)
        };
        Ok(intervals(all, found.len(), TEXT_RESAMPLES, &resampled))
    }

    fn answer_scores(
        &self,
        predictions: &[Prediction],
        windows: &[EncodedText],
        texts: &LabeledTexts,
    ) -> Result<Vec<ScoreInterval>, ScoreError> {
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
        let single = single.collect::<Result<Vec<_>, _>>()?;
        let mean = |resample: &[usize], value: &dyn Fn(usize) -> f64| {
            resample.iter().map(|&index| value(index)).sum::<f64>() / resample.len() as f64
        };
        let of = |name: &str, resample: &[usize]| {
            Ok(match name {
                "f1" => mean(resample, &|index| single[index].f1),
                _ => mean(resample, &|index| single[index].exact_match),
            })
        };
        let whole: Vec<usize> = (0..single.len()).collect();
        let all = ["f1", "exact_match"].map(|name| Ok(score(name, of(name, &whole)?)));
        let all = all.into_iter().collect::<Result<Vec<_>, ScoreError>>()?;
        Ok(intervals(all, single.len(), RESAMPLES, &of))
    }
}

/// The scores of related texts, over resampled texts, or of rankings, over resampled queries.
fn rank_scores(
    predictions: &[Prediction],
    examples: &[EncodedText],
) -> Result<Vec<ScoreInterval>, ScoreError> {
    let predictions: Vec<&Prediction> = predictions.iter().collect();
    let examples: Vec<&EncodedText> = examples.iter().collect();
    let ranks = Ranks::new(&predictions, &examples)?;
    let all = ranks.scores(&(0..ranks.count()).collect::<Vec<usize>>())?;
    let resampled = |name: &str, resample: &[usize]| value_of(name, &ranks.scores(resample)?);
    Ok(intervals(all, ranks.count(), RESAMPLES, &resampled))
}

fn score(name: &str, value: f64) -> Score {
    Score { name: name.to_string(), value }
}

fn targets(examples: &[EncodedText]) -> Vec<&EncodedTarget> {
    examples.iter().map(|example| &example.target).collect()
}

/// The scores of predicted labels and numbers, with their intervals.
pub(super) fn label_scores(
    task: LabeledTask,
    labels: &[String],
    predictions: &[Prediction],
    targets: &[&EncodedTarget],
) -> Result<Vec<ScoreInterval>, ScoreError> {
    let all = target_scores(task, labels, &predictions.iter().collect::<Vec<_>>(), targets)?;
    let resampled = |name: &str, resample: &[usize]| {
        let predictions: Vec<_> = resample.iter().map(|&index| &predictions[index]).collect();
        let targets: Vec<_> = resample.iter().map(|&index| targets[index]).collect();
        value_of(name, &target_scores(task, labels, &predictions, &targets)?)
    };
    Ok(intervals(all, targets.len(), RESAMPLES, &resampled))
}

/// The scores of each class, and the confusions.
pub(super) fn class_report(
    labels: &[String],
    predictions: &[Prediction],
    targets: &[&EncodedTarget],
) -> Result<ClassificationReport, ScoreError> {
    let Compared { found, expected } = classes(&predictions.iter().collect::<Vec<_>>(), targets);
    ClassificationReport::new(&found, &expected, labels)
}

fn value_of(name: &str, scores: &[Score]) -> Result<f64, ScoreError> {
    let found = scores.iter().find(|score| score.name == name);
    found.map(|score| score.value).ok_or(ScoreError::Constant { what: "resample" })
}

/// The value of a score on a resample.
type Resampled<'a> = &'a dyn Fn(&str, &[usize]) -> Result<f64, ScoreError>;

/// Scores with their intervals over resampled examples.
fn intervals(
    scores: Vec<Score>,
    examples: usize,
    resamples: usize,
    resampled: Resampled<'_>,
) -> Vec<ScoreInterval> {
    let bootstrap = Bootstrap { resamples, ..Bootstrap::default() };
    let interval = |Score { name, value }: Score| {
        let found = bootstrap.interval(examples, |resample| resampled(&name, resample)).ok();
        let (low, high) = found.map(|found| (found.low, found.high)).unzip();
        ScoreInterval { name, value, low, high }
    };
    scores.into_iter().map(interval).collect()
}
