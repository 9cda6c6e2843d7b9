//! Pooling: from the hidden states of a sequence to one vector.

use burn::tensor::{Tensor, TensorData};
use serde::{Deserialize, Serialize};

use crate::layers::mask::Padding;

/// How the hidden states of a sequence are pooled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Pooling {
    /// The first: `[CLS]`.
    First,
    /// The last token that is not padding.
    Last,
    /// The mean of all tokens that are not padding.
    Mean,
    /// The largest value of each feature.
    Max,
    /// The sum divided by the square root of the number of tokens.
    MeanBySqrtLength,
    /// The mean weighted by position: 1 for the first token, 2 for the second, and so on. Reference:
    /// Muennighoff 2022, §4.1, <https://arxiv.org/abs/2202.08904>
    WeightedMean,
    /// The first hidden state, concatenated with the mean of the others: DINOv2.
    FirstAndMean,
}

impl Pooling {
    /// The number of features of the result.
    pub fn width(self, d_model: usize) -> usize {
        if self == Self::FirstAndMean { 2 * d_model } else { d_model }
    }

    /// Pools each sequence.
    ///
    /// # Shapes
    ///
    /// - `hidden`: `[batch, seq, d_model]`
    /// - result: `[batch, width]`
    pub fn pool(self, hidden: Tensor<3>, padding: &Padding) -> Tensor<2> {
        self.pool_after(&[], hidden, padding)
    }

    /// Pools without the first `skipped` tokens of each row, such as those of a prompt; rows beyond
    /// the end of the list are pooled completely. Where no token is left, the vector is zeros, or
    /// the first token's.
    ///
    /// # Shapes
    ///
    /// - `hidden`: `[batch, seq, d_model]`
    /// - result: `[batch, width]`
    pub fn pool_after(self, skipped: &[usize], hidden: Tensor<3>, padding: &Padding) -> Tensor<2> {
        let first = |hidden: Tensor<3>| hidden.slice_dim(1, 0..1).squeeze_dim::<2>(1);
        match self {
            Self::First if skipped.iter().all(|count| *count == 0) => first(hidden),
            Self::FirstAndMean => {
                let others = hidden.clone().slice_dim(1, 1..hidden.dims()[1]);
                let mean = others.mean_dim(1).squeeze_dim::<2>(1);
                Tensor::cat(vec![first(hidden), mean], 1)
            }
            Self::Max => {
                let is_out = self.weights(skipped, &hidden, padding).swap_dims(1, 2).equal_elem(0);
                let shape = hidden.shape();
                let max = hidden.mask_fill(is_out.expand(shape), f32::NEG_INFINITY).max_dim(1);
                let is_empty = max.clone().equal_elem(f32::NEG_INFINITY);
                max.mask_fill(is_empty, 0.0).squeeze_dim(1)
            }
            _ => self.weights(skipped, &hidden, padding).matmul(hidden).squeeze_dim(1),
        }
    }

    /// The weight of each position, `[batch, 1, seq]`.
    fn weights(self, skipped: &[usize], hidden: &Tensor<3>, padding: &Padding) -> Tensor<3> {
        let [batch, seq, _] = hidden.dims();
        let all = vec![true; seq];
        let mut values = vec![0f32; batch * seq];
        for (row, weights) in values.chunks_exact_mut(seq).enumerate() {
            let is_token = padding.rows().map_or(&all, |rows| &rows[row]);
            let tokens: Vec<usize> = (0..seq).filter(|&i| is_token[i]).collect();
            let skipped = skipped.get(row).copied().unwrap_or(0).min(tokens.len());
            self.weigh(&tokens, skipped, weights);
        }
        Tensor::from_data(TensorData::new(values, [batch, 1, seq]), &hidden.device())
    }

    /// Writes the weights of the positions of a row; `tokens` are the positions of its tokens.
    fn weigh(self, tokens: &[usize], skipped: usize, weights: &mut [f32]) {
        let counted = &tokens[skipped..];
        let length = counted.len() as f32;
        match self {
            Self::First => weights[counted.first().or(tokens.first()).copied().unwrap_or(0)] = 1.0,
            Self::Last => match counted.last() {
                Some(&last) => weights[last] = 1.0,
                // A row of padding has no last token; its result is not used.
                None if tokens.is_empty() => weights[0] = 1.0,
                None => {}
            },
            Self::WeightedMean => {
                let numbers = skipped + 1..=tokens.len();
                let sum = numbers.clone().sum::<usize>() as f32;
                counted.iter().zip(numbers).for_each(|(&i, n)| weights[i] = n as f32 / sum);
            }
            Self::Max => counted.iter().for_each(|&i| weights[i] = 1.0),
            Self::MeanBySqrtLength => {
                counted.iter().for_each(|&i| weights[i] = 1.0 / length.sqrt())
            }
            Self::Mean | Self::FirstAndMean => {
                counted.iter().for_each(|&i| weights[i] = 1.0 / length);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;

    /// The vectors of three texts of one feature: three tokens, two, none.
    fn pooled(pooling: Pooling, skipped: &[usize]) -> Vec<f32> {
        let hidden = Tensor::<3>::from_floats(
            [[[2.0], [4.0], [9.0]], [[-1.0], [-3.0], [9.0]], [[8.0], [7.0], [7.0]]],
            &Device::flex(),
        );
        let rows = vec![vec![true; 3], vec![true, true, false], vec![false; 3]];
        let vectors = pooling.pool_after(skipped, hidden, &Padding::from_rows(rows));
        vectors.into_data().iter::<f32>().collect()
    }

    #[test]
    fn padding_is_not_pooled() {
        assert_eq!(pooled(Pooling::First, &[]), [2.0, -1.0, 8.0]);
        assert_eq!(pooled(Pooling::Last, &[]), [9.0, -3.0, 8.0]);
        assert_eq!(pooled(Pooling::Mean, &[]), [5.0, -2.0, 0.0]);
        assert_eq!(pooled(Pooling::Max, &[]), [9.0, -1.0, 0.0]);
        let weighted = [37.0 / 6.0, -7.0 / 3.0, 0.0];
        let by_root = [15.0 / 3f32.sqrt(), -4.0 / 2f32.sqrt(), 0.0];
        for (pooling, expected) in
            [(Pooling::WeightedMean, weighted), (Pooling::MeanBySqrtLength, by_root)]
        {
            let found = pooled(pooling, &[]);
            let is_near = |(found, expected): (&f32, &f32)| (found - expected).abs() < 1e-5;
            assert!(found.iter().zip(&expected).all(is_near), "{pooling:?}: {found:?}");
        }
        assert_eq!(pooled(Pooling::FirstAndMean, &[]), [2.0, 6.5, -1.0, 3.0, 8.0, 7.0]);
    }

    #[test]
    fn skipped_tokens_are_not_pooled() {
        assert_eq!(pooled(Pooling::First, &[1, 0]), [4.0, -1.0, 8.0]);
        assert_eq!(pooled(Pooling::Last, &[1, 2]), [9.0, 0.0, 8.0]);
        assert_eq!(pooled(Pooling::Mean, &[1, 1, 1]), [6.5, -3.0, 0.0]);
        assert_eq!(pooled(Pooling::Mean, &[9, 2]), [0.0, 0.0, 0.0]);
        assert_eq!(pooled(Pooling::Max, &[2, 2]), [9.0, 0.0, 0.0]);
        // Positions count from the beginning of the text, including skipped tokens.
        let found = pooled(Pooling::WeightedMean, &[1, 1]);
        assert!((found[0] - 7.0).abs() < 1e-5 && (found[1] + 3.0).abs() < 1e-5, "{found:?}");
    }
}
