//! The results of a case on a device, and their errors relative to another device's results.

use std::collections::BTreeMap;

use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor, TensorReadError};
use serde::{Deserialize, Serialize};

use super::case::{LENGTH, LENGTHS, Layout, ParityCase, text};
use crate::models::backbones::Inputs;
use crate::models::checkpoint::{Model, OutputOf};
use crate::models::heads::cross_entropy::{IGNORE, Targets, cross_entropy_sum};
use crate::models::layers::embedding::token_ids;
use crate::models::layers::mask::Padding;
use crate::train::adamw::{AdamW, AdamWConfig, Update};
use crate::train::gradients::{by_path, gradient_norm};

/// The number of tokens that are decoded one at a time; the prompt has the other positions of
/// [`LENGTH`].
const DECODED: usize = 8;

/// All results of a case on a device, copied to the host.
#[derive(Debug, Clone)]
pub struct ParityRecord {
    /// Outputs at token positions, by layout and name.
    outputs: BTreeMap<String, Vec<f32>>,
    /// The loss of the first batch.
    loss: f32,
    /// Its gradients by parameter path.
    gradients: BTreeMap<String, Vec<f32>>,
    /// The losses of the training steps.
    losses: Vec<f32>,
    /// The logits of tokens decoded with a cache.
    decoded: Option<Vec<f32>>,
}

/// The errors of a device relative to the reference.
///
/// Errors are largest absolute differences, relative to the larger of 1 and the largest absolute
/// value of the reference.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Errors {
    /// Of all outputs: right-padded, left-padded, and with a fully padded row.
    pub forward: f64,
    /// Of the loss of the first batch.
    pub loss: f64,
    /// Of every gradient.
    pub gradients: f64,
    /// Of every gradient, as the L2 norm of the difference relative to the norm of the reference.
    pub gradients_relative: f64,
    /// Of the losses of 20 steps of AdamW.
    pub steps: f64,
    /// Of logits decoded with a cache, in a left-padded batch; `None` without decoding.
    pub decoding: Option<f64>,
}

impl ParityCase {
    /// Computes all results on a device.
    ///
    /// # Errors
    ///
    /// The device fails, or a result is NaN or infinite.
    pub fn record(&self, device: &Device) -> Result<ParityRecord, String> {
        let failed = |error: TensorReadError| error.to_string();
        let outputs = self.outputs(device).map_err(failed)?;
        let (loss, gradients, losses) = self.train(device).map_err(failed)?;
        let decoded =
            if self.is_generative() { Some(self.decode(device).map_err(failed)?) } else { None };
        let record = ParityRecord { outputs, loss, gradients, losses, decoded };
        match record.first_nan() {
            Some(what) => Err(format!("{what} is NaN or infinite")),
            None => Ok(record),
        }
    }

    fn outputs(&self, device: &Device) -> Result<BTreeMap<String, Vec<f32>>, TensorReadError> {
        let model = self.model(device);
        let mut found = BTreeMap::new();
        for layout in [Layout::Right, Layout::Left, Layout::EmptyRow] {
            let holds_token: Vec<bool> = layout.holds_token().concat();
            let inputs = self.inputs(layout, device);
            let is_text = inputs.tokens.is_some();
            if !is_text && layout != Layout::Right {
                continue; // Images have no padding.
            }
            for output in model.outputs(&inputs)? {
                let values = output.tensor.values;
                let name = format!("{} ({layout:?})", output.name);
                let kept: Vec<f32> = if output.of == OutputOf::Input && is_text {
                    let parts = values.chunks_exact(values.len() / holds_token.len());
                    let kept = parts.zip(&holds_token).filter(|(_, holds)| **holds);
                    kept.flat_map(|(values, _)| values).copied().collect()
                } else if output.of == OutputOf::Rows && layout == Layout::EmptyRow {
                    // The output of a row without tokens is arbitrary, but must be finite.
                    let parts = values.chunks_exact(values.len() / LENGTHS.len()).enumerate();
                    parts.filter(|(row, _)| *row != 1).flat_map(|(_, row)| row).copied().collect()
                } else {
                    values.clone()
                };
                if let Some(value) = values.iter().find(|value| !value.is_finite()) {
                    // Reported by `first_nan`, even in padding: a gradient would propagate it.
                    found.insert(format!("{name}, padding"), vec![*value]);
                }
                found.insert(name, kept);
            }
        }
        Ok(found)
    }

