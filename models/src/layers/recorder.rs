//! An observer that keeps what it sees.

use std::collections::BTreeMap;

use burn::tensor::Tensor;

use super::observer::{AttentionKind, LayerId, Observer, StackRole};

/// Keeps the residual streams and final hidden states of a forward pass and, where asked for, the
/// attention weights.
#[derive(Debug, Default)]
pub struct Recorder {
    wants_weights: bool,
    residuals: BTreeMap<LayerId, Tensor<3>>,
    final_states: BTreeMap<StackRole, Tensor<3>>,
    weights: BTreeMap<(AttentionKind, LayerId), Tensor<4>>,
}

impl Recorder {
    /// A recorder that keeps attention weights too.
    pub fn with_attention_weights() -> Self {
        Self { wants_weights: true, ..Self::default() }
    }

    /// The input of each layer and the final hidden states of a stack; empty where it did not run.
    ///
    /// # Shapes
    ///
    /// - results: `[batch, seq, d_model]`, the last one `[batch, seq, d_output]`
    pub fn hidden_states(&self, stack: StackRole) -> Vec<Tensor<3>> {
        let mut states = self.residuals(stack);
        states.pop();
        states.extend(self.final_states.get(&stack).cloned());
        states
    }

    /// The input of each layer and the output of the last one, before the final norm; empty where
    /// the stack did not run.
    ///
    /// # Shapes
    ///
    /// - results: `[batch, seq, d_model]`
    pub fn residuals(&self, stack: StackRole) -> Vec<Tensor<3>> {
        let of_stack = self.residuals.iter().filter(|(layer, _)| layer.stack == stack);
        of_stack.map(|(_, x)| x.clone()).collect()
    }

    /// The attention weights of each layer of a stack, first to last; empty where it has no such
    /// attention.
    ///
    /// # Shapes
    ///
    /// - results: `[batch, n_heads, queries, keys]`
    pub fn attention_weights(&self, stack: StackRole, kind: AttentionKind) -> Vec<Tensor<4>> {
        let of_stack = self
            .weights
            .iter()
            .filter(|((known, layer), _)| *known == kind && layer.stack == stack);
        of_stack.map(|(_, weights)| weights.clone()).collect()
    }
}

impl Observer for Recorder {
    fn wants_attention_weights(&self) -> bool {
        self.wants_weights
    }

    fn residual(&mut self, layer: LayerId, x: Tensor<3>) -> Tensor<3> {
        self.residuals.insert(layer, x.clone());
        x
    }

    fn final_states(&mut self, stack: StackRole, x: Tensor<3>) -> Tensor<3> {
        self.final_states.insert(stack, x.clone());
        x
    }

    fn attention_weights(
        &mut self,
        layer: LayerId,
        kind: AttentionKind,
        weights: Tensor<4>,
    ) -> Tensor<4> {
        if self.wants_weights {
            self.weights.insert((kind, layer), weights.clone());
        }
        weights
    }
}
