//! Softmax attention.

use burn::module::Module;
use burn::nn::{Dropout, DropoutConfig};
use burn::tensor::{Tensor, activation};
use serde::{Deserialize, Serialize};

use super::config::HeadDims;
use super::mechanism::SdpaInput;
use crate::layers::dropout::{self, dropout};
use crate::layers::mask::Mask;
use crate::layers::observer::AttentionProbe;
use crate::precision::{in_f32, to_f32};
use zoo_kernels::attention::{self as kernels, SdpaParams};

/// Variant of softmax attention.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SoftmaxConfig {
    /// Factor on the scores, usually `1 / sqrt(d_head)`.
    pub scale: f64,
    /// Soft cap of the scores, `softcap · tanh(score / softcap)`; `None` leaves them unchanged.
    pub softcap: Option<f64>,
    /// Dropout probability of the attention weights in training.
    pub dropout: f64,
}

/// The mean of the values, weighted by the softmax of the scores.
///
/// ```text
/// softmax(softcap(scale · Q Kᵀ) + bias + mask) V
/// ```
///
/// Time and memory grow with `queries · keys`; the fused kernels need memory for the result only.
///
/// Reference: Vaswani et al. 2017, §3.2, <https://arxiv.org/abs/1706.03762>
#[derive(Module, Debug)]
pub struct SoftmaxAttention {
    scale: f64,
    softcap: Option<f64>,
    dropout: Dropout,
}

impl SoftmaxConfig {
    /// The mechanism, which has no parameters.
    pub fn init(&self) -> SoftmaxAttention {
        SoftmaxAttention {
            scale: self.scale,
            softcap: self.softcap,
            dropout: DropoutConfig::new(self.dropout).init(),
        }
    }

    /// Multiply-adds per token: the scores of `n_keys` keys and the weighted sum of their values.
    pub fn macs_per_token(&self, heads: HeadDims, n_keys: usize) -> usize {
        2 * heads.d_query() * n_keys
    }
}

impl SoftmaxAttention {
    /// The factor on the scores.
    pub fn scale(&self) -> f64 {
        self.scale
    }

    /// Fused where the device has a kernel for it and nobody wants the weights.
    ///
    /// # Shapes
    ///
    /// - result: `[batch, n_heads, queries, d_head]`
    pub fn forward(
        &self,
        input: SdpaInput,
        mask: &Mask,
        probe: Option<AttentionProbe<'_>>,
    ) -> Tensor<4> {
        let Some(mut probe) = probe else {
            return match self.fused(&input, mask) {
                Some(attn_out) => attn_out,
                None => self.composed(input, mask, None),
            };
        };
        let fused = if probe.wants_weights() { None } else { self.fused(&input, mask) };
        let attn_out = match fused {
            Some(attn_out) => attn_out,
            None => self.composed(input, mask, Some(&mut probe)),
        };
        probe.head_outputs(attn_out)
    }

    /// One operation; `None` where the device has none.
    fn fused(&self, input: &SdpaInput, mask: &Mask) -> Option<Tensor<4>> {
        let SdpaInput { query, key, value, bias } = input;
        let dropped = dropout::probability(&self.dropout, query);
        if dropped.is_some() && !kernels::drops(query, key) {
            return None;
        }
        let params = SdpaParams {
            scale: self.scale,
            softcap: self.softcap,
            window: mask.window().clone(),
            dropout: dropped.map(|share| kernels::Dropout::draw(share, &query.device())),
        };
        kernels::attention(query, key, value, bias.as_ref(), params)
    }

    /// The same, composed of Burn's operations. The query heads of a group are folded into the rows
    /// of one product, so keys and values are not copied per head.
    ///
    /// Reference: grouped heads are those of Ainslie et al. 2023,
    /// <https://arxiv.org/abs/2305.13245>
    fn composed(
        &self,
        input: SdpaInput,
        mask: &Mask,
        probe: Option<&mut AttentionProbe<'_>>,
    ) -> Tensor<4> {
        let SdpaInput { query, key, value, bias } = input;
        let masked = mask.masked(query.dims()[2], key.dims()[2], &query.device());
        let [batch, n_heads, n_queries, d_head] = query.dims();
        let [_, n_kv_heads, n_keys, _] = key.dims();
        let rows = n_heads / n_kv_heads * n_queries;

        let dtype = value.dtype();
        let query = in_f32(query, |query| query * self.scale);
        let scores = query.reshape([batch, n_kv_heads, rows, d_head]).matmul(key.transpose());
        let scores = to_f32(scores).reshape([batch, n_heads, n_queries, n_keys]);
        let scores = match bias {
            Some(bias) => scores + to_f32(bias),
            None => scores,
        };
        let scores = match self.softcap {
            Some(limit) => (scores / limit).tanh() * limit,
            None => scores,
        };
        let scores = match masked {
            // Finite: a row without any visible key gives finite values, which are not used, and
            // not NaN.
            Some(masked) => scores.mask_fill(masked, f32::MIN),
            None => scores,
        };
        let weights = activation::softmax(scores, 3);
        let weights = match probe {
            Some(probe) => probe.weights(weights),
            None => weights,
        };
        let weights = dropout(&self.dropout, weights);
        let weights = weights.cast(dtype).reshape([batch, n_kv_heads, rows, n_keys]);
        weights.matmul(value).reshape([batch, n_heads, n_queries, d_head])
    }
}
