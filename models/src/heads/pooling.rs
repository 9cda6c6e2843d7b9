//! From the hidden states of a sequence to one vector.

use burn::tensor::{Tensor, TensorData};
use serde::{Deserialize, Serialize};

use crate::layers::mask::Padding;

/// Which hidden states stand for the sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Pooling {
    /// The first: `[CLS]`.
    First,
    /// The last that is not padding.
    Last,
    /// The mean of all that are not padding.
    Mean,
    /// The first, and beside it the mean of all others: DINOv2.
    FirstAndMean,
}

impl Pooling {
    /// Features of the result.
    pub fn width(self, d_model: usize) -> usize {
        if self == Self::FirstAndMean { 2 * d_model } else { d_model }
    }

    /// One vector for each sequence.
    ///
    /// # Shapes
    ///
    /// - `hidden`: `[batch, seq, d_model]`
    /// - result: `[batch, width]`
    pub fn pool(self, hidden: Tensor<3>, padding: &Padding) -> Tensor<2> {
        let first = |hidden: Tensor<3>| hidden.slice_dim(1, 0..1).squeeze_dim::<2>(1);
        match self {
            Self::First => first(hidden),
            Self::FirstAndMean => {
                let others = hidden.clone().slice_dim(1, 1..hidden.dims()[1]);
                let mean = others.mean_dim(1).squeeze_dim::<2>(1);
                Tensor::cat(vec![first(hidden), mean], 1)
            }
            Self::Last | Self::Mean => {
                let weights = self.weights(padding, &hidden);
                weights.matmul(hidden).squeeze_dim(1)
            }
        }
    }

    /// How much each position counts, `[1 or batch, 1, seq]`.
    fn weights(self, padding: &Padding, hidden: &Tensor<3>) -> Tensor<3> {
        let [batch, seq, _] = hidden.dims();
        let all = [vec![true; seq]];
        let rows = padding.rows().unwrap_or(&all);
        let mut values = vec![0f32; rows.len() * seq];
        for (row, weights) in rows.iter().zip(values.chunks_exact_mut(seq)) {
            let tokens: Vec<usize> = (0..seq).filter(|&i| row[i]).collect();
            match self {
                // A row of padding has no last token; nobody reads what it gives.
                Self::Last => weights[tokens.last().copied().unwrap_or(0)] = 1.0,
                _ => tokens.iter().for_each(|&i| weights[i] = 1.0 / tokens.len() as f32),
            }
        }
        let weights = TensorData::new(values, [rows.len(), 1, seq]);
        let weights: Tensor<3> = Tensor::from_data(weights, &hidden.device());
        weights.expand([batch, 1, seq])
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;

    #[test]
    fn padding_is_not_pooled() {
        let hidden = Tensor::<3>::from_floats(
            [[[1.0], [3.0], [9.0]], [[2.0], [4.0], [6.0]]],
            &Device::flex(),
        );
        let padding = Padding::from_rows(vec![vec![true, true, false], vec![true; 3]]);
        let pool = |pooling: Pooling| -> Vec<f32> {
            pooling.pool(hidden.clone(), &padding).into_data().iter::<f32>().collect()
        };
        assert_eq!(pool(Pooling::First), [1.0, 2.0]);
        assert_eq!(pool(Pooling::Last), [3.0, 6.0]);
        assert_eq!(pool(Pooling::Mean), [2.0, 4.0]);
        assert_eq!(pool(Pooling::FirstAndMean), [1.0, 6.0, 2.0, 5.0]);
    }
}