    #[allow(clippy::type_complexity, reason = "three results of one loop")]
    fn train(
        &self,
        device: &Device,
    ) -> Result<(f32, BTreeMap<String, Vec<f32>>, Vec<f32>), TensorReadError> {
        let device = device.clone().autodiff();
        let inputs = self.inputs(Layout::Right, &device);
        let mut model = self.model(&device);
        let config = AdamWConfig { beta_1: 0.9, beta_2: 0.95, epsilon: 1e-8, weight_decay: 0.1 };
        let mut optimizer = AdamW::new(config);
        let mut first = BTreeMap::new();
        let mut losses = Vec::with_capacity(self.steps);
        for step in 0..self.steps {
            let loss = loss(&model, &inputs);
            losses.push(loss.clone().try_into_scalar::<f32>()?);
            let gradients = GradientsParams::from_grads(loss.backward(), &model);
            if step == 0 {
                first = by_path(&model, &gradients)?;
            }
            let norm = gradient_norm(&model, &gradients)?;
            let gradient_scale = if norm > 1.0 { 1.0 / (norm + 1e-6) } else { 1.0 };
            model = optimizer.step(model, gradients, Update { rate: 1e-3, gradient_scale });
        }
        Ok((losses[0], first, losses))
    }

    /// The logits of a prompt, and of the tokens after it, decoded one at a time.
    fn decode(&self, device: &Device) -> Result<Vec<f32>, TensorReadError> {
        let model = self.model(device);
        let rows = LENGTHS.len();
        let layout = match &model {
            Model::CausalLm(_) => Layout::Left,
            _ => Layout::Right,
        };
        let tokens = text(layout, 5);
        let columns = |range: std::ops::Range<usize>| {
            let cut: Vec<u32> =
                tokens.chunks_exact(LENGTH).flat_map(|row| &row[range.clone()]).copied().collect();
            token_ids(&cut, rows, device)
        };
        let prompt = LENGTH - DECODED;
        let mut scores: Vec<Tensor<3>> = Vec::new();
        let ranges = std::iter::once(0..prompt).chain((prompt..LENGTH).map(|at| at..at + 1));
        match &model {
            Model::CausalLm(model) => {
                let holds_token = layout.holds_token();
                let of_prompt = holds_token.iter().map(|row| row[..prompt].to_vec()).collect();
                let mut cache = model.cache(LENGTH).with_padding(Padding::from_rows(of_prompt));
                scores.extend(ranges.map(|range| model.step(columns(range), &mut cache)));
            }
            Model::Seq2SeqLm(model) => {
                let inputs = self.inputs(Layout::Right, device);
                let encoded = model.backbone.encode(inputs.expect_tokens());
                let mut cache = model.cache(LENGTH);
                scores.extend(ranges.map(|range| model.step(columns(range), &encoded, &mut cache)));
            }
            _ => return Ok(Vec::new()),
        }
        let scores = Tensor::cat(scores, 1).try_into_vec_as::<f32>()?;
        if matches!(model, Model::Seq2SeqLm(_)) {
            return Ok(scores);
        }
        let holds_token = layout.holds_token().concat();
        let parts = scores.chunks_exact(scores.len() / holds_token.len()).zip(&holds_token);
        Ok(parts.filter(|(_, holds)| **holds).flat_map(|(row, _)| row).copied().collect())
    }
}

