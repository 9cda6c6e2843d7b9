//! A model that learns a task, and answers its questions.

use burn::module::Module;
use burn::tensor::{Device, Int, Tensor, TensorData, activation};

use super::batch::{Batch, Rows, prompt, target_tokens};
use super::objective::ObjectiveKind;
use crate::datasets::batch::IGNORE;
use crate::datasets::task::{Example, Target, Task, TaskKind, TokenTable};
use crate::models::arch::{Input, Tokens};
use crate::models::checkpoint::Model;
use crate::models::generate::{
    BatchScheduler, GenerateError, GenerativeModel, Options, Request, as_generative,
};
use crate::models::heads::cross_entropy::{Targets, cross_entropy_sum};
use crate::models::layers::embedding::token_ids;
use crate::models::layers::mask::Padding;
use crate::models::precision::to_vec_f32;

/// Texts that are written at once.
const WRITTEN_AT_ONCE: usize = 64;

/// A model that does a task in one of the ways.
#[derive(Module, Debug)]
pub struct TaskModel {
    /// The model.
    pub model: Model,
}

/// What a model answers to an example.
#[derive(Debug, Clone, PartialEq)]
pub enum Prediction {
    /// Labels: one, or one for each position that is asked about; `None` for what is no label.
    Labels(Vec<Option<u32>>),
    /// A sequence of symbols, without its end.
    Sequence(Vec<u32>),
    /// How improbable the right answers were, in nats, and how many there are.
    Nats(f64, usize),
}

impl TaskModel {
    /// The symbol that it begins to write with.
    pub fn start(&self) -> u32 {
        match &self.model {
            Model::Seq2SeqLm(model) => model.backbone.start(),
            _ => TokenTable::BEGIN,
        }
    }

    fn device(&self) -> Device {
        match &self.model {
            Model::SequenceClassifier(model) => model.backbone.device(),
            Model::TokenClassifier(model) => model.backbone.device(),
            Model::MaskedLm(model) => model.backbone.token_embedding().weight.lazy_device(),
            Model::CausalLm(model) => model.device(),
            Model::Seq2SeqLm(model) => model.device(),
            _ => panic!("no model of texts has this head"),
        }
    }

    /// The scores where something is asked, place after place: a head that scores a whole vocabulary costs
    /// more than all else, and most places of a text that is read ask nothing.
    ///
    /// # Shapes
    ///
    /// - result: `[targets, classes]`; a row of no meaning where nothing is asked
    fn scores(&self, batch: &Batch) -> Tensor<2> {
        let device = self.device();
        let text = tokens(&batch.text, &device);
        let at_targets = |hidden: Tensor<3>| {
            let [rows, width, d_model] = hidden.dims();
            let hidden = hidden.reshape([rows * width, d_model]);
            let positions = batch.target_positions();
            let hidden = match positions.len() {
                all if all == rows * width => hidden,
                // No tensor is empty; nobody looks at this one.
                0 => hidden.slice_dim(0, 0..1),
                _ => hidden.select(0, indices(&positions, &device)),
            };
            hidden.unsqueeze::<3>()
        };
        let scores = match (&self.model, &batch.source) {
            (Model::SequenceClassifier(model), _) => {
                return model.forward(&Input::Tokens(text));
            }
            (Model::TokenClassifier(model), _) => {
                model.logits(at_targets(model.backbone.forward(&Input::Tokens(text))))
            }
            (Model::MaskedLm(model), _) => model.logits(at_targets(model.backbone.forward(&text))),
            (Model::CausalLm(model), _) => model.logits(at_targets(model.backbone.forward(&text))),
            (Model::Seq2SeqLm(model), Some(source)) => {
                let encoded = model.backbone.encode(&tokens(source, &device));
                model.logits(at_targets(model.backbone.decode(&text, &encoded)))
            }
            _ => panic!("no model of texts has this head"),
        };
        scores.squeeze_dim(0)
    }

    /// The sum of the losses of a batch, in nats, and the number of its targets.
    pub fn loss(&self, batch: &Batch) -> (Tensor<1>, usize) {
        let scores = self.scores(batch);
        let mut targets: Vec<i64> =
            batch.target_positions().iter().map(|&position| batch.targets[position]).collect();
        if targets.is_empty() {
            targets.push(IGNORE);
        }
        let targets = Targets::new(&targets);
        (cross_entropy_sum(scores, &targets), targets.count())
    }

