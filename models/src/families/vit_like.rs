//! Fields and keys that the image encoders share: patches after a class token.

use serde::Deserialize;
use serde_json::{Value, json};

use super::backbones::{dropout, init_std, stack};
use super::gpt_like::{Shape, layer};
use super::size::with;
use super::{Family, Size};
use crate::backbones::{EmbeddingConfig, ImageEncoderConfig, PositionEmbedding};
use crate::blocks::BlockConfig;
use crate::heads::pooling::Pooling;
use crate::heads::{ClassifierConfig, HeadsConfig, Pooler};
use crate::hf::activation::activation;
use crate::hf::config::{ConfigError, divides, epsilon, size};
use crate::hf::keys::{Key, drop, rename, transpose};
use crate::layers::patches::{ImageSizes, LeadingTokens, MaskToken, PatchConfig};
use crate::layers::{linear::Bias, mask::AttentionPattern};

/// Embeddings, attention and the final norm.
pub(super) const KEYS: &[Key] = &[
    rename("embeddings", "embedding"),
    rename("embeddings.patch_embeddings.projection", "embedding.projection"),
    transpose("encoder.layer.{}.attention.attention.query", "layers.{}.attention.query"),
    transpose("encoder.layer.{}.attention.attention.key", "layers.{}.attention.key"),
    transpose("encoder.layer.{}.attention.attention.value", "layers.{}.attention.value"),
    transpose("encoder.layer.{}.attention.output.dense", "layers.{}.attention.output"),
    rename("layernorm", "norm"),
    // The vector of masked patches in pre-training.
    drop("embeddings.mask_token"),
];

/// The height and the width of an image or a patch.
#[derive(Clone, Copy, Deserialize)]
#[serde(untagged)]
enum Sides {
    /// They are equal.
    Square(usize),
    /// They may differ.
    Both([usize; 2]),
}

/// Fields that all image encoders have; a family adds its own.
#[derive(Deserialize)]
pub(super) struct ImageFields {
    pub(super) hidden_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    hidden_act: String,
    hidden_dropout_prob: f64,
    attention_probs_dropout_prob: f64,
    initializer_range: f64,
    layer_norm_eps: f64,
    image_size: Sides,
    patch_size: Sides,
    num_channels: usize,
    qkv_bias: bool,
}

impl ImageFields {
    /// ViT's layer with this hidden width, which families modify.
    pub(super) fn layer(&self, d_ff: usize) -> Result<BlockConfig, ConfigError> {
        let d_model = size("hidden_size", self.hidden_size)?;
        let n_heads = size("num_attention_heads", self.num_attention_heads)?;
        let mut layer = layer(Shape {
            d_model,
            n_heads,
            d_head: divides("num_attention_heads", n_heads, d_model)?,
            d_ff,
            activation: activation("hidden_act", &self.hidden_act)?,
            epsilon: epsilon("layer_norm_eps", self.layer_norm_eps)?,
        });
        layer.dropout = dropout("hidden_dropout_prob", self.hidden_dropout_prob)?;
        layer.attention.pattern = AttentionPattern::Full;
        layer.attention.bias.qkv = Bias::from(self.qkv_bias);
        let (field, p) = ("attention_probs_dropout_prob", self.attention_probs_dropout_prob);
        layer.attention.softmax_mut().dropout = dropout(field, p)?;
        Ok(layer)
    }

    /// An encoder with these layers.
    pub(super) fn encoder(
        &self,
        tokens: LeadingTokens,
        layer: BlockConfig,
    ) -> Result<ImageEncoderConfig, ConfigError> {
        let sides = |field, sides| match sides {
            Sides::Square(side) => size(field, side).map(|side| [side, side]),
            Sides::Both([height, width]) => Ok([size(field, height)?, size(field, width)?]),
        };
        let patches = PatchConfig {
            d_model: layer.attention.d_model,
            image: sides("image_size", self.image_size)?,
            patch: sides("patch_size", self.patch_size)?,
            channels: size("num_channels", self.num_channels)?,
            mask: MaskToken::Absent,
            sizes: ImageSizes::OnRequest,
            tokens,
        };
        for (patch, image) in patches.patch.into_iter().zip(patches.image) {
            divides("patch_size", patch, image)?;
        }
        let mut embedding = EmbeddingConfig::new(patches.d_model, PositionEmbedding::None);
        embedding.dropout = dropout("hidden_dropout_prob", self.hidden_dropout_prob)?;
        let layers = vec![layer; size("num_hidden_layers", self.num_hidden_layers)?];
        let stack = stack(patches.n_tokens(), embedding, layers);
        let init_std = init_std("initializer_range", self.initializer_range)?;
        Ok(ImageEncoderConfig { patches, stack, init_std })
    }
}

/// Heads with this pooling, and a pooler.
pub(super) fn heads(pooling: Pooling, pooler: Pooler) -> HeadsConfig {
    let (transform, bias, end) = (None, Bias::Present, None);
    let classifier = ClassifierConfig { pooling, end, transform, bias, dropout: [0.0; 2] };
    HeadsConfig { pooler, ..HeadsConfig::new(classifier) }
}

/// The `config.json` of a new model for small images, with ViT's field names.
pub(super) fn config(family: &Family, size: &Size, more: Value) -> Result<Value, ConfigError> {
    size.refuse_kv_heads()?;
    let config = json!({
        "model_type": family.name(), "architectures": [family.primary().class],
        "image_size": 32, "patch_size": 8, "num_channels": 3,
        "hidden_size": size.d_model, "num_hidden_layers": size.n_layers,
        "num_attention_heads": size.n_heads, "hidden_act": "gelu", "qkv_bias": true,
        "hidden_dropout_prob": size.dropout, "attention_probs_dropout_prob": size.dropout,
        "initializer_range": size.init_std(), "dtype": "float32",
        "id2label": { "0": "LABEL_0", "1": "LABEL_1" },
        "label2id": { "LABEL_0": 0, "LABEL_1": 1 },
    });
    Ok(with(config, more))
}
