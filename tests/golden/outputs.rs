//! The outputs of a model and its loss, for every head.

use burn::tensor::{Device, Tensor};
use burn_zoo::models::backbones::Inputs;
use burn_zoo::models::checkpoint::{self, F32Tensor, Model, OutputOf};
use burn_zoo::models::heads::cross_entropy::{IGNORE, Targets as Classes, cross_entropy_sum};

use super::Feed;

/// An output tensor of a model, under the reference's name.
pub(crate) struct Output {
    pub(crate) name: &'static str,
    pub(crate) tensor: F32Tensor,
    /// Token positions of each row; `None` if the tensor has no positions.
    mask: Option<Vec<Vec<u8>>>,
    /// Rows of the batch, each of which may be several rows of the tensor.
    rows: usize,
}

/// The targets of the loss.
pub(crate) enum Targets {
    /// No targets: the loss is the mean square of the output.
    None,
    /// A label for every row of the logits.
    Classes(Vec<i64>),
    /// A label for every token, and one for every row.
    PreTraining { tokens: Vec<i64>, sentences: Vec<i64> },
    /// The token after each token.
    NextTokens(Vec<Vec<i64>>),
}

impl Output {
    /// Values at token positions.
    pub(crate) fn kept(&self) -> Vec<f32> {
        self.keep(&self.tensor.values)
    }

    /// The values of another tensor of this shape at the same positions.
    pub(crate) fn keep(&self, values: &[f32]) -> Vec<f32> {
        let Some(mask) = &self.mask else { return values.to_vec() };
        let keep: Vec<bool> = mask.iter().flatten().map(|&m| m == 1).collect();
        let rows = values.chunks_exact(values.len() / keep.len()).zip(&keep);
        rows.filter(|(_, keep)| **keep).flat_map(|(row, _)| row).copied().collect()
    }

    /// Values of one row of the batch, at token positions.
    pub(crate) fn row(&self, index: usize) -> Vec<f32> {
        let size = self.tensor.values.len() / self.rows;
        let values = &self.tensor.values[index * size..(index + 1) * size];
        let Some(mask) = &self.mask else { return values.to_vec() };
        let several = mask.len() / self.rows;
        let mask = mask[index * several..(index + 1) * several].concat();
        let positions = values.chunks_exact(size / mask.len()).zip(&mask);
        positions.filter(|(_, m)| **m == 1).flat_map(|(values, _)| values).copied().collect()
    }
}

/// All outputs of a model, its main output first.
pub(crate) fn outputs(model: &Model, feed: &Feed, device: &Device) -> Vec<Output> {
    outputs_for(model, feed, &feed.inputs(device))
}

/// The same, for other inputs of this shape.
pub(crate) fn outputs_for(model: &Model, feed: &Feed, inputs: &Inputs) -> Vec<Output> {
    let of = |of| match of {
        OutputOf::Rows => None,
        OutputOf::Input => Some(&feed.mask),
        OutputOf::Decoder => feed.decoder_mask.as_ref(),
    };
    let outputs = model.outputs(inputs).unwrap();
    let output = |output: checkpoint::Output| {
        // Images have no padding, and no mask.
        let mask = of(output.of).filter(|mask| !mask.is_empty()).cloned();
        Output { name: output.name, tensor: output.tensor, mask, rows: feed.rows() }
    };
    outputs.into_iter().map(output).collect()
}

/// The mean loss over targets that are not ignored, as the reference computes it.
pub(crate) fn loss(model: &Model, feed: &Feed, targets: &Targets, device: &Device) -> Tensor<1> {
    let classes = match targets {
        Targets::PreTraining { tokens, sentences } => {
            let Model::PreTraining(model) = model else { panic!("it has one head") };
            let inputs = feed.inputs(device);
            let hidden = model.masked.backbone.forward(&inputs);
            let [batch, seq, vocab] = [feed.rows(), feed.ids[0].len(), model.masked.vocab_size()];
            let scores = model.masked.logits(hidden.clone()).reshape([batch * seq, vocab]);
            let of_tokens = mean(scores, tokens);
            return of_tokens + mean(model.sentence_logits(hidden, &inputs), sentences);
        }
        Targets::Classes(labels) if matches!(model, Model::ReplacedTokens(_)) => {
            return binary(model.scores(&feed.inputs(device)), labels);
        }
        Targets::None => return mean_squares(model, feed, device),
        Targets::Classes(classes) => classes.clone(),
        Targets::NextTokens(rows) => {
            rows.iter().flat_map(|row| row.iter().skip(1).copied().chain([IGNORE])).collect()
        }
    };
    mean(model.scores(&feed.inputs(device)), &classes)
}

/// The mean cross entropy over the labels that are not ignored.
fn mean(scores: Tensor<2>, labels: &[i64]) -> Tensor<1> {
    let classes = Classes::new(labels);
    cross_entropy_sum(scores, &classes) / classes.count() as f64
}

/// The mean binary cross entropy of one logit per label, over the labels that are not ignored.
fn binary(logits: Tensor<2>, labels: &[i64]) -> Tensor<1> {
    let device = logits.device();
    let column = |value: fn(i64) -> f32| {
        let values: Vec<f32> = labels.iter().map(|&label| value(label)).collect();
        Tensor::<1>::from_floats(&values[..], &device).reshape([labels.len(), 1])
    };
    let (label, counts) = (column(|l| l.max(0) as f32), column(|l| f32::from(l != IGNORE)));
    let softplus = logits.clone().clamp_min(0.0) + logits.clone().abs().neg().exp().log1p();
    ((softplus - logits * label) * counts.clone()).sum() / counts.sum()
}

fn mean_squares(model: &Model, feed: &Feed, device: &Device) -> Tensor<1> {
    let Model::BaseModel(model) = model else {
        let scores = model.scores(&feed.inputs(device));
        return (scores.clone() * scores).mean();
    };
    let hidden = model.forward(&feed.inputs(device));
    let pooled = model.pooled(hidden.clone());
    let [_, seq, d_model] = hidden.dims();
    let all = vec![vec![1; seq]; feed.rows()];
    let mask = if feed.mask.is_empty() { &all } else { &feed.mask };
    let weights: Vec<f32> = mask.iter().flatten().map(|&m| f32::from(m)).collect();
    let count = weights.iter().sum::<f32>() * d_model as f32;
    let weights = Tensor::<1>::from_floats(&weights[..], device);
    let weights = weights.reshape([feed.rows(), seq, 1]);
    let loss = (hidden.clone() * hidden * weights).sum() / count;
    match pooled {
        Some(pooled) => loss + (pooled.clone() * pooled).mean(),
        None => loss,
    }
}
