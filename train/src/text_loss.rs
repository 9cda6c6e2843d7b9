//! The scores and the loss of every head over texts.

use std::ops::Range;

use burn::tensor::{Device, Int, Tensor, TensorData, activation};
use zoo_datasets::batch::IGNORE;
use zoo_models::checkpoint::Model;
use zoo_models::generate::GenerateError;
use zoo_models::heads::cross_entropy::{Targets, cross_entropy_sum};
use zoo_models::layers::embedding::token_ids;
use zoo_models::precision::to_vec_f32;

use crate::class_scores::best_classes;
use crate::objective::BatchLoss;
use crate::prediction::Prediction;
use crate::sentence_vectors::SentenceVectors;
use crate::text_batch::{Span, TextBatch, TextTargets};

/// The logits at the target positions only: a head over a whole vocabulary costs more than the rest
/// of the model, and most positions of a prompt have no target. For a classifier of whole texts, the
/// logits of each row.
///
/// # Shapes
///
/// - result: `[targets, classes]`; one meaningless row where there are no targets
///
/// # Panics
///
/// Panics if the model has another head.
pub fn scores(model: &Model, batch: &TextBatch) -> Tensor<2> {
    let device = model.backbone().device();
    let inputs = batch.inputs(&device);
    if let Model::SequenceClassifier(model) = model {
        return model.forward(&inputs);
    }
    let hidden = at_targets(model.backbone().forward(&inputs), batch, &device);
    let scores = match model {
        Model::TokenClassifier(model) => model.logits(hidden),
        Model::MaskedLm(model) => model.logits(hidden),
        Model::CausalLm(model) => model.logits(hidden),
        Model::Seq2SeqLm(model) => model.logits(hidden),
        _ => panic!("a model with this head has no scores of classes"),
    };
    scores.squeeze_dim(0)
}

/// The hidden states at the target positions, `[1, targets, d_model]`.
fn at_targets(hidden: Tensor<3>, batch: &TextBatch, device: &Device) -> Tensor<3> {
    let [rows, width, d_model] = hidden.dims();
    let hidden = hidden.reshape([rows * width, d_model]);
    let positions = batch.target_positions();
    let hidden = match positions.len() {
        all if all == rows * width => hidden,
        // Tensors cannot be empty; the result of this row is unused.
        0 => hidden.slice_dim(0, 0..1),
        _ => hidden.select(0, indices(&positions, device)),
    };
    hidden.unsqueeze::<3>()
}

/// The loss of a batch.
///
/// # Panics
///
/// Panics if the model has another head than the targets need.
pub fn loss(model: &Model, batch: &TextBatch) -> BatchLoss {
    let targets = batch.size().targets;
    let sum = match &batch.targets {
        TextTargets::Classes(classes) => {
            let positions = batch.target_positions();
            let mut classes: Vec<i64> =
                positions.iter().map(|&position| classes[position]).collect();
            if classes.is_empty() {
                classes.push(IGNORE);
            }
            cross_entropy_sum(scores(model, batch), &Targets::new(&classes))
        }
        TextTargets::Numbers(values) => {
            let scores = scores(model, batch);
            let difference = scores.clone() - like(values, &scores);
            (difference.clone() * difference).sum()
        }
        TextTargets::Labels(values) => {
            let scores = scores(model, batch);
            let applies = like(values, &scores);
            // -y log σ(x) - (1 - y) log(1 - σ(x)) = max(x, 0) - x y + log(1 + exp(-|x|))
            let excess = activation::relu(scores.clone());
            let softplus = (scores.clone().abs().neg().exp() + 1.0).log();
            (excess - scores * applies + softplus).sum()
        }
        TextTargets::Related(related) => related.loss(vectors(model, batch, &related.vectors)),
        TextTargets::Spans(spans) => {
            let [starts, ends] = span_scores(model, batch);
            let first: Vec<i64> = spans.iter().map(|span| span.first as i64).collect();
            let last: Vec<i64> = spans.iter().map(|span| span.last as i64).collect();
            let both = cross_entropy_sum(starts, &Targets::new(&first))
                + cross_entropy_sum(ends, &Targets::new(&last));
            both / 2.0
        }
    };
    BatchLoss { sum, targets }
}

