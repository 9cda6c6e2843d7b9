//! The objective of an architecture on a task.

use super::batch::{prompt, target_tokens, text_batch};
use super::objective::ObjectiveKind;
use crate::datasets::task::{Example, Target, Task, TaskKind, TokenTable};
use crate::models::checkpoint::Model;
use crate::models::generate::{
    BatchScheduler, GenerateError, GenerativeModel, Options, Request, as_generative,
};
use crate::train::text_loss::TextScores;
use crate::train::{BatchLoss, BatchSize, Objective, Prediction, TextBatch, text_loss};

/// The batch size of generation.
const GENERATION_BATCH: usize = 64;

/// What a model is trained for and evaluated on.
#[derive(Debug, Clone, Copy)]
pub struct TaskObjective<'a> {
    /// The task.
    pub task: &'a Task,
    /// The objective of the architecture.
    pub kind: ObjectiveKind,
    /// The first decoder token of an encoder-decoder.
    pub start: u32,
}

impl<'a> TaskObjective<'a> {
    /// The objective of a model.
    pub fn new(task: &'a Task, kind: ObjectiveKind, model: &Model) -> Self {
        let start = match model {
            Model::Seq2SeqLm(model) => model.start(),
            _ => TokenTable::BEGIN,
        };
        Self { task, kind, start }
    }

    /// Predictions by greedy decoding.
    fn generate(
        &self,
        model: &Model,
        examples: &[Example],
    ) -> Result<Vec<Prediction>, GenerateError> {
        let (task, objective) = (self.task, self.kind);
        let Some(model) = as_generative(model) else {
            panic!("the objective needs a generative model");
        };
        let mut predictions = Vec::with_capacity(examples.len());
        for some in examples.chunks(GENERATION_BATCH) {
            let generated = generated(model, task, objective, some)?;
            predictions.extend(generated.into_iter().map(|tokens| match task.kind {
                TaskKind::Transduction => {
                    let end = tokens.iter().position(|&token| token == TokenTable::END);
                    Prediction::Sequence(tokens[..end.unwrap_or(tokens.len())].to_vec())
                }
                _ => {
                    let first = task.label_token(0);
                    let label = |token: u32| {
                        let label = token.checked_sub(first);
                        label.filter(|label| (*label as usize) < task.label_count())
                    };
                    Prediction::Labels(tokens.into_iter().map(label).collect())
                }
            }));
        }
        Ok(predictions)
    }
}

impl Objective for TaskObjective<'_> {
    type Example = Example;
    type Batch = TextBatch;

    fn batch(&self, examples: &[Example]) -> TextBatch {
        text_batch(self.task, self.kind, self.start, examples)
    }

    fn size(&self, batch: &TextBatch) -> BatchSize {
        batch.size()
    }

    fn loss(&self, model: &Model, batch: &TextBatch) -> BatchLoss {
        text_loss::loss(model, batch)
    }

    fn predict(
        &self,
        model: &Model,
        examples: &[Example],
    ) -> Result<Vec<Prediction>, GenerateError> {
        let is_generated = match self.task.kind {
            TaskKind::Transduction => true,
            TaskKind::Tagging(_) => {
                matches!(self.kind, ObjectiveKind::Continues | ObjectiveKind::Writes)
            }
            _ => false,
        };
        if is_generated {
            return self.generate(model, examples);
        }
        let batch = self.batch(examples);
        if matches!(self.task.kind, TaskKind::Language | TaskKind::Masked) {
            return text_loss::nats(model, &batch);
        }
        // A language-model head scores the whole vocabulary; only the label tokens are candidates.
        let first = match self.kind.has_classifier() {
            true => 0,
            false => self.task.label_token(0) as usize,
        };
        let candidates = first..first + self.task.label_count();
        TextScores::of(model, &batch).labels(&batch, candidates)
    }
}

/// The generated tokens of each example.
fn generated(
    model: &dyn GenerativeModel,
    task: &Task,
    objective: ObjectiveKind,
    examples: &[Example],
) -> Result<Vec<Vec<u32>>, GenerateError> {
    let mut batch = BatchScheduler::new(model);
    for (example, stream) in examples.iter().zip(0..) {
        let is_sequence = matches!(example.target, Target::Sequence(_));
        let options = Options {
            // One token more than the longest target and its end: any longer output is wrong as
            // well.
            max_new_tokens: match is_sequence {
                true => task.lengths.target + 1,
                false => target_tokens(task, &example.target).len(),
            },
            eos: if is_sequence { vec![TokenTable::END] } else { Vec::new() },
            ..Options::default()
        };
        batch.submit(Request { prompt: prompt(objective, &example.input), options, stream })?;
    }
    let mut generated = vec![Vec::new(); examples.len()];
    while !batch.is_empty() {
        for event in batch.step()? {
            generated[event.request_id.index()].push(event.token);
        }
    }
    Ok(generated)
}
