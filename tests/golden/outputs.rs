//! What a model says, and the loss of it, whichever head it has.

use burn::tensor::{Device, Tensor};
use burn_zoo::models::heads::cross_entropy::{IGNORE, Targets as Classes, cross_entropy_sum};
use burn_zoo::models::pretrained::{F32Tensor, Model};

use super::{Feed, values};

/// A tensor that a model computes, called as the reference calls it.
pub(crate) struct Output {
    pub(crate) name: &'static str,
    pub(crate) tensor: F32Tensor,
    /// Which positions of which row hold tokens; `None` where the tensor has no positions.
    mask: Option<Vec<Vec<u8>>>,
}

/// What a model should say.
pub(crate) enum Targets {
    /// Nothing in particular: the loss is the mean square of what it says.
    None,
    /// A class for every row of its scores.
    Classes(Vec<i64>),
    /// The token after each token.
    NextTokens(Vec<Vec<i64>>),
}

impl Output {
    fn new<const D: usize>(
        name: &'static str,
        tensor: Tensor<D>,
        mask: Option<&Vec<Vec<u8>>>,
    ) -> Self {
        let shape = tensor.dims().to_vec();
        let tensor = F32Tensor { shape, values: values(tensor) };
        // Images have no padding, and no mask.
        let mask = mask.filter(|mask| !mask.is_empty()).cloned();
        Self { name, tensor, mask }
    }

    /// Values at positions that hold tokens.
    pub(crate) fn kept(&self) -> Vec<f32> {
        self.keep(&self.tensor.values)
    }

    /// The same part of another tensor of this shape.
    pub(crate) fn keep(&self, values: &[f32]) -> Vec<f32> {
        let Some(mask) = &self.mask else { return values.to_vec() };
        let keep: Vec<bool> = mask.iter().flatten().map(|&m| m == 1).collect();
        let rows = values.chunks_exact(values.len() / keep.len()).zip(&keep);
        rows.filter(|(_, keep)| **keep).flat_map(|(row, _)| row).copied().collect()
    }

    /// Values of one row of the batch, at positions that hold tokens.
    pub(crate) fn row(&self, index: usize) -> Vec<f32> {
        let rows = self.tensor.shape[0];
        let size = self.tensor.values.len() / rows;
        let values = &self.tensor.values[index * size..(index + 1) * size];
        let Some(mask) = &self.mask else { return values.to_vec() };
        let positions = values.chunks_exact(size / mask[index].len()).zip(&mask[index]);
        positions.filter(|(_, m)| **m == 1).flat_map(|(values, _)| values).copied().collect()
    }
}

/// Everything that a model computes, its main output first.
pub(crate) fn outputs(model: &Model, feed: &Feed, device: &Device) -> Vec<Output> {
    let mask = Some(&feed.mask);
    match model {
        Model::CausalLm(model) => {
            let hidden = model.backbone.forward(&feed.tokens(device));
            let logits = Output::new("logits", model.logits(hidden.clone()), mask);
            vec![logits, Output::new("last_hidden_state", hidden, mask)]
        }
        Model::MaskedLm(model) => {
            let hidden = model.backbone.forward(&feed.tokens(device));
            let logits = Output::new("logits", model.logits(hidden.clone()), mask);
            vec![logits, Output::new("last_hidden_state", hidden, mask)]
        }
        Model::Seq2SeqLm(model) => {
            let encoded = model.backbone.encode(&feed.tokens(device));
            let hidden = model.backbone.decode(&feed.text(device), &encoded);
            let of_decoder = feed.decoder_mask.as_ref();
            vec![
                Output::new("logits", model.logits(hidden.clone()), of_decoder),
                Output::new("last_hidden_state", hidden, of_decoder),
                Output::new("encoder_last_hidden_state", encoded.hidden, mask),
            ]
        }
        Model::SequenceClassifier(model) => {
            let input = feed.input(device);
            let hidden = model.backbone.forward(&input);
            let logits = Output::new("logits", model.logits(hidden.clone(), &input), None);
            vec![logits, Output::new("last_hidden_state", hidden, mask)]
        }
        Model::DistilledClassifier(model) => {
            let hidden = model.backbone.forward(&feed.input(device));
            let [logits, by_class, by_teacher] = model.logits(hidden.clone());
            vec![
                Output::new("logits", logits, None),
                Output::new("cls_logits", by_class, None),
                Output::new("distillation_logits", by_teacher, None),
                Output::new("last_hidden_state", hidden, mask),
            ]
        }
        Model::TokenClassifier(model) => {
            let hidden = model.backbone.forward(&feed.input(device));
            let logits = Output::new("logits", model.logits(hidden.clone()), mask);
            vec![logits, Output::new("last_hidden_state", hidden, mask)]
        }
        Model::SpanExtractor(model) => {
            let hidden = model.ends.backbone.forward(&feed.input(device));
            let [start, end] = model.logits(hidden.clone());
            vec![
                Output::new("start_logits", start, mask),
                Output::new("end_logits", end, mask),
                Output::new("last_hidden_state", hidden, mask),
            ]
        }
        Model::Backbone(model) => {
            let hidden = model.forward(&feed.input(device));
            let pooled = model.pooled(hidden.clone());
            let mut found = vec![Output::new("last_hidden_state", hidden, mask)];
            found.extend(pooled.map(|pooled| Output::new("pooler_output", pooled, None)));
            found
        }
    }
}

/// Scores, a row for everything that has a class.
fn scores(model: &Model, feed: &Feed, device: &Device) -> Tensor<2> {
    let flat = |logits: Tensor<3>| {
        let [batch, seq, classes] = logits.dims();
        logits.reshape([batch * seq, classes])
    };
    match model {
        Model::CausalLm(model) => flat(model.forward(&feed.tokens(device))),
        Model::MaskedLm(model) => flat(model.forward(&feed.tokens(device))),
        Model::Seq2SeqLm(model) => flat(model.forward(&feed.tokens(device), &feed.text(device))),
        Model::SequenceClassifier(model) => model.forward(&feed.input(device)),
        Model::DistilledClassifier(model) => {
            let [logits, ..] = model.forward(&feed.input(device));
            logits
        }
        Model::TokenClassifier(model) => flat(model.forward(&feed.input(device))),
        Model::SpanExtractor(model) => Tensor::cat(model.forward(&feed.input(device)).into(), 0),
        Model::Backbone(model) => flat(model.forward(&feed.input(device))),
    }
}

/// The mean loss over targets that count, as the reference computes it.
pub(crate) fn loss(model: &Model, feed: &Feed, targets: &Targets, device: &Device) -> Tensor<1> {
    let classes = match targets {
        Targets::None => return mean_squares(model, feed, device),
        Targets::Classes(classes) => classes.clone(),
        Targets::NextTokens(rows) => {
            rows.iter().flat_map(|row| row.iter().skip(1).copied().chain([IGNORE])).collect()
        }
    };
    let classes = Classes::new(&classes, device);
    cross_entropy_sum(scores(model, feed, device), &classes) / classes.count() as f64
}

fn mean_squares(model: &Model, feed: &Feed, device: &Device) -> Tensor<1> {
    let Model::Backbone(model) = model else {
        let scores = scores(model, feed, device);
        return (scores.clone() * scores).mean();
    };
    let hidden = model.forward(&feed.input(device));
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