/// The sentence vector of each row.
///
/// # Shapes
///
/// - result: `[rows, d_model]`
pub fn vectors(model: &Model, batch: &TextBatch, how: &SentenceVectors) -> Tensor<2> {
    let inputs = batch.inputs(&model.backbone().device());
    let hidden = model.backbone().forward(&inputs);
    how.of(hidden, &inputs.expect_tokens().padding)
}

/// Values on the device of scores, in their shape.
fn like(values: &[f32], scores: &Tensor<2>) -> Tensor<2> {
    Tensor::from_data(TensorData::new(values.to_vec(), scores.dims()), &scores.device())
}

/// The negative log-likelihood of each row's classes.
///
/// # Errors
///
/// It is NaN or infinite.
pub fn nats(model: &Model, batch: &TextBatch) -> Result<Vec<Prediction>, GenerateError> {
    let TextTargets::Classes(classes) = &batch.targets else {
        panic!("only classes have a likelihood");
    };
    let positions = batch.target_positions();
    if positions.is_empty() {
        return Ok(vec![Prediction::Nats { sum: 0.0, targets: 0 }; batch.rows()]);
    }
    let scores = scores(model, batch);
    let classes: Vec<u32> = positions.iter().map(|&at| classes[at] as u32).collect();
    let index = token_ids(&classes, classes.len(), &scores.device());
    let losses = to_vec_f32(activation::log_softmax(scores, 1).gather(1, index).neg());
    let mut losses = losses.into_iter().map(f64::from);
    let row = |targets: usize| {
        let sum: f64 = losses.by_ref().take(targets).sum();
        match sum.is_finite() {
            true => Ok(Prediction::Nats { sum, targets }),
            false => Err(GenerateError::NotFinite),
        }
    };
    batch.targets_by_row().into_iter().map(row).collect()
}

/// The best class of `candidates` for each target; labels are counted from the first candidate.
///
/// # Errors
///
/// A score is NaN.
pub fn labels(
    model: &Model,
    batch: &TextBatch,
    candidates: Range<usize>,
) -> Result<Vec<Prediction>, GenerateError> {
    let mut labels = best_classes(scores(model, batch), candidates)?.into_iter();
    let counts = batch.targets_by_row();
    Ok(counts
        .into_iter()
        .map(|count| Prediction::Labels(labels.by_ref().take(count).collect()))
        .collect())
}

/// The longest answer in tokens.
const LONGEST_ANSWER: usize = 30;

/// The answer that scores highest in each row, among the row's tokens in `texts`; it begins before
/// it ends.
///
/// # Errors
///
/// A score is NaN.
///
/// # Panics
///
/// Panics if the model has another head.
pub fn spans(
    model: &Model,
    batch: &TextBatch,
    texts: &[Range<usize>],
) -> Result<Vec<Prediction>, GenerateError> {
    let [starts, ends] = span_scores(model, batch).map(to_vec_f32);
    if starts.iter().chain(&ends).any(|score| score.is_nan()) {
        return Err(GenerateError::NotFinite);
    }
    let rows = starts.chunks_exact(batch.text.width).zip(ends.chunks_exact(batch.text.width));
    let best = |((starts, ends), text): ((&[f32], &[f32]), &Range<usize>)| {
        let none = starts[0] + ends[0];
        let mut best = Prediction::Span { span: Span { first: 0, last: 0 }, score: none, none };
        let mut highest = f32::NEG_INFINITY;
        for first in text.clone() {
            for last in (first..text.end).take(LONGEST_ANSWER) {
                let score = starts[first] + ends[last];
                if score > highest {
                    highest = score;
                    best = Prediction::Span { span: Span { first, last }, score, none };
                }
            }
        }
        best
    };
    Ok(rows.zip(texts).map(best).collect())
}

/// The scores of every position as the start and as the end of an answer, `[rows, width]`.
fn span_scores(model: &Model, batch: &TextBatch) -> [Tensor<2>; 2] {
    let Model::SpanExtractor(model) = model else {
        panic!("a model without a head for spans has no scores of them");
    };
    model.forward(&batch.inputs(&model.ends.backbone.device()))
}

/// Positions as a tensor.
fn indices(positions: &[usize], device: &Device) -> Tensor<1, Int> {
    let positions: Vec<i64> = positions.iter().map(|&position| position as i64).collect();
    Tensor::from_data(TensorData::from(positions.as_slice()), device)
}
