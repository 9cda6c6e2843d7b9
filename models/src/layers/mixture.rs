//! A mixture of experts: a router selects a few of several feed-forward layers for every token.

use burn::module::Module;
use burn::tensor::{Tensor, activation};

use super::feed_forward::GatedFeedForward;
use super::linear::Linear;

/// Several gated feed-forward layers, weighted by a router.
///
/// ```text
/// p = softmax(x W_r);   y = sum of p_e / (sum of the k largest p) * Expert_e(x) over the k largest
/// ```
///
/// Every expert processes every token, and experts that are not selected get the weight 0. This is
/// exact and the same on every device, but costs more than grouping tokens by expert.
///
/// Reference: Jiang et al. 2024, §2.1, <https://arxiv.org/abs/2401.04088>
#[derive(Module, Debug)]
pub struct MixtureFeedForward {
    /// `d_model` to the number of experts.
    pub router: Linear,
    /// The experts.
    pub experts: Vec<GatedFeedForward>,
    pub(super) n_active: usize,
}

impl MixtureFeedForward {
    /// Applies the layer to every position.
    ///
    /// # Shapes
    ///
    /// - `x` and the result: `[batch, seq, d_model]`
    pub fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        let probabilities = activation::softmax(self.router.forward(x.clone()), 2);
        // The k-th largest probability of each token, [batch, seq, 1].
        let least = probabilities.clone().detach().topk(self.n_active, 2);
        let least = least.slice_dim(2, self.n_active - 1..self.n_active);
        let chosen = probabilities.clone().mask_fill(probabilities.lower(least), 0.0);
        let weights = chosen.clone() / chosen.sum_dim(2);
        let parts = self.experts.iter().enumerate().map(|(index, expert)| {
            expert.forward(x.clone()) * weights.clone().slice_dim(2, index..index + 1)
        });
        parts.reduce(|sum, part| sum + part).unwrap_or(x)
    }
}
