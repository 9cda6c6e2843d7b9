//! The context of a layer's forward pass, besides its input.

use burn::tensor::Tensor;

use super::cache::LayerState;
use super::mask::Mask;
use super::observer::{AttentionKind, AttentionProbe, LayerId, Observer, lend};
use super::position::Positions;

/// The context of a layer's forward pass, made by the caller.
#[derive(Debug)]
pub struct AttentionContext<'a> {
    /// Which keys a query may attend to.
    pub mask: &'a Mask,
    /// How positions enter attention.
    pub positions: &'a Positions,
    /// What the layer keeps of the previous tokens, in incremental decoding.
    pub state: Option<&'a mut LayerState>,
    /// The encoder output, for layers with cross-attention.
    pub encoder: Option<EncoderOutput<'a>>,
    /// Looks at intermediate tensors.
    pub observer: Option<&'a mut dyn Observer>,
    /// The layer that runs.
    pub layer: LayerId,
}

impl AttentionContext<'_> {
    /// Lets the observer, if there is one, see an attention layer of this kind.
    pub fn probe(&mut self, kind: AttentionKind) -> Option<AttentionProbe<'_>> {
        let layer = self.layer;
        lend(&mut self.observer).map(|observer| AttentionProbe { observer, layer, kind })
    }
}

/// The hidden states of an encoder.
#[derive(Debug, Clone, Copy)]
pub struct EncoderOutput<'a> {
    /// `[batch, encoder_seq, d_model]`
    pub hidden_states: &'a Tensor<3>,
    /// Which encoder positions are padding.
    pub mask: &'a Mask,
}
