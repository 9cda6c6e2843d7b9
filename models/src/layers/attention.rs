//! The attention layer of all models: differences come in through [`AttentionContext`].

use burn::module::Module;
use burn::nn::{Dropout, DropoutConfig, Linear};
use burn::tensor::{Device, Tensor, activation, assert_shape};
use serde::{Deserialize, Serialize};
use zoo_kernels::attention::{self as kernels, SdpaParams};

use super::disentangled::{DistanceProjections, ProjectedBy};
use super::dropout::{self, dropout};
use super::linear::{Bias, apply, apply_all, cast_input, linear};
use super::mask::{AttentionPattern, Mask};
use super::position::{PositionEncoding, Positions};
pub use super::qk_norm::{HeadNorm, QkNorm};
use super::{AttentionContext, EncoderOutput};
use crate::precision::{in_f32, to_f32};

/// Sizes and variant of an attention layer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AttentionConfig {
    /// Input and output features.
    pub d_model: usize,
    /// Query heads.
    pub n_heads: usize,
    /// Key and value heads; each is shared by `n_heads / n_kv_heads` query heads.
    pub n_kv_heads: usize,
    /// Features of a head; `n_heads · d_head` may differ from `d_model`.
    pub d_head: usize,
    /// Factor on the scores, usually `1 / sqrt(d_head)`.
    pub scale: f64,
    /// Which keys a query may attend to.
    pub pattern: AttentionPattern,
    /// Whether the query, key and value projections have a bias.
    pub qkv_bias: Bias,
    /// Whether the output projection has a bias.
    pub output_bias: Bias,
    /// Dropout probability of the attention weights in training.
    pub dropout: f64,
    /// The position encoding.
    pub positions: PositionEncoding,
    /// The norm of queries and keys, applied before the position encoding.
    pub qk_norm: QkNorm,
    /// Soft cap of the scores, `softcap · tanh(score / softcap)`; `None` leaves them unchanged.
    pub softcap: Option<f64>,
}

/// Multi-head attention with grouped keys and values.
///
/// ```text
/// softmax(scale · Q Kᵀ + mask) V,   then a projection of all heads
/// ```
///
/// Reference: Vaswani et al. 2017, §3.2, <https://arxiv.org/abs/1706.03762>; grouped: Ainslie et
/// al. 2023, <https://arxiv.org/abs/2305.13245>
#[derive(Module, Debug)]
pub struct Attention {
    /// `d_model` to `n_heads · d_head`.
    pub query: Linear,
    /// `d_model` to `n_kv_heads · d_head`.
    pub key: Linear,
    /// `d_model` to `n_kv_heads · d_head`.
    pub value: Linear,
    /// `n_heads · d_head` to `d_model`.
    pub output: Linear,
    query_norm: Option<HeadNorm>,
    key_norm: Option<HeadNorm>,
    /// Separate projections of the distance vectors; `None` where the content projections are used.
    distances: Option<DistanceProjections>,
    dropout: Dropout,
    d_model: usize,
    d_head: usize,
    scale: f64,
    softcap: Option<f64>,
}

impl AttentionConfig {
    /// Creates a layer of zeros, to be initialized or loaded.
    pub fn init(&self, device: &Device) -> Attention {
        let d_query = self.n_heads * self.d_head;
        let d_key = self.n_kv_heads * self.d_head;
        Attention {
            query: linear(self.d_model, d_query, self.qkv_bias, device),
            key: linear(self.d_model, d_key, self.qkv_bias, device),
            value: linear(self.d_model, d_key, self.qkv_bias, device),
            output: linear(d_query, self.d_model, self.output_bias, device),
            query_norm: self.qk_norm.init((self.d_head, d_query), device),
            key_norm: self.qk_norm.init((self.d_head, d_key), device),
            distances: self.positions.projections(self.d_model, d_query, device),
            dropout: DropoutConfig::new(self.dropout).init(),
            d_model: self.d_model,
            d_head: self.d_head,
            scale: self.scale,
            softcap: self.softcap,
        }
    }

    /// Multiply-adds per token: the projections, then the scores and weighted sums over `n_keys`
    /// keys.
    pub fn macs_per_token(&self, n_keys: usize) -> usize {
        let d_query = self.n_heads * self.d_head;
        let d_key = self.n_kv_heads * self.d_head;
        let projections = self.d_model * (2 * d_query + 2 * d_key);
        let seen = match self.pattern {
            AttentionPattern::Full => n_keys,
            AttentionPattern::Causal => n_keys.div_ceil(2),
            AttentionPattern::SlidingWindow(n) => n.min(n_keys.div_ceil(2)),
            AttentionPattern::Local(n) => n_keys.min(2 * n + 1),
        };
        projections + 2 * d_query * seen
    }
}

impl Attention {
    /// Self-attention: every position attends to the positions that the context allows.
    ///
    /// # Shapes
    ///
    /// - `x` and the result: `[batch, seq, d_model]`
    pub fn forward(&self, x: Tensor<3>, context: &mut AttentionContext<'_>) -> Tensor<3> {
        assert_shape!(x, [_, _, self.d_model]);
        let x = cast_input(&self.query.weight, x);
        let [query, key, value] = apply_all([&self.query, &self.key, &self.value], x);
        // [batch, n_heads, seq, d_head]
        let query = self.normalized(query, self.query_norm.as_ref());
        // [batch, n_kv_heads, seq, d_head]
        let key = self.normalized(key, self.key_norm.as_ref());
        let value = self.split_heads(value);
        let query = in_f32(query, |query| context.positions.rotate(query));
        let key = context.positions.rotate(key);
        let (key, value) = match &mut context.cache {
            Some(cache) => cache.append(key, value),
            None => (key, value),
        };
        let bias = self.bias(context.positions, [&query, &key]);
        let attn_out = self.attend(query, [key, value], (bias, context.mask));
        to_f32(apply(&self.output, merge_heads(attn_out)))
    }

