//! A model with the training loss and the predictions of a task.

use burn::module::Module;
use burn::tensor::{Device, Int, Tensor, TensorData, activation};

use super::batch::{Batch, Rows, prompt, target_tokens};
use super::objective::ObjectiveKind;
use crate::datasets::batch::IGNORE;
use crate::datasets::task::{Example, Target, Task, TaskKind, TokenTable};
use crate::models::backbones::{Inputs, TokenBatch};
use crate::models::checkpoint::Model;
use crate::models::generate::{
    BatchScheduler, GenerateError, GenerativeModel, Options, Request, as_generative,
};
use crate::models::heads::cross_entropy::{Targets, cross_entropy_sum};
use crate::models::layers::embedding::token_ids;
use crate::models::layers::mask::Padding;
use crate::models::precision::to_vec_f32;
use crate::train::BatchLoss;

/// The batch size of generation.
const GENERATION_BATCH: usize = 64;

/// A model that is trained and evaluated on a task.
#[derive(Module, Debug)]
pub struct TaskModel {
    /// The model.
    pub model: Model,
}

/// A model's prediction for an example.
#[derive(Debug, Clone, PartialEq)]
pub enum Prediction {
    /// Labels: one for the input, or one for each target position; `None` for a generated token
    /// that is not a label.
    Labels(Vec<Option<u32>>),
    /// A generated sequence, without the end token.
    Sequence(Vec<u32>),
    /// The negative log-likelihood of the targets.
    Nats {
        /// The sum over the targets, in nats.
        sum: f64,
        /// The number of targets.
        targets: usize,
    },
}

impl TaskModel {
    /// The first decoder token of generation.
    pub fn start(&self) -> u32 {
        match &self.model {
            Model::Seq2SeqLm(model) => model.start(),
            _ => TokenTable::BEGIN,
        }
    }

    fn device(&self) -> Device {
        self.model.backbone().device()
    }

    /// The logits at the target positions only: a head over a whole vocabulary costs more than the
    /// rest of the model, and most positions of a prompt have no target.
    ///
    /// # Shapes
    ///
    /// - result: `[targets, classes]`; one meaningless row where there are no targets
    fn scores(&self, batch: &Batch) -> Tensor<2> {
        let device = self.device();
        let text = tokens(&batch.text, &device);
        let at_targets = |hidden: Tensor<3>| {
            let [rows, width, d_model] = hidden.dims();
            let hidden = hidden.reshape([rows * width, d_model]);
            let positions = batch.target_positions();
            let hidden = match positions.len() {
                all if all == rows * width => hidden,
                // Tensors cannot be empty; the result of this row is unused.
                0 => hidden.slice_dim(0, 0..1),
                _ => hidden.select(0, indices(&positions, &device)),
            };
            hidden.unsqueeze::<3>()
        };
        let inputs = match &batch.source {
            Some(source) => Inputs::pair(tokens(source, &device), text),
            None => Inputs::text(text),
        };
        if let Model::SequenceClassifier(model) = &self.model {
            return model.forward(&inputs);
        }
        let hidden = at_targets(self.model.backbone().forward(&inputs));
        let scores = match &self.model {
            Model::TokenClassifier(model) => model.logits(hidden),
            Model::MaskedLm(model) => model.logits(hidden),
            Model::CausalLm(model) => model.logits(hidden),
            Model::Seq2SeqLm(model) => model.logits(hidden),
            _ => panic!("text models do not have this head"),
        };
        scores.squeeze_dim(0)
    }

    /// The loss of a batch.
    pub fn loss(&self, batch: &Batch) -> BatchLoss {
        let scores = self.scores(batch);
        let mut targets: Vec<i64> =
            batch.target_positions().iter().map(|&position| batch.targets[position]).collect();
        if targets.is_empty() {
            targets.push(IGNORE);
        }
        let targets = Targets::new(&targets);
        BatchLoss { sum: cross_entropy_sum(scores, &targets), targets: targets.count() }
    }

    /// The prediction for each example.
    ///
    /// # Errors
    ///
    /// The logits are NaN or infinite.
    pub fn predict(
        &self,
        task: &Task,
        objective: ObjectiveKind,
        examples: &[Example],
    ) -> Result<Vec<Prediction>, GenerateError> {
        let is_generated = match task.kind {
            TaskKind::Transduction => true,
            TaskKind::Tagging(_) => {
                matches!(objective, ObjectiveKind::Continues | ObjectiveKind::Writes)
            }
            _ => false,
        };
        if is_generated {
            return self.generate(task, objective, examples);
        }
        let batch = Batch::new(task, objective, self.start(), examples);
        let scores = self.scores(&batch);
        if matches!(task.kind, TaskKind::Language | TaskKind::Masked) {
            return nats(scores, &batch, examples.len());
        }
        let classes = scores.dims()[1];
        // A language-model head scores the whole vocabulary; only the label tokens are candidates.
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

    /// Predictions by greedy decoding.
    fn generate(
        &self,
        task: &Task,
        objective: ObjectiveKind,
        examples: &[Example],
    ) -> Result<Vec<Prediction>, GenerateError> {
        let Some(model) = as_generative(&self.model) else {
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

/// The negative log-likelihood of each row's targets.
fn nats(scores: Tensor<2>, batch: &Batch, rows: usize) -> Result<Vec<Prediction>, GenerateError> {
    let device = scores.device();
    if batch.target_positions().is_empty() {
        return Ok(vec![Prediction::Nats { sum: 0.0, targets: 0 }; rows]);
    }
    let classes: Vec<u32> =
        batch.target_positions().iter().map(|&position| batch.targets[position] as u32).collect();
    let index = token_ids(&classes, classes.len(), &device);
    let losses = to_vec_f32(activation::log_softmax(scores, 1).gather(1, index).neg());
    let mut losses = losses.into_iter().map(f64::from);
    let row = |targets: usize| {
        let sum: f64 = losses.by_ref().take(targets).sum();
        if sum.is_finite() {
            Ok(Prediction::Nats { sum, targets })
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

fn tokens(rows: &Rows, device: &Device) -> TokenBatch {
    let padding = if rows.lengths.iter().all(|&length| length == rows.width) {
        Padding::none()
    } else {
        Padding::right(&rows.lengths)
    };
    TokenBatch::new(token_ids(&rows.ids, rows.count(), device), padding)
}
