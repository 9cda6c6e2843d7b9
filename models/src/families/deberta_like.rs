//! DeBERTa's disentangled attention and its convolution, from the fields of its configs.

use serde::Deserialize;
use serde_json::Value;

use super::bert_like::BertFields;
use crate::blocks::{BlockConfig, Wiring};
use crate::hf::activation::activation;
use crate::hf::config::{ConfigError, divides, size, within};
use crate::layers::convolution::ConvolutionConfig;
use crate::layers::disentangled::{
    DisentangledConfig, DistanceBuckets, DistanceProjection, DistanceTerms,
};
use crate::layers::position::PositionEncoding;

/// Fields besides BERT's.
#[derive(Deserialize)]
pub(super) struct DebertaFields {
    relative_attention: bool,
    max_relative_positions: i64,
    position_buckets: f64,
    pos_att_type: Option<Value>,
    share_att_key: bool,
    norm_rel_ebd: String,
    attention_head_size: Option<usize>,
    conv_kernel_size: usize,
    conv_groups: usize,
    conv_act: String,
}

impl DebertaFields {
    /// A layer without a convolution.
    pub(super) fn layer(&self, bert: &BertFields) -> Result<BlockConfig, ConfigError> {
        let mut layer = bert.layer()?;
        let attention = &mut layer.attention;
        if let Some(found) =
            self.attention_head_size.filter(|found| *found != attention.heads.d_head)
        {
            let reason = format!(
                "{} heads of this size do not add up to hidden_size",
                attention.heads.n_heads
            );
            return Err(ConfigError::invalid("attention_head_size", found, &reason));
        }
        let terms = self.terms()?;
        if self.relative_attention {
            let distances = self.distances(bert, terms)?;
            attention.positions = PositionEncoding::Disentangled(distances);
        }
        // One share for the content and one for each term, even without relative attention.
        let shares = (1 + terms.map_or(0, DistanceTerms::count)) * attention.heads.d_head;
        attention.softmax_mut().scale = (shares as f64).powf(-0.5);
        Ok(layer)
    }

    /// All layers; if there is a convolution, it is in the first one.
    pub(super) fn layers(&self, bert: &BertFields) -> Result<Vec<BlockConfig>, ConfigError> {
        let mut layers = vec![self.layer(bert)?; bert.num_hidden_layers];
        if let (Some(first), 1..) = (layers.first_mut(), self.conv_kernel_size) {
            let kernel = self.conv_kernel_size;
            // An even kernel would shorten the sequence; a longer one covers no more tokens.
            if kernel.is_multiple_of(2) || kernel / 2 >= bert.max_position_embeddings {
                let reason = "it must be odd, and at most twice max_position_embeddings";
                return Err(ConfigError::invalid("conv_kernel_size", kernel, reason));
            }
            let groups = size("conv_groups", self.conv_groups)?;
            divides("conv_groups", groups, first.attention.d_model)?;
            let convolution = ConvolutionConfig { kernel, groups };
            let activation = activation("conv_act", &self.conv_act)?;
            first.wiring = Wiring::PostNormConvolution(convolution, activation);
        }
        Ok(layers)
    }

    /// The terms added to the scores, from a list or from one string.
    fn terms(&self) -> Result<Option<DistanceTerms>, ConfigError> {
        let kinds: Vec<String> = match &self.pos_att_type {
            Some(Value::Array(kinds)) => {
                let text = |kind: &Value| kind.as_str().map_or(kind.to_string(), String::from);
                kinds.iter().map(text).collect()
            }
            Some(Value::String(kinds)) => {
                let kinds = kinds.split('|').map(|kind| kind.trim().to_lowercase());
                kinds.filter(|kind| !kind.is_empty()).collect()
            }
            _ => Vec::new(),
        };
        if let Some(other) = kinds.iter().find(|kind| !["c2p", "p2c"].contains(&kind.as_str())) {
            return Err(ConfigError::unsupported("pos_att_type", other.as_str(), "c2p, p2c"));
        }
        let has = |kind: &str| kinds.iter().any(|found| found == kind);
        Ok(match (has("c2p"), has("p2c")) {
            (true, true) => Some(DistanceTerms::Both),
            (true, false) => Some(DistanceTerms::ContentToPosition),
            (false, true) => Some(DistanceTerms::PositionToContent),
            (false, false) => None,
        })
    }

