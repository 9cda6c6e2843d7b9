//! Sentence vectors: what is learned about texts that are related.

use std::fmt;
use std::str::FromStr;

use burn::tensor::{Bool, Tensor, TensorData, activation};
use serde::{Deserialize, Serialize};
use zoo_models::generate::GenerateError;
use zoo_models::heads::cross_entropy::{Targets, cross_entropy_sum};
use zoo_models::heads::pooling::Pooling;
use zoo_models::heads::{Level, Unit};
use zoo_models::layers::mask::Padding;
use zoo_models::precision::to_f32;

use crate::finite_rows::finite_rows;
use crate::prediction::Prediction;

/// How hidden states become the vector of a text, and what is learned about vectors.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SentenceVectors {
    /// The pooling of hidden states.
    pub pooling: Pooling,
    /// Whether vectors are scaled to length 1.
    pub is_unit: bool,
    /// The loss.
    pub loss: SentenceLoss,
}

/// A loss of related texts, as in sentence-transformers.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SentenceLoss {
    /// The cross-entropy of finding the second text among the second texts and the negatives of the
    /// forward pass, with cosine similarities times `scale` as logits. Texts that equal the first
    /// or the second one are no candidates. Reference: Henderson et al. 2017, §4.4,
    /// <https://arxiv.org/abs/1705.00652>
    MultipleNegatives {
        /// The inverse of the temperature.
        scale: f32,
    },
    /// The squared difference of the cosine similarity of two texts and the expected one.
    /// Reference: Reimers and Gurevych 2019, §3, <https://arxiv.org/abs/1908.10084>
    Cosine,
    /// `max(|a - p| - |a - n| + margin, 0)`, the mean over the negatives `n` of a text. Reference:
    /// the same.
    Triplet {
        /// How much nearer the second text should be than a negative.
        margin: f32,
    },
}

/// A name that is no loss.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown loss {name:?}; there are {}", SentenceLoss::ALL.map(SentenceLoss::name).join(", "))]
pub struct UnknownSentenceLoss {
    /// The name.
    pub name: String,
}

impl SentenceLoss {
    /// All losses, with the settings of sentence-transformers.
    pub const ALL: [Self; 3] =
        [Self::MultipleNegatives { scale: 20.0 }, Self::Cosine, Self::Triplet { margin: 5.0 }];

    /// The name, as in `--loss`.
    pub fn name(self) -> &'static str {
        match self {
            Self::MultipleNegatives { .. } => "multiple-negatives",
            Self::Cosine => "cosine",
            Self::Triplet { .. } => "triplet",
        }
    }
}

impl fmt::Display for SentenceLoss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for SentenceLoss {
    type Err = UnknownSentenceLoss;

    fn from_str(name: &str) -> Result<Self, UnknownSentenceLoss> {
        let found = Self::ALL.into_iter().find(|loss| loss.name() == name);
        found.ok_or_else(|| UnknownSentenceLoss { name: name.to_string() })
    }
}

impl Default for SentenceVectors {
    /// The mean of all tokens, of length 1, with in-batch negatives.
    fn default() -> Self {
        Self { pooling: Pooling::Mean, is_unit: true, loss: SentenceLoss::ALL[0] }
    }
}

impl SentenceVectors {
    /// The vectors of texts, in f32.
    ///
    /// # Shapes
    ///
    /// - `hidden`: `[rows, width, d_model]`
    /// - result: `[rows, d_model]`
    pub fn of(&self, hidden: Tensor<3>, padding: &Padding) -> Tensor<2> {
        let pooled = to_f32(self.pooling.pool(hidden, padding));
        if self.is_unit { unit(pooled) } else { pooled }
    }
}

/// The rows of a batch: the texts, then the second text of each, then the first negative of each,
/// and so on.
#[derive(Debug, Clone, PartialEq)]
pub struct RelatedTexts {
    /// How the vectors are made, and the loss.
    pub vectors: SentenceVectors,
    /// The number of texts.
    pub pairs: usize,
    /// The similarity of each text to its second text; empty where they have the same meaning.
    pub similarities: Vec<f32>,
    /// For each text, the rows after the texts that are not among its answers, `[pairs, rows -
    /// pairs]`; empty if no row is excluded.
    pub excluded: Vec<bool>,
}

/// The logit of an excluded row: its probability is 0 in f32.
const EXCLUDED: f32 = -1e9;

impl RelatedTexts {
    /// The vectors of each text and of those that it is related to, of length 1.
    ///
    /// # Shapes
    ///
    /// - `vectors`: `[rows, d_model]`
    ///
    /// # Errors
    ///
    /// A value is NaN or infinite.
    pub fn predictions(&self, vectors: Tensor<2>) -> Result<Vec<Prediction>, GenerateError> {
        let rows = finite_rows(if self.vectors.is_unit { vectors } else { unit(vectors) })?;
        let of = |text: usize| {
            Prediction::Vectors(rows.iter().skip(text).step_by(self.pairs).cloned().collect())
        };
        Ok((0..self.pairs).map(of).collect())
    }

    /// The sum of the losses of all texts.
    ///
    /// # Shapes
    ///
    /// - `vectors`: `[rows, d_model]`
    /// - result: `[1]`
    pub fn loss(&self, vectors: Tensor<2>) -> Tensor<1> {
        let rows = vectors.dims()[0];
        let part =
            |part: usize| vectors.clone().slice_dim(0, part * self.pairs..(part + 1) * self.pairs);
        match self.vectors.loss {
            SentenceLoss::MultipleNegatives { scale } => {
                let candidates = unit(vectors.clone().slice_dim(0, self.pairs..rows));
                let logits = unit(part(0)).matmul(candidates.transpose()) * scale;
                let logits = match self.excluded.is_empty() {
                    true => logits,
                    false => {
                        let shape = [self.pairs, rows - self.pairs];
                        let excluded = TensorData::new(self.excluded.clone(), shape);
                        let excluded = Tensor::<2, Bool>::from_data(excluded, &logits.device());
                        logits.mask_fill(excluded, EXCLUDED)
                    }
                };
                let right: Vec<i64> = (0..self.pairs as i64).collect();
                cross_entropy_sum(logits, &Targets::new(&right))
            }
            SentenceLoss::Cosine => {
                let cosines = (unit(part(0)) * unit(part(1))).sum_dim(1).squeeze_dim::<1>(1);
                let expected = TensorData::from(self.similarities.as_slice());
                let difference = cosines - Tensor::from_data(expected, &vectors.device());
                (difference.clone() * difference).sum()
            }
            SentenceLoss::Triplet { margin } => {
                let near = distance(part(0), part(1));
                let negatives = 2..rows / self.pairs;
                let count = negatives.len().max(1) as f32;
                let losses = negatives.map(|negative| {
                    let excess = near.clone() - distance(part(0), part(negative)) + margin;
                    activation::relu(excess).sum()
                });
                let sum = losses.reduce(|sum, loss| sum + loss);
                sum.unwrap_or_else(|| panic!("a triplet has a negative")) / count
            }
        }
    }
}

fn unit(vectors: Tensor<2>) -> Tensor<2> {
    Unit { level: Level::Text }.forward(vectors)
}

/// The Euclidean distance of each row, `[rows]`, as torch's `pairwise_distance`: equal vectors have
/// a gradient.
fn distance(a: Tensor<2>, b: Tensor<2>) -> Tensor<1> {
    let difference = a - b + 1e-6;
    (difference.clone() * difference).sum_dim(1).sqrt().squeeze_dim(1)
}