/// The mean loss over synthetic labels, at token positions.
fn loss(model: &Model, inputs: &Inputs) -> Tensor<1> {
    let scores = model.scores(inputs);
    let [count, classes] = scores.dims();
    if classes == 1 {
        // With a single class the cross-entropy is constant, so the logit itself is the loss.
        return (scores.clone() * scores).mean();
    }
    let holds_token: Vec<bool> = Layout::Right.holds_token().concat();
    let is_padded = count == holds_token.len() && inputs.decoder.is_none();
    let class = |i: usize| {
        // Of a span's logits, only the first positions are tokens in every row.
        let class = (7 * i + 3) % if classes == LENGTH { 5 } else { classes };
        if is_padded && !holds_token[i] { IGNORE } else { class as i64 }
    };
    let targets = Targets::new(&(0..count).map(class).collect::<Vec<i64>>());
    let loss = cross_entropy_sum(scores, &targets) / targets.count() as f64;
    // Adds a second output to the loss, so that all parameters have gradients.
    let second = match model {
        Model::BaseModel(model) => model.pooled(model.forward(inputs)),
        Model::PreTraining(model) => {
            Some(model.sentence_logits(model.masked.backbone.forward(inputs), inputs))
        }
        _ => None,
    };
    match second {
        Some(second) => loss + (second.clone() * second).mean(),
        None => loss,
    }
}

impl ParityRecord {
    /// The name of the first result with a NaN or infinite value.
    fn first_nan(&self) -> Option<String> {
        let is_bad = |values: &[f32]| values.iter().any(|value| !value.is_finite());
        let outputs = self.outputs.iter().filter(|(_, values)| is_bad(values));
        let gradients = self.gradients.iter().filter(|(_, values)| is_bad(values));
        outputs
            .map(|(name, _)| name.clone())
            .chain(gradients.map(|(path, _)| format!("the gradient of {path}")))
            .chain(is_bad(&self.losses).then(|| "a loss".to_string()))
            .chain(self.decoded.as_deref().filter(|v| is_bad(v)).map(|_| "a decoded logit".into()))
            .next()
    }

    /// The errors relative to a reference.
    ///
    /// # Errors
    ///
    /// The records are of different cases.
    pub fn errors(&self, reference: &Self) -> Result<Errors, String> {
        let pairs = |found: &BTreeMap<String, Vec<f32>>, expected: &BTreeMap<String, Vec<f32>>| {
            let pair = |(name, expected): (&String, &Vec<f32>)| {
                let values = found.get(name).filter(|values| values.len() == expected.len());
                let values = values.ok_or_else(|| format!("{name} is missing"))?;
                Ok((values.clone(), expected.clone()))
            };
            expected.iter().map(pair).collect::<Result<Vec<_>, String>>()
        };
        let worst = |pairs: &[(Vec<f32>, Vec<f32>)], error: fn(&[f32], &[f32]) -> f64| {
            pairs.iter().map(|(found, expected)| error(found, expected)).fold(0.0, f64::max)
        };
        let gradients = pairs(&self.gradients, &reference.gradients)?;
        Ok(Errors {
            forward: worst(&pairs(&self.outputs, &reference.outputs)?, difference),
            loss: difference(&[self.loss], &[reference.loss]),
            gradients: worst(&gradients, difference),
            gradients_relative: worst(&gradients, relative),
            steps: difference(&self.losses, &reference.losses),
            decoding: match (&self.decoded, &reference.decoded) {
                (Some(found), Some(expected)) => Some(difference(found, expected)),
                _ => None,
            },
        })
    }
}

/// The largest absolute difference, relative to `max(1, largest expected)`.
pub fn difference(found: &[f32], expected: &[f32]) -> f64 {
    let largest = expected.iter().fold(1.0_f64, |max, v| max.max(f64::from(v.abs())));
    let differences =
        found.iter().zip(expected).map(|(a, b)| (f64::from(*a) - f64::from(*b)).abs());
    let worst = |worst: f64, next: f64| if next.is_nan() { f64::INFINITY } else { worst.max(next) };
    differences.fold(0.0, worst) / largest
}

/// The L2 norm of the difference, relative to the norm of the expected values. A gradient that is
/// zero except for rounding, such as that of a key's bias, counts as equal.
pub fn relative(found: &[f32], expected: &[f32]) -> f64 {
    if expected.iter().all(|value| value.abs() < 1e-6) {
        return 0.0;
    }
    let square = |values: &mut dyn Iterator<Item = f64>| values.map(|v| v * v).sum::<f64>();
    let pairs = found.iter().zip(expected);
    let apart = square(&mut pairs.map(|(a, b)| f64::from(*a) - f64::from(*b)));
    (apart / square(&mut expected.iter().map(|v| f64::from(*v)))).sqrt()
}
