//! Extractive question answering.

mod spans;

use std::path::Path;

use burn::tensor::Device;
use serde::{Deserialize, Serialize};

use super::preprocessor::{self, Opened, Preprocessor};
use super::{PipelineError, TextError};
use crate::datasets::tokenizer::{Encoding, Special, TextEncoder};
use crate::models::checkpoint::{Model, TaskRequirement};
use crate::models::families::Task;
use crate::models::heads::SpanExtractor;
use crate::models::parameters;
use crate::models::precision::Precision;
use spans::{BestSpans, Ends, Found};

/// Extracts the span of a context that answers a question.
#[derive(Debug)]
pub struct QuestionAnswering {
    preprocessor: Preprocessor,
    model: SpanExtractor,
    class: Option<u32>,
}

/// A question and the context that may contain the answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// The question.
    pub question: String,
    /// The text in which the answer is searched.
    pub context: String,
}

/// Options of question answering.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answering {
    /// The maximum number of answers.
    pub top_k: usize,
    /// The maximum length of an answer in tokens.
    pub max_answer_length: usize,
    /// The maximum length of the question with a window of the context, in tokens. A longer context
    /// is split into several windows.
    pub max_length: usize,
    /// The number of tokens that consecutive windows share; by default the smaller of 128 and half
    /// of a window.
    pub overlap: Option<usize>,
    /// Whether the empty answer ("no answer") is one of the candidates.
    pub no_answer: bool,
    /// Whether answers are extended to whole words.
    pub whole_words: bool,
}

/// A span of the context that answers the question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// Its probability.
    pub score: f32,
    /// The index of its first character in the context.
    pub start: usize,
    /// The index after its last character.
    pub end: usize,
    /// The text of the span; empty for "no answer".
    pub answer: String,
}

impl Default for Answering {
    fn default() -> Self {
        Self {
            top_k: 1,
            max_answer_length: 15,
            max_length: 384,
            overlap: None,
            no_answer: false,
            whole_words: true,
        }
    }
}

impl Question {
    /// Creates a question about a context.
    pub fn new(question: impl Into<String>, context: impl Into<String>) -> Self {
        Self { question: question.into(), context: context.into() }
    }
}

impl QuestionAnswering {
    /// Loads a model directory.
    ///
    /// # Errors
    ///
    /// Unreadable or invalid files; a model with another head.
    pub fn open(folder: &Path, device: &Device) -> Result<Self, PipelineError> {
        let requirement =
            TaskRequirement { name: "a question answering model", tasks: &[Task::Span] };
        let Opened { preprocessor, model, .. } =
            preprocessor::open(folder, device, requirement, |model| match model {
                Model::SpanExtractor(model) => Some(model),
                _ => None,
            })?;
        let class = preprocessor.tokenizer.special(Special::Class).map(|token| token.id);
        Ok(Self { preprocessor, model, class })
    }

    /// Converts the model to another precision; see [`parameters::cast`].
    pub fn cast(self, precision: Precision) -> Self {
        Self { model: parameters::cast(self.model, precision.dtype()), ..self }
    }

    /// The maximum length of a question with its context in one window, in tokens.
    pub fn max_length(&self) -> usize {
        self.preprocessor.encoder.max_length()
    }