    /// What it answers to each example.
    ///
    /// # Errors
    ///
    /// Scores that are no numbers.
    pub fn predict(
        &self,
        (task, objective): (&Task, ObjectiveKind),
        examples: &[Example],
    ) -> Result<Vec<Prediction>, GenerateError> {
        let is_written = match task.kind {
            TaskKind::Transduction => true,
            TaskKind::Tagging(_) => {
                matches!(objective, ObjectiveKind::Continues | ObjectiveKind::Writes)
            }
            _ => false,
        };
        if is_written {
            return self.generate((task, objective), examples);
        }
        let batch = Batch::new(task, objective, self.start(), examples);
        let scores = self.scores(&batch);
        if matches!(task.kind, TaskKind::Language | TaskKind::Masked) {
            return nats(scores, &batch, examples.len());
        }
        let classes = scores.dims()[1];
        // Only labels are answers, where a model could say any symbol.
        let (first, count) = match objective.has_classifier() {
            true => (0, classes),
            false => (task.label_token(0) as usize, task.label_count()),
        };
        let scores = to_vec_f32(scores);
        let best = |row: &[f32]| {
            let labels = row[first..first + count].iter().enumerate();
            labels.max_by(|(_, a), (_, b)| a.total_cmp(b)).map(|(label, _)| label as u32)
        };
        if scores.iter().any(|score| score.is_nan()) {
            return Err(GenerateError::NotFinite);
        }
        let mut labels = scores.chunks_exact(classes).map(best);
        let counts = batch.targets_by_row(examples.len());
        Ok(counts
            .into_iter()
            .map(|n| Prediction::Labels(labels.by_ref().take(n).collect()))
            .collect())
    }

    /// Answers that are written symbol by symbol, always the likeliest one.
    fn generate(
        &self,
        (task, objective): (&Task, ObjectiveKind),
        examples: &[Example],
    ) -> Result<Vec<Prediction>, GenerateError> {
        let Some(model) = as_generative(&self.model) else {
            panic!("answers are generated by a generative model");
        };
        let mut predictions = Vec::with_capacity(examples.len());
        for some in examples.chunks(WRITTEN_AT_ONCE) {
            let written = written(model, (task, objective), some)?;
            predictions.extend(written.into_iter().map(|tokens| match task.kind {
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

fn written(
    model: &dyn GenerativeModel,
    (task, objective): (&Task, ObjectiveKind),
    examples: &[Example],
) -> Result<Vec<Vec<u32>>, GenerateError> {
    let mut batch = BatchScheduler::new(model);
    for (example, stream) in examples.iter().zip(0..) {
        let is_sequence = matches!(example.target, Target::Sequence(_));
        let options = Options {
            // A sequence may be longer than the right one; that is a mistake, and no matter how long.
            max_new_tokens: match is_sequence {
                true => task.lengths.target + 1,
                false => target_tokens(task, &example.target).len(),
            },
            eos: if is_sequence { vec![TokenTable::END] } else { Vec::new() },
            ..Options::default()
        };
        batch.submit(Request { prompt: prompt(objective, &example.input), options, stream })?;
    }
    let mut written = vec![Vec::new(); examples.len()];
    while !batch.is_empty() {
        for event in batch.step()? {
            written[event.request_id.index()].push(event.token);
        }
    }
    Ok(written)
}

/// How improbable the right answers of each row were.
fn nats(scores: Tensor<2>, batch: &Batch, rows: usize) -> Result<Vec<Prediction>, GenerateError> {
    let device = scores.device();
    if batch.target_positions().is_empty() {
        return Ok(vec![Prediction::Nats(0.0, 0); rows]);
    }
    let classes: Vec<u32> =
        batch.target_positions().iter().map(|&position| batch.targets[position] as u32).collect();
    let index = token_ids(&classes, classes.len(), &device);
    let losses = to_vec_f32(activation::log_softmax(scores, 1).gather(1, index).neg());
    let mut losses = losses.into_iter().map(f64::from);
    let row = |count: usize| {
        let sum: f64 = losses.by_ref().take(count).sum();
        if sum.is_finite() {
            Ok(Prediction::Nats(sum, count))
        } else {
            Err(GenerateError::NotFinite)
        }
    };
    batch.targets_by_row(rows).into_iter().map(row).collect()
}

/// Positions as a tensor.
fn indices(positions: &[usize], device: &Device) -> Tensor<1, Int> {
    let positions: Vec<i64> = positions.iter().map(|&position| position as i64).collect();
    Tensor::from_data(TensorData::from(positions.as_slice()), device)
}

fn tokens(rows: &Rows, device: &Device) -> Tokens {
    let padding = if rows.lengths.iter().all(|&length| length == rows.width) {
        Padding::none()
    } else {
        Padding::right(&rows.lengths)
    };
    Tokens::new(token_ids(&rows.ids, rows.count(), device), padding)
}
