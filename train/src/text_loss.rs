//! The scores and the loss of every head over texts.

use std::ops::Range;

use burn::tensor::{Device, Int, Tensor, TensorData, activation};
use zoo_datasets::batch::IGNORE;
use zoo_models::checkpoint::Model;
use zoo_models::generate::GenerateError;
use zoo_models::heads::cross_entropy::{Targets, cross_entropy_sum};
use zoo_models::layers::embedding::token_ids;
use zoo_models::precision::to_vec_f32;

use crate::answer_span::best_answer;
use crate::class_scores::best_classes;
use crate::finite_rows::finite_rows;
use crate::label_smoothing::smoothed_cross_entropy_sum;
use crate::objective::BatchLoss;
use crate::prediction::Prediction;
use crate::sentence_vectors::SentenceVectors;
use crate::text_batch::{TextBatch, TextTargets};

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
    smoothed_loss(model, batch, 0.0)
}

/// The loss of a batch; `smoothing` is the share of a class that is spread over all classes. Other
/// targets are not smoothed.
///
/// # Panics
///
/// Panics if the model has another head than the targets need.
pub fn smoothed_loss(model: &Model, batch: &TextBatch, smoothing: f64) -> BatchLoss {
    TextScores::of(model, batch).smoothed_loss(batch, smoothing)
}

/// The scores of one forward pass, from which the loss and the predictions of a batch follow.
#[derive(Debug, Clone)]
#[allow(clippy::large_enum_variant, reason = "one value lives for one batch")]
pub enum TextScores {
    /// The scores of classes, labels or values, `[targets, classes]`; see [`scores`].
    Classes(Tensor<2>),
    /// The scores of the start and the end of an answer, `[rows, width]`.
    Ends {
        /// Of the start.
        starts: Tensor<2>,
        /// Of the end.
        ends: Tensor<2>,
    },
    /// Sentence vectors, `[rows, d_model]`; see [`vectors`].
    Vectors(Tensor<2>),
}

impl TextScores {
    /// A forward pass.
    ///
    /// # Panics
    ///
    /// Panics if the model has another head than the targets need.
    pub fn of(model: &Model, batch: &TextBatch) -> Self {
        match &batch.targets {
            TextTargets::Spans(_) => {
                let [starts, ends] = span_scores(model, batch);
                Self::Ends { starts, ends }
            }
            TextTargets::Related(related) => Self::Vectors(vectors(model, batch, &related.vectors)),
            _ => Self::Classes(scores(model, batch)),
        }
    }

    /// The loss of the batch of the forward pass.
    ///
    /// # Panics
    ///
    /// Panics if the scores are of another kind than the targets.
    pub fn loss(self, batch: &TextBatch) -> BatchLoss {
        self.smoothed_loss(batch, 0.0)
    }

    /// The same with label smoothing; see [`smoothed_loss`].
    ///
    /// # Panics
    ///
    /// Panics if the scores are of another kind than the targets.
    pub fn smoothed_loss(self, batch: &TextBatch, smoothing: f64) -> BatchLoss {
        let targets = batch.size().targets;
        let sum = match (&batch.targets, self) {
            (TextTargets::Classes(classes), Self::Classes(scores)) => {
                let positions = batch.target_positions();
                let mut classes: Vec<i64> =
                    positions.iter().map(|&position| classes[position]).collect();
                if classes.is_empty() {
                    classes.push(IGNORE);
                }
                smoothed_cross_entropy_sum(scores, &classes, smoothing)
            }
            (TextTargets::Numbers(values), Self::Classes(scores)) => {
                let difference = scores.clone() - like(values, &scores);
                (difference.clone() * difference).sum()
            }
            (TextTargets::Labels(values), Self::Classes(scores)) => {
                let applies = like(values, &scores);
                // -y log σ(x) - (1 - y) log(1 - σ(x)) = max(x, 0) - x y + log(1 + exp(-|x|))
                let excess = activation::relu(scores.clone());
                let softplus = (scores.clone().abs().neg().exp() + 1.0).log();
                (excess - scores * applies + softplus).sum()
            }
            (TextTargets::Related(related), Self::Vectors(vectors)) => related.loss(vectors),
            (TextTargets::Spans(spans), Self::Ends { starts, ends }) => {
                let first: Vec<i64> = spans.iter().map(|span| span.first as i64).collect();
                let last: Vec<i64> = spans.iter().map(|span| span.last as i64).collect();
                let both = cross_entropy_sum(starts, &Targets::new(&first))
                    + cross_entropy_sum(ends, &Targets::new(&last));
                both / 2.0
            }
            _ => panic!("the scores are not those of the targets"),
        };
        BatchLoss { sum, targets }
    }

    /// The logits of each row, for several labels or a number.
    ///
    /// # Errors
    ///
    /// A value is NaN or infinite.
    pub fn values(self) -> Result<Vec<Prediction>, GenerateError> {
        Ok(finite_rows(self.classes())?.into_iter().map(Prediction::Values).collect())
    }

    /// The best class of `candidates` for each target; labels are counted from the first candidate.
    ///
    /// # Errors
    ///
    /// A score is NaN.
    pub fn labels(
        self,
        batch: &TextBatch,
        candidates: Range<usize>,
    ) -> Result<Vec<Prediction>, GenerateError> {
        let mut labels = best_classes(self.classes(), candidates)?.into_iter();
        let counts = batch.targets_by_row();
        Ok(counts
            .into_iter()
            .map(|count| Prediction::Labels(labels.by_ref().take(count).collect()))
            .collect())
    }

    fn classes(self) -> Tensor<2> {
        match self {
            Self::Classes(scores) => scores,
            Self::Ends { .. } | Self::Vectors(_) => panic!("the model scores no classes"),
        }
    }

    /// The answer that scores highest in each row, among the row's tokens in `texts`; it begins
    /// before it ends.
    ///
    /// # Errors
    ///
    /// A score is NaN.
    ///
    /// # Panics
    ///
    /// Panics if the scores are not of an answer's ends.
    pub fn spans(
        self,
        batch: &TextBatch,
        texts: &[Range<usize>],
    ) -> Result<Vec<Prediction>, GenerateError> {
        let Self::Ends { starts, ends } = self else {
            panic!("the scores of classes are not those of an answer's ends");
        };
        let (starts, ends) = (to_vec_f32(starts), to_vec_f32(ends));
        if starts.iter().chain(&ends).any(|score| score.is_nan()) {
            return Err(GenerateError::NotFinite);
        }
        let rows = starts.chunks_exact(batch.text.width).zip(ends.chunks_exact(batch.text.width));
        let best = |((starts, ends), text): ((&[f32], &[f32]), &Range<usize>)| {
            best_answer(starts, ends, text.clone())
        };
        Ok(rows.zip(texts).map(best).collect())
    }
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
