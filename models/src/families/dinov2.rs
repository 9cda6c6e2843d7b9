//! DINOv2: ViT with a learned scale of each sub-layer's output, and a classifier over the class
//! token and the mean of the patches; the largest model has gated feed-forward layers.

use serde::Deserialize;
use serde_json::{Value, json};

use super::head_keys::CLASSIFIER;
use super::vit_like::{self, ImageFields, KEYS, heads};
use super::{Architecture, Family, Size, Task, head};
use crate::blocks::Wiring;
use crate::heads::Pooler;
use crate::heads::pooling::Pooling;
use crate::hf::config::{ConfigError, divides, parse, size, within};
use crate::hf::keys::{Key, if_module, rename, split_transpose, transpose};
use crate::layers::activation::Activation;
use crate::layers::feed_forward::FeedForwardKind;
use crate::layers::patches::{ImageSizes, LeadingTokens, MaskToken};

/// The family.
pub(super) static FAMILY: Family = Family {
    model_types: &["dinov2"],
    summary: "encoder of images; ViT with scaled sub-layers",
    paper: "Oquab et al. 2023, https://arxiv.org/abs/2304.07193",
    heads: &[
        head(Task::ImageClassifier, "Dinov2ForImageClassification", &[CLASSIFIER]),
        head(Task::BaseModel, "Dinov2Model", &[]),
    ],
    architecture,
    config,
    prefix: "dinov2",
    keys: &[KEYS, BLOCK_KEYS, GATED_KEYS, PLAIN_KEYS],
};

/// Norms and scales.
const BLOCK_KEYS: &[Key] = &[
    rename("encoder.layer.{}.norm1", "layers.{}.attention_norm"),
    rename("encoder.layer.{}.layer_scale1", "layers.{}.attention_scale"),
    rename("encoder.layer.{}.norm2", "layers.{}.feed_forward_norm"),
    rename("encoder.layer.{}.layer_scale2", "layers.{}.feed_forward_scale"),
];

/// Plain feed-forward layers.
const PLAIN_KEYS: &[Key] = &[
    transpose("encoder.layer.{}.mlp.fc1", "layers.{}.feed_forward.up"),
    transpose("encoder.layer.{}.mlp.fc2", "layers.{}.feed_forward.down"),
];

/// Gated feed-forward layers.
const GATED_KEYS: &[Key] = &[if_module(
    "layers.{}.feed_forward.gate",
    &[
        split_transpose(
            "encoder.layer.{}.mlp.weights_in",
            &["layers.{}.feed_forward.gate", "layers.{}.feed_forward.up"],
        ),
        transpose("encoder.layer.{}.mlp.weights_out", "layers.{}.feed_forward.down"),
    ],
)];

/// Defaults of transformers' `Dinov2Config`.
const DEFAULTS: &str = r#"{
    "hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12, "mlp_ratio": 4,
    "hidden_act": "gelu", "hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0,
    "initializer_range": 0.02, "layer_norm_eps": 1e-6, "image_size": 224, "patch_size": 14,
    "num_channels": 3, "qkv_bias": true, "drop_path_rate": 0.0, "use_swiglu_ffn": false,
    "use_mask_token": true
}"#;

#[derive(Deserialize)]
struct ConfigJson {
    #[serde(flatten)]
    image: ImageFields,
    mlp_ratio: f64,
    drop_path_rate: f64,
    use_swiglu_ffn: bool,
    use_mask_token: bool,
}

fn architecture(json: &str) -> Result<Architecture, ConfigError> {
    let json: ConfigJson = parse(json, DEFAULTS)?;
    if json.drop_path_rate != 0.0 {
        return Err(ConfigError::unsupported("drop_path_rate", json.drop_path_rate, "0.0"));
    }
    let ratio = within("mlp_ratio", json.mlp_ratio, [0.0, 1e6])?;
    let d_ff = size("mlp_ratio", (json.image.hidden_size as f64 * ratio) as usize)?;
    let mut layer = json.image.layer(d_ff)?;
    layer.wiring = Wiring::LayerScale;
    // The probability in the config applies to the embeddings.
    layer.dropout = 0.0;
    if json.use_swiglu_ffn {
        layer.feed_forward.kind = FeedForwardKind::Gated;
        layer.feed_forward.activation = Activation::Silu;
        // Two thirds, so that three matrices cost as much as two.
        layer.feed_forward.d_ff = (2 * d_ff / 3).next_multiple_of(8);
    }
    let mut encoder = json.image.encoder(LeadingTokens::Class, layer)?;
    if json.use_mask_token {
        encoder.patches.mask = MaskToken::Kept;
    }
    encoder.patches.sizes = ImageSizes::Any;
    let [height, width] = encoder.patches.image;
    if height != width {
        // The reference interpolates the positions of such images even where each patch has one.
        let sides = vec![height, width];
        return Err(ConfigError::unsupported("image_size", sides, "a square"));
    }
    Ok(Architecture::vision(encoder, heads(Pooling::FirstAndMean, Pooler::First)))
}

fn config(size: &Size) -> Result<Value, ConfigError> {
    let d_ff = size.d_ff.unwrap_or(4 * size.d_model);
    let more = json!({
        "mlp_ratio": divides("hidden_size", size.d_model, d_ff)?, "layer_norm_eps": 1e-6,
        "layerscale_value": 1.0, "drop_path_rate": 0.0, "use_swiglu_ffn": false,
        "use_mask_token": false,
    });
    vit_like::config(&FAMILY, size, more)
}