    /// Cross-attention: every position attends to the encoder output.
    ///
    /// # Shapes
    ///
    /// - `x` and the result: `[batch, seq, d_model]`
    ///
    /// # Panics
    ///
    /// Panics if the context has no encoder output.
    pub fn cross_forward(&self, x: Tensor<3>, context: &mut AttentionContext<'_>) -> Tensor<3> {
        assert_shape!(x, [_, _, self.d_model]);
        let Some(EncoderOutput { hidden_states, mask }) = context.encoder else {
            panic!("there is no encoder output to attend to");
        };
        let x = cast_input(&self.query.weight, x);
        let query = self.split_heads(apply(&self.query, x));
        let compute = || {
            let states = cast_input(&self.key.weight, hidden_states.clone());
            apply_all([&self.key, &self.value], states).map(|x| self.split_heads(x))
        };
        let [key, value] = match &mut context.cache {
            Some(cache) => cache.cross(compute),
            None => compute(),
        };
        let attn_out = self.attend(query, [key, value], (None, mask));
        to_f32(apply(&self.output, merge_heads(attn_out)))
    }

    /// The bias that the position encoding adds to the scores.
    fn bias(&self, positions: &Positions, [query, key]: [&Tensor<4>; 2]) -> Option<Tensor<4>> {
        match positions {
            Positions::None | Positions::Rotary(_) => None,
            Positions::Bias(bias) => Some(bias.clone()),
            Positions::Disentangled(relative) => {
                let vectors = cast_input(&self.query.weight, relative.vectors.clone());
                let heads = |layer: &Linear| self.split_heads(apply(layer, vectors.clone()));
                let content = ProjectedBy { query: Some(&self.query), key: Some(&self.key) };
                let by = relative.projected_by(self.distances.as_ref(), content);
                let of_queries = by.key.map(|layer| {
                    relative.content_to_position(query.clone() * self.scale, heads(layer))
                });
                let of_keys = by.query.map(|layer| {
                    relative.position_to_content(key.clone() * self.scale, heads(layer))
                });
                match (of_queries, of_keys) {
                    (Some(of_queries), Some(of_keys)) => Some(of_queries + of_keys),
                    (one, other) => one.or(other),
                }
            }
        }
    }

    /// Computes the sum of the values weighted by the softmax of the scores plus `bias`, which is
    /// `[1 or batch, n_heads, 1 or queries, keys]`.
    fn attend(
        &self,
        query: Tensor<4>,
        [key, value]: [Tensor<4>; 2],
        (bias, mask): (Option<Tensor<4>>, &Mask),
    ) -> Tensor<4> {
        let dropped = dropout::probability(&self.dropout, &query);
        if dropped.is_none() || kernels::drops(&query, &key) {
            let params = SdpaParams {
                scale: self.scale,
                softcap: self.softcap,
                window: mask.window().clone(),
                dropout: dropped.map(|share| kernels::Dropout::draw(share, &query.device())),
            };
            if let Some(attn_out) = kernels::attention(&query, &key, &value, bias.as_ref(), params)
            {
                return attn_out;
            }
        }
        self.attend_composed(query, [key, value], (bias, mask))
    }

    /// The same, composed of Burn's operations. The query heads of a group are folded into the rows
    /// of one product, so keys and values are not copied per head.
    fn attend_composed(
        &self,
        query: Tensor<4>,
        [key, value]: [Tensor<4>; 2],
        (bias, mask): (Option<Tensor<4>>, &Mask),
    ) -> Tensor<4> {
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
        let weights = dropout(&self.dropout, activation::softmax(scores, 3));
        let weights = weights.cast(dtype).reshape([batch, n_kv_heads, rows, n_keys]);
        weights.matmul(value).reshape([batch, n_heads, n_queries, d_head])
    }

    /// Splits into heads and normalizes, per head or over all heads, depending on the norm's width.
    fn normalized(&self, x: Tensor<3>, norm: Option<&HeadNorm>) -> Tensor<4> {
        match norm {
            None => self.split_heads(x),
            Some(HeadNorm::One(norm)) if norm.width() == self.d_head => {
                norm.forward(self.split_heads(x))
            }
            Some(HeadNorm::One(norm)) => self.split_heads(norm.forward(x)),
            Some(HeadNorm::Each(norms)) => {
                let heads = self.split_heads(x).split(1, 1);
                let normed = norms.iter().zip(heads).map(|(norm, head)| norm.forward(head));
                Tensor::cat(normed.collect(), 1)
            }
        }
    }

    fn split_heads(&self, x: Tensor<3>) -> Tensor<4> {
        let [batch, seq, width] = x.dims();
        x.reshape([batch, seq, width / self.d_head, self.d_head]).swap_dims(1, 2)
    }
}

fn merge_heads(x: Tensor<4>) -> Tensor<3> {
    let [batch, n_heads, seq, d_head] = x.dims();
    x.swap_dims(1, 2).reshape([batch, seq, n_heads * d_head])
}
