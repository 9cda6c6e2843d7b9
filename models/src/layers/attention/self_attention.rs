//! Self-attention: differences between models come in through [`AttentionContext`].

use burn::module::Module;
use burn::tensor::{Device, Tensor, assert_shape};

use super::config::AttentionConfig;
use super::heads::{merge_heads, split_heads};
use super::mechanism::{Mechanism, SdpaInput};
use super::qk_norm::HeadNorm;
use crate::layers::AttentionContext;
use crate::layers::cache::KeyValue;
use crate::layers::disentangled::{DistanceProjections, ProjectedBy};
use crate::layers::linear::Linear;
use crate::layers::observer::AttentionKind;
use crate::layers::position::Positions;
use crate::parameters::ResidualOutput;
use crate::precision::{in_f32, to_f32};

/// Multi-head self-attention with grouped keys and values.
///
/// ```text
/// Mechanism(Q, K, V),   then a projection of all heads
/// ```
///
/// Reference: Vaswani et al. 2017, §3.2.2, <https://arxiv.org/abs/1706.03762>; grouped: Ainslie et
/// al. 2023, <https://arxiv.org/abs/2305.13245>
#[derive(Module, Debug)]
pub struct Attention {
    query: Linear,
    key: Linear,
    value: Linear,
    output: ResidualOutput<Linear>,
    query_norm: Option<HeadNorm>,
    key_norm: Option<HeadNorm>,
    /// Separate projections of the distance vectors; `None` where the content projections are used.
    distances: Option<DistanceProjections>,
    mechanism: Mechanism,
    d_model: usize,
    d_head: usize,
}

impl AttentionConfig {
    /// A layer of zeros, to be initialized or loaded.
    pub fn init(&self, device: &Device) -> Attention {
        let (d_model, heads, bias) = (self.d_model, self.heads, self.bias);
        let (d_query, d_key) = (heads.d_query(), heads.d_key());
        Attention {
            query: Linear::new(d_model, d_query, bias.qkv, device),
            key: Linear::new(d_model, d_key, bias.qkv, device),
            value: Linear::new(d_model, d_key, bias.qkv, device),
            output: ResidualOutput::new(Linear::new(d_query, d_model, bias.output, device)),
            query_norm: self.qk_norm.init(d_query, heads.d_head, device),
            key_norm: self.qk_norm.init(d_key, heads.d_head, device),
            distances: self.positions.projections(d_model, d_query, device),
            mechanism: self.mechanism.init(),
            d_model,
            d_head: heads.d_head,
        }
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
        let x = self.query.cast_input(x);
        let [query, key, value] = Linear::apply_all([&self.query, &self.key, &self.value], x);
        // [batch, n_heads, seq, d_head]
        let query = self.normalized(query, self.query_norm.as_ref());
        // [batch, n_kv_heads, seq, d_head]
        let key = self.normalized(key, self.key_norm.as_ref());
        let value = self.split_heads(value);
        let query = in_f32(query, |query| context.positions.rotate(query));
        let key = context.positions.rotate(key);
        let KeyValue { key, value } = match &mut context.state {
            Some(state) => state.key_value().append(key, value),
            None => KeyValue { key, value },
        };
        let bias = self.bias(context.positions, &query, &key);
        let input = SdpaInput { query, key, value, bias };
        let mask = context.mask;
        let attn_out =
            self.mechanism.forward(input, mask, context.probe(AttentionKind::SelfAttention));
        to_f32(self.output.apply(merge_heads(attn_out)))
    }

    /// The bias that the position encoding adds to the scores.
    fn bias(&self, positions: &Positions, query: &Tensor<4>, key: &Tensor<4>) -> Option<Tensor<4>> {
        match positions {
            Positions::None | Positions::Rotary(_) => None,
            Positions::Bias(bias) => Some(bias.clone()),
            Positions::Disentangled(relative) => {
                let vectors = self.query.cast_input(relative.vectors.clone());
                let heads = |layer: &Linear| self.split_heads(layer.apply(vectors.clone()));
                let content = ProjectedBy { query: Some(&self.query), key: Some(&self.key) };
                let by = relative.projected_by(self.distances.as_ref(), content);
                let scale = self.mechanism.scale();
                let of_queries = by
                    .key
                    .map(|layer| relative.content_to_position(query.clone() * scale, heads(layer)));
                let of_keys = by
                    .query
                    .map(|layer| relative.position_to_content(key.clone() * scale, heads(layer)));
                match (of_queries, of_keys) {
                    (Some(of_queries), Some(of_keys)) => Some(of_queries + of_keys),
                    (one, other) => one.or(other),
                }
            }
        }
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
        split_heads(x, self.d_head)
    }
}
