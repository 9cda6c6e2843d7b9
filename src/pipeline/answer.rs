//! Questions to the parts of a text that answer them.

mod spans;

use std::path::Path;

use burn::tensor::Device;
use serde::{Deserialize, Serialize};

use super::preprocessor::{self, Opened, Preprocessor};
use super::{PipelineError, TextError};
use crate::datasets::tokenizer::{Encoding, Special, TextEncoder};
use crate::models::arch::Input;
use crate::models::checkpoint::{Model, TaskRequirement};
use crate::models::families::Task;
use crate::models::heads::SpanExtractor;
use crate::models::parameters;
use crate::models::precision::Precision;
use spans::{Ends, Found};

/// Finds the part of a text that answers a question.
#[derive(Debug)]
pub struct QuestionAnswering {
    preprocessor: Preprocessor,
    model: SpanExtractor,
    class: Option<u32>,
}

/// A question, and the text that may have the answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// What is asked.
    pub question: String,
    /// Where the answer is looked for.
    pub context: String,
}

/// How answers are looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answering {
    /// How many answers there are at most.
    pub top_k: usize,
    /// The longest answer in tokens.
    pub max_answer_length: usize,
    /// The longest question with its part of the context, in tokens. A longer context is read in
    /// pieces.
    pub max_length: usize,
    /// How many tokens such pieces have in common; where `None`, 128, or half of a piece if that is
    /// less.
    pub overlap: Option<usize>,
    /// Whether no answer is one of the answers: an empty one.
    pub no_answer: bool,
    /// Whether answers begin and end where words do.
    pub whole_words: bool,
}

/// A part of a text that answers a question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// How likely it is.
    pub score: f32,
    /// Its first character in the context.
    pub start: usize,
    /// The character after its last.
    pub end: usize,
    /// The part itself; empty where there is no answer.
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
    /// A question about a text.
    pub fn new(question: impl Into<String>, context: impl Into<String>) -> Self {
        Self { question: question.into(), context: context.into() }
    }
}

impl QuestionAnswering {
    /// Opens a model's directory.
    ///
    /// # Errors
    ///
    /// Files that cannot be read or followed; a model that has another head.
    pub fn open(folder: &Path, device: &Device) -> Result<Self, PipelineError> {
        let requirement =
            TaskRequirement { name: "a model that finds answers", tasks: &[Task::Span] };
        let Opened { preprocessor, model, .. } =
            preprocessor::open(folder, device, requirement, |model| match model {
                Model::SpanExtractor(model) => Some(model),
                _ => None,
            })?;
        let class = preprocessor.tokenizer.special(Special::Class).map(|(_, id)| id);
        Ok(Self { preprocessor, model, class })
    }

    /// The same model in another format; see [`parameters::cast`].
    pub fn cast(self, precision: Precision) -> Self {
        Self { model: parameters::cast(self.model, precision.dtype()), ..self }
    }

    /// The longest question with its context that is read in one piece, in tokens.
    pub fn max_length(&self) -> usize {
        self.preprocessor.encoder.max_length()
    }

    /// The answers to each question, the likeliest first. There are fewer than asked for where the
    /// context has no more.
    ///
    /// # Errors
    ///
    /// An empty question or context, one that the tokenizer cannot read, a question that fills all
    /// that is read at once; a device that fails.
    pub fn answer(
        &self,
        questions: &[Question],
        how: &Answering,
    ) -> Result<Vec<Vec<Answer>>, PipelineError> {
        let (encoder, overlap) = self.encoder(how)?;
        let windows = self.preprocessor.encode_windows(questions, |asked| {
            for (what, text) in [("question", &asked.question), ("context", &asked.context)] {
                if text.is_empty() {
                    return Err(TextError::Empty(what));
                }
            }
            Ok(encoder.pair_windows([&asked.question, &asked.context], overlap)?)
        })?;
        let ends: Vec<Vec<Ends>> = self.preprocessor.run_windows(&windows, &|tokens, rows| {
            let [first, last] = self.model.forward(&Input::Tokens(tokens));
            Ok(preprocessor::rows(first)?
                .into_iter()
                .zip(preprocessor::rows(last)?)
                .zip(rows)
                .map(ends)
                .collect())
        })?;
        let answers = questions.iter().zip(windows.iter().zip(&ends));
        Ok(answers.map(|(asked, windows)| self.best(&asked.context, windows, how)).collect())
    }

    /// The answers to one question, the likeliest first.
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

    /// A reader of pieces, and how many tokens two of them have in common.
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
                "pieces of {max_length} tokens cannot have {overlap} in common"
            )));
        }
        let encoder = self.preprocessor.encoder.clone().with_max_length(max_length);
        Ok((encoder.map_err(|error| PipelineError::InvalidRequest(error.to_string()))?, overlap))
    }

    fn best(
        &self,
        context: &str,
        (windows, ends): (&Vec<Encoding>, &Vec<Ends>),
        how: &Answering,
    ) -> Vec<Answer> {
        let context: Vec<char> = context.chars().collect();
        // Some of them turn out to be the same words.
        let wanted = if how.whole_words { 2 * how.top_k + 10 } else { how.top_k };
        let mut none = f64::INFINITY;
        let mut answers: Vec<(f64, Answer)> = Vec::new();
        for (window, ends) in windows.iter().zip(ends) {
            let is_context = |index: usize| {
                window.texts[index] == Some(1) || Some(window.ids[index]) == self.class
            };
            let allowed: Vec<bool> = (0..window.ids.len()).map(is_context).collect();
            let (found, nothing) = spans::best(ends, &allowed, (wanted, how.max_answer_length));
            none = none.min(nothing);
            for Found { score, first, last } in found {
                let [start, end] = spans::characters(window, [first, last], how);
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

/// The scores of a row, without what only fills it up.
fn ends(((mut first, mut last), row): ((Vec<f32>, Vec<f32>), &&Encoding)) -> Ends {
    first.truncate(row.ids.len());
    last.truncate(row.ids.len());
    Ends { first, last }
}
