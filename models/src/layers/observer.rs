//! Observers of a forward pass: they look at intermediate tensors and may replace them.

use std::fmt::Debug;

use burn::tensor::Tensor;

/// Looks at the intermediate tensors of a forward pass, and may replace them.
///
/// Every method receives a tensor and returns the one that the pass goes on with; by default the
/// same. A pass without an observer, or with one that wants no weights, takes the fused attention.
pub trait Observer: Debug {
    /// Whether [`Observer::attention_weights`] is of interest. The weights exist only where
    /// attention is composed of single operations, which is slower and needs more memory.
    fn wants_attention_weights(&self) -> bool {
        false
    }

    /// The residual stream before a layer; with the number of layers as the index, after the last
    /// one, before the final norm.
    ///
    /// # Shapes
    ///
    /// - `x` and the result: `[batch, seq, d_model]`
    fn residual(&mut self, _layer: LayerId, x: Tensor<3>) -> Tensor<3> {
        x
    }

    /// The final hidden states of a stack.
    ///
    /// # Shapes
    ///
    /// - `x` and the result: `[batch, seq, d_output]`
    fn final_states(&mut self, _stack: StackRole, x: Tensor<3>) -> Tensor<3> {
        x
    }

    /// The attention weights of each head, after the softmax, before dropout.
    ///
    /// # Shapes
    ///
    /// - `weights` and the result: `[batch, n_heads, queries, keys]`
    fn attention_weights(
        &mut self,
        _layer: LayerId,
        _kind: AttentionKind,
        weights: Tensor<4>,
    ) -> Tensor<4> {
        weights
    }

    /// The output of each head, before the output projection.
    ///
    /// # Shapes
    ///
    /// - `heads` and the result: `[batch, n_heads, queries, d_head]`
    fn head_outputs(
        &mut self,
        _layer: LayerId,
        _kind: AttentionKind,
        heads: Tensor<4>,
    ) -> Tensor<4> {
        heads
    }
}

/// Lends an observer for a part of a pass.
pub fn lend<'a>(observer: &'a mut Option<&mut dyn Observer>) -> Option<&'a mut dyn Observer> {
    match observer {
        Some(observer) => Some(&mut **observer),
        None => None,
    }
}

/// The role of a stack of layers in its model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum StackRole {
    /// The encoder of an encoder-decoder, or the only stack of an encoder.
    Encoder,
    /// The decoder of an encoder-decoder, or the only stack of a decoder.
    Decoder,
}

/// A layer of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LayerId {
    /// The stack that it belongs to.
    pub stack: StackRole,
    /// Its index in the stack, from 0.
    pub index: usize,
}

/// The sequence that queries attend to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AttentionKind {
    /// Their own.
    SelfAttention,
    /// The encoder output.
    CrossAttention,
}

/// Lets an observer see one attention layer.
#[derive(Debug)]
pub struct AttentionProbe<'a> {
    /// The observer.
    pub observer: &'a mut dyn Observer,
    /// The layer.
    pub layer: LayerId,
    /// The sequence that its queries attend to.
    pub kind: AttentionKind,
}

impl AttentionProbe<'_> {
    /// See [`Observer::wants_attention_weights`].
    pub fn wants_weights(&self) -> bool {
        self.observer.wants_attention_weights()
    }

    /// See [`Observer::attention_weights`].
    pub fn weights(&mut self, weights: Tensor<4>) -> Tensor<4> {
        self.observer.attention_weights(self.layer, self.kind, weights)
    }

    /// See [`Observer::head_outputs`].
    pub fn head_outputs(&mut self, heads: Tensor<4>) -> Tensor<4> {
        self.observer.head_outputs(self.layer, self.kind, heads)
    }
}
