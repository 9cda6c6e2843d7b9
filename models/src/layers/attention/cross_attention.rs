//! Cross-attention: the queries of one sequence attend to the encoder output of another.

use burn::module::Module;
use burn::tensor::{Device, Tensor, assert_shape};

use super::config::{HeadDims, ProjectionBias, projection_macs};
use super::heads::{merge_heads, split_heads};
use super::mechanism::{Mechanism, MechanismConfig, SdpaInput};
use crate::layers::linear::Linear;
use crate::layers::observer::AttentionKind;
use crate::layers::{AttentionContext, EncoderOutput};
use crate::parameters::ResidualOutput;
use crate::precision::to_f32;

/// Sizes and variant of a cross-attention layer. It sees every position of the encoder output that
/// is not padding, and has no position encoding.
#[derive(Debug, Clone, PartialEq)]
pub struct CrossAttentionConfig {
    /// Input and output features, and features of the encoder output.
    pub d_model: usize,
    /// The numbers of heads and their width.
    pub heads: HeadDims,
    /// Which projections have a bias.
    pub bias: ProjectionBias,
    /// How queries, keys and values are combined.
    pub mechanism: MechanismConfig,
}

/// Multi-head attention to an encoder output.
///
/// Reference: Vaswani et al. 2017, §3.2.3, <https://arxiv.org/abs/1706.03762>
#[derive(Module, Debug)]
pub struct CrossAttention {
    query: Linear,
    key: Linear,
    value: Linear,
    output: ResidualOutput<Linear>,
    mechanism: Mechanism,
    d_model: usize,
    d_head: usize,
}

impl CrossAttentionConfig {
    /// A layer of zeros, to be initialized or loaded.
    pub fn init(&self, device: &Device) -> CrossAttention {
        let Self { d_model, heads, bias, .. } = *self;
        CrossAttention {
            query: Linear::new(d_model, heads.d_query(), bias.qkv, device),
            key: Linear::new(d_model, heads.d_key(), bias.qkv, device),
            value: Linear::new(d_model, heads.d_key(), bias.qkv, device),
            output: ResidualOutput::new(Linear::new(heads.d_query(), d_model, bias.output, device)),
            mechanism: self.mechanism.init(),
            d_model,
            d_head: heads.d_head,
        }
    }

    /// Multiply-adds per token, with an encoder output of `n_keys` tokens.
    pub fn macs_per_token(&self, n_keys: usize) -> usize {
        projection_macs(self.d_model, self.heads)
            + self.mechanism.macs_per_token(self.heads, n_keys)
    }
}

impl CrossAttention {
    /// Every position attends to the encoder output. While decoding, its keys and values are
    /// computed once.
    ///
    /// # Shapes
    ///
    /// - `x` and the result: `[batch, seq, d_model]`
    ///
    /// # Panics
    ///
    /// Panics if the context has no encoder output.
    pub fn forward(&self, x: Tensor<3>, context: &mut AttentionContext<'_>) -> Tensor<3> {
        assert_shape!(x, [_, _, self.d_model]);
        let Some(EncoderOutput { hidden_states, mask }) = context.encoder else {
            panic!("there is no encoder output to attend to");
        };
        let x = self.query.cast_input(x);
        let query = split_heads(self.query.apply(x), self.d_head);
        let compute = || {
            let states = self.key.cast_input(hidden_states.clone());
            Linear::apply_all([&self.key, &self.value], states).map(|x| split_heads(x, self.d_head))
        };
        let [key, value] = match &mut context.state {
            Some(state) => state.encoder_keys(compute),
            None => compute(),
        };
        let input = SdpaInput { query, key, value, bias: None };
        let probe = context.probe(AttentionKind::CrossAttention);
        let attn_out = self.mechanism.forward(input, mask, probe);
        to_f32(self.output.apply(merge_heads(attn_out)))
    }
}
