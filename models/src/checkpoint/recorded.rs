//! The intermediate tensors of a pass, under their names in transformers.

use std::collections::BTreeMap;

use burn::tensor::{Tensor, TensorReadError};

use super::{F32Tensor, Model};
use crate::backbones::Backbone;
use crate::layers::observer::{AttentionKind, StackRole};
use crate::layers::recorder::Recorder;

impl Model {
    /// The hidden states of each layer of a recorded pass: `hidden_states.0` is the embeddings, the
    /// others are the outputs of the layers. Those of an encoder-decoder are
    /// `encoder_hidden_states.0` and `decoder_hidden_states.0`.
    ///
    /// The last ones are after the final norm, except for images, as in transformers.
    ///
    /// # Errors
    ///
    /// The device could not compute or read back the tensors.
    pub fn hidden_state_tensors(
        &self,
        recorder: &Recorder,
    ) -> Result<BTreeMap<String, F32Tensor>, TensorReadError> {
        let states = |stack| match self.backbone() {
            Backbone::Vision(_) => recorder.residuals(stack),
            _ => recorder.hidden_states(stack),
        };
        let mut found = BTreeMap::new();
        for stack in [StackRole::Encoder, StackRole::Decoder] {
            let name = format!("{}hidden_states", self.prefix(stack));
            add_layers(&mut found, &name, states(stack))?;
        }
        Ok(found)
    }

    /// The attention weights of each layer of a pass that was recorded with them, `attentions.0`
    /// and so on; in an encoder-decoder `encoder_attentions.0`, `decoder_attentions.0` and
    /// `cross_attentions.0`. None for recurrent layers.
    ///
    /// # Errors
    ///
    /// The device could not compute or read back the tensors.
    pub fn attention_tensors(
        &self,
        recorder: &Recorder,
    ) -> Result<BTreeMap<String, F32Tensor>, TensorReadError> {
        let mut found = BTreeMap::new();
        for stack in [StackRole::Encoder, StackRole::Decoder] {
            let weights = recorder.attention_weights(stack, AttentionKind::SelfAttention);
            add_layers(&mut found, &format!("{}attentions", self.prefix(stack)), weights)?;
        }
        let cross = recorder.attention_weights(StackRole::Decoder, AttentionKind::CrossAttention);
        add_layers(&mut found, "cross_attentions", cross)?;
        Ok(found)
    }

    /// What the names of a stack's tensors begin with.
    fn prefix(&self, stack: StackRole) -> &'static str {
        let is_pair =
            matches!(self.backbone(), Backbone::EncoderDecoder(_) | Backbone::RecurrentSeq2Seq(_));
        match stack {
            _ if !is_pair => "",
            StackRole::Encoder => "encoder_",
            StackRole::Decoder => "decoder_",
        }
    }
}

/// Adds a tensor of each layer as `name.index`.
fn add_layers<const D: usize>(
    found: &mut BTreeMap<String, F32Tensor>,
    name: &str,
    layers: Vec<Tensor<D>>,
) -> Result<(), TensorReadError> {
    for (index, tensor) in layers.into_iter().enumerate() {
        let shape = tensor.dims().to_vec();
        let values = tensor.try_into_vec_as::<f32>()?;
        found.insert(format!("{name}.{index}"), F32Tensor { shape, values });
    }
    Ok(())
}