    fn distances(
        &self,
        bert: &BertFields,
        terms: Option<DistanceTerms>,
    ) -> Result<DisentangledConfig, ConfigError> {
        let Some(terms) = terms else {
            let found = self.pos_att_type.clone();
            let supported = "c2p, p2c or both, where relative_attention is true";
            return Err(ConfigError::unsupported("pos_att_type", found, supported));
        };
        let longest = usize::try_from(self.max_relative_positions).unwrap_or(0);
        let longest = if longest > 0 { longest } else { bert.max_position_embeddings };
        let (n_buckets, buckets) = if self.position_buckets > 0.0 {
            // With fewer buckets, a step on the logarithmic scale would be infinite.
            let n_buckets = within("position_buckets", self.position_buckets, [4.0, 1e6])? as usize;
            if longest <= n_buckets / 2 + 1 {
                let reason = "it must exceed half of position_buckets";
                return Err(ConfigError::invalid("max_position_embeddings", longest, reason));
            }
            (n_buckets, DistanceBuckets::Logarithmic { max_distance: longest })
        } else {
            (size("max_relative_positions", longest)?, DistanceBuckets::Exact)
        };
        let norms = self.norm_rel_ebd.to_lowercase();
        let is_normed = norms.split('|').any(|norm| norm.trim() == "layer_norm");
        Ok(DisentangledConfig {
            n_buckets,
            buckets,
            terms,
            projections: match self.share_att_key {
                true => DistanceProjection::Shared,
                false => DistanceProjection::Separate,
            },
            norm: is_normed.then(|| bert.norm(bert.hidden_size)).transpose()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::families;

    fn first_layer(fields: Value) -> Result<BlockConfig, ConfigError> {
        let mut config = json!({
            "relative_attention": true, "position_buckets": 256, "share_att_key": true,
            "norm_rel_ebd": "layer_norm", "pos_att_type": ["p2c", "c2p"], "max_position_embeddings": 512,
        });
        config.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let family = families::find("deberta-v2").unwrap();
        let architecture = (family.architecture)(&config.to_string())?;
        Ok(architecture.backbone.stacks()[0].layers[0].clone())
    }

    #[test]
    fn terms_are_parsed_from_a_list_or_a_string() {
        let both = first_layer(json!({})).unwrap();
        assert_eq!(first_layer(json!({ "pos_att_type": "p2c|c2p" })).unwrap(), both);
        assert_eq!(first_layer(json!({ "pos_att_type": "C2P | P2C" })).unwrap(), both);
        let one = first_layer(json!({ "pos_att_type": "c2p" })).unwrap();
        assert_eq!(one, first_layer(json!({ "pos_att_type": ["c2p"] })).unwrap());
        assert_ne!(one, both);
    }

    #[test]
    fn unsupported_values_are_rejected() {
        for (fields, expected) in [
            (json!({ "pos_att_type": ["c2p", "p2p"] }), "pos_att_type = \"p2p\""),
            (json!({ "pos_att_type": [7] }), "pos_att_type = \"7\""),
            (json!({ "pos_att_type": null }), "pos_att_type = null"),
            (json!({ "conv_kernel_size": 4 }), "conv_kernel_size = 4"),
            (json!({ "conv_kernel_size": 1025 }), "conv_kernel_size = 1025"),
            (json!({ "conv_kernel_size": 3, "conv_groups": 7 }), "conv_groups = 7"),
            (json!({ "conv_kernel_size": 3, "conv_act": "mish" }), "conv_act = \"mish\""),
            (json!({ "attention_head_size": 32 }), "attention_head_size = 32"),
            (json!({ "position_buckets": 2 }), "position_buckets = 2"),
        ] {
            let error = first_layer(fields).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
        first_layer(json!({ "conv_kernel_size": 1023, "conv_groups": 8 })).unwrap();
        first_layer(json!({ "relative_attention": false, "pos_att_type": null })).unwrap();
    }
}