    /// The answers to each question, in order of decreasing score. There can be fewer than `top_k`.
    ///
    /// # Errors
    ///
    /// An empty question or context; text that the tokenizer rejects; a question that leaves no
    /// room for the context; a device failure.
    pub fn answer(
        &self,
        questions: &[Question],
        how: &Answering,
    ) -> Result<Vec<Vec<Answer>>, PipelineError> {
        let (encoder, overlap) = self.encoder(how)?;
        let windows = self.preprocessor.encode_windows(questions, |question| {
            for (what, text) in [("question", &question.question), ("context", &question.context)] {
                if text.is_empty() {
                    return Err(TextError::Empty(what));
                }
            }
            Ok(encoder.pair_windows(&question.question, &question.context, overlap)?)
        })?;
        let ends: Vec<Vec<Ends>> = self.preprocessor.run_windows(&windows, &|inputs, rows| {
            let [first, last] = self.model.forward(&inputs);
            Ok(preprocessor::rows(first)?
                .into_iter()
                .zip(preprocessor::rows(last)?)
                .zip(rows)
                .map(|((first, last), row)| Ends::without_padding(first, last, row.ids.len()))
                .collect())
        })?;
        let answers = questions.iter().zip(windows.iter().zip(&ends));
        let best = answers
            .map(|(question, (windows, ends))| self.best(&question.context, windows, ends, how));
        Ok(best.collect())
    }

    /// The answers to one question, in order of decreasing score.
    ///
    /// # Errors
    ///
    /// See [`QuestionAnswering::answer`].
    pub fn answer_one(
        &self,
        question: &str,
        context: &str,
        how: &Answering,
    ) -> Result<Vec<Answer>, PipelineError> {
        Ok(self.answer(&[Question::new(question, context)], how)?.remove(0))
    }

    /// The encoder of windows, and the number of tokens that consecutive windows share.
    fn encoder(&self, how: &Answering) -> Result<(TextEncoder, usize), PipelineError> {
        let Answering { top_k, max_answer_length, .. } = *how;
        if top_k == 0 || max_answer_length == 0 {
            let what = if top_k == 0 { "answers" } else { "tokens of an answer" };
            return Err(PipelineError::InvalidRequest(format!(
                "the number of {what} must be at least 1"
            )));
        }
        let max_length = how.max_length.min(self.max_length());
        let overlap = how.overlap.unwrap_or(128.min(max_length / 2));
        if overlap > max_length {
            return Err(PipelineError::InvalidRequest(format!(
                "windows of {max_length} tokens cannot overlap by {overlap} tokens"
            )));
        }
        let encoder = self.preprocessor.encoder.clone().with_max_length(max_length);
        Ok((encoder.map_err(|error| PipelineError::InvalidRequest(error.to_string()))?, overlap))
    }

    fn best(
        &self,
        context: &str,
        windows: &[Encoding],
        ends: &[Ends],
        how: &Answering,
    ) -> Vec<Answer> {
        let context: Vec<char> = context.chars().collect();
        // Different token spans can extend to the same words.
        let wanted = if how.whole_words { 2 * how.top_k + 10 } else { how.top_k };
        let mut none = f64::INFINITY;
        let mut answers: Vec<(f64, Answer)> = Vec::new();
        for (window, ends) in windows.iter().zip(ends) {
            let is_context = |index: usize| {
                window.texts[index] == Some(1) || Some(window.ids[index]) == self.class
            };
            let allowed: Vec<bool> = (0..window.ids.len()).map(is_context).collect();
            let BestSpans { found, nothing } =
                spans::best(ends, &allowed, wanted, how.max_answer_length);
            none = none.min(nothing);
            for Found { score, first, last } in found {
                let [start, end] = spans::characters(window, first, last, how);
                let answer: String = context.get(start..end).unwrap_or_default().iter().collect();
                let same = answer.to_lowercase();
                match answers.iter_mut().find(|(_, other)| other.answer.to_lowercase() == same) {
                    Some((sum, _)) => *sum += score,
                    None => answers.push((score, Answer { score: 0.0, start, end, answer })),
                }
            }
        }
        if how.no_answer {
            let nothing = Answer { score: 0.0, start: 0, end: 0, answer: String::new() };
            answers.push((none, nothing));
        }
        answers.sort_by(|(a, _), (b, _)| b.total_cmp(a));
        answers.truncate(how.top_k);
        let scored = |(score, answer)| Answer { score: score as f32, ..answer };
        answers.into_iter().map(scored).collect()
    }
}
