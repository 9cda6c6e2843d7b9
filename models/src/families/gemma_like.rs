//! Layers and fields that the generations of Gemma share: norms with a scale of 1 + weight, scaled
//! embeddings, and from Gemma 2 on norms around each sub-layer and windows in most layers.

use serde::Deserialize;
use serde_json::Value;

use super::llama_like::{self, LlamaFields};
use super::windows::{LayerType, layer_types, layers};
use super::{Family, Size};
use crate::backbones::DecoderConfig;
use crate::blocks::{BlockConfig, Wiring};
use crate::hf::config::{ConfigError, FieldNames, Renaming, renaming, within};
use crate::layers::norm::NormKind;

/// Many files also contain `hidden_act`, which only Gemma 1 uses.
const SHARED: &[Renaming] = &[renaming("hidden_activation", "hidden_act")];

/// The field names of Gemma 2 and 3, with these defaults.
pub(super) const fn names(defaults: &'static str) -> FieldNames {
    FieldNames { defaults, aliases: &[], shared: SHARED }
}

/// Fields of Gemma 2 and 3.
#[derive(Deserialize)]
pub(super) struct GemmaFields {
    query_pre_attn_scalar: f64,
    pub(super) sliding_window: usize,
    layer_types: Option<Vec<String>>,
    final_logit_softcapping: Option<f64>,
    use_bidirectional_attention: Option<bool>,
}

/// Llama's layer with Gemma's norms.
pub(super) fn layer(
    llama: &LlamaFields,
    use_bidirectional_attention: Option<bool>,
) -> Result<BlockConfig, ConfigError> {
    if use_bidirectional_attention == Some(true) {
        return Err(ConfigError::unsupported("use_bidirectional_attention", true, "false"));
    }
    let mut layer = llama.layer()?;
    layer.norm.kind = NormKind::RmsOffset;
    Ok(layer)
}

/// Llama's decoder with Gemma's scaled embeddings.
pub(super) fn decoder(
    llama: &LlamaFields,
    layers: Vec<BlockConfig>,
) -> Result<DecoderConfig, ConfigError> {
    let mut decoder = llama.decoder(layers)?;
    decoder.stack.embedding.scale = (decoder.stack.d_model as f64).sqrt();
    Ok(decoder)
}

/// Checks a soft cap.
pub(super) fn softcap(field: &'static str, cap: Option<f64>) -> Result<Option<f64>, ConfigError> {
    cap.map(|cap| within(field, cap, [f64::MIN_POSITIVE, 1e9])).transpose()
}

impl GemmaFields {
    /// A layer with norms around each sub-layer, and with Gemma's scale of the scores.
    pub(super) fn layer(&self, llama: &LlamaFields) -> Result<BlockConfig, ConfigError> {
        let mut layer = layer(llama, self.use_bidirectional_attention)?;
        layer.wiring = Wiring::Sandwich;
        let (field, scalar) = ("query_pre_attn_scalar", self.query_pre_attn_scalar);
        layer.attention.softmax_mut().scale =
            within(field, scalar, [f64::MIN_POSITIVE, 1e9])?.powf(-0.5);
        Ok(layer)
    }

    /// A decoder of full and sliding-window layers; `slides` selects them if the config does not.
    pub(super) fn decoder(
        self,
        llama: &LlamaFields,
        full: &BlockConfig,
        sliding: &BlockConfig,
        slides: impl Fn(usize) -> bool,
    ) -> Result<DecoderConfig, ConfigError> {
        let types: Vec<LayerType> = layer_types(self.layer_types, llama.num_hidden_layers, slides)?;
        let mut decoder = decoder(llama, layers(types, full, sliding))?;
        decoder.logit_softcap = softcap("final_logit_softcapping", self.final_logit_softcapping)?;
        Ok(decoder)
    }
}

/// The `config.json` of a new Gemma 2 or 3.
pub(super) fn config(family: &Family, size: &Size) -> Value {
    let mut config = llama_like::config(family, size);
    if let Some(fields) = config.as_object_mut() {
        fields.remove("hidden_act");
        fields.insert("hidden_activation".into(), "gelu_pytorch_tanh".into());
    }
    config["tie_word_embeddings"] = true.into();
    config["query_pre_attn_scalar"] = config["head_dim"].clone();
    config["sliding_window"] = (size.context / 2).max(1).into();
    config
}
