//! What GPT-2 and its descendants share: LayerNorm, biases, a plain feed-forward layer, as many key and
//! value heads as query heads.

use crate::arch::block::{BlockConfig, Wiring};
use crate::layers::activation::Activation;
use crate::layers::attention::{AttentionConfig, QueryKeyNorm};
use crate::layers::feed_forward::{FeedForwardConfig, FeedForwardKind};
use crate::layers::norm::{NormConfig, NormKind};
use crate::layers::position::PositionScheme;
use crate::layers::{linear::Bias, mask::Span};

/// Sizes of a layer, checked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    pub(super) d_model: usize,
    pub(super) n_heads: usize,
    pub(super) d_head: usize,
    pub(super) d_ff: usize,
    pub(super) activation: Activation,
    pub(super) epsilon: f64,
}

/// A layer as GPT-2 has it, without dropout; a family changes what it does otherwise.
pub(super) fn layer(shape: Shape) -> BlockConfig {
    let Shape { d_model, n_heads, d_head, d_ff, activation, epsilon } = shape;
    BlockConfig {
        wiring: Wiring::PreNorm,
        attention: AttentionConfig {
            d_model,
            n_heads,
            n_kv_heads: n_heads,
            d_head,
            scale: (d_head as f64).powf(-0.5),
            span: Span::Causal,
            qkv_bias: Bias::Present,
            output_bias: Bias::Present,
            dropout: 0.0,
            positions: PositionScheme::None,
            query_key_norm: QueryKeyNorm::Absent,
            softcap: None,
        },
        feed_forward: FeedForwardConfig {
            kind: FeedForwardKind::Plain,
            d_model,
            d_ff,
            activation,
            bias: Bias::Present,
        },
        norm: NormConfig { kind: NormKind::Layer, d_model, epsilon },
        dropout: 0.0,
    }
}
