//! Fields that T5 and mT5 share: RMSNorm before the sub-layers, no biases, unscaled
//! attention scores, and a learned bias for each distance.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::backbones::{dropout, init_std, stack};
use super::bart_like::{end, start};
use super::gpt_like::{Shape, layer};
use super::{Family, Size};
use crate::backbones::{
    EmbeddingConfig, EncoderDecoderConfig, OutputBias, OutputWeights, PositionEmbedding, Shift,
    StackConfig,
};
use crate::blocks::Wiring;
use crate::heads::HeadsConfig;
use crate::hf::activation::activation;
use crate::hf::config::{
    ConfigError, FieldNames, Renaming, divides, epsilon, fixed, renaming, size,
};
use crate::layers::activation::Activation;
use crate::layers::feed_forward::FeedForwardKind;
use crate::layers::linear::Bias;
use crate::layers::mask::AttentionPattern;
use crate::layers::norm::NormKind;
use crate::layers::position::PositionEncoding;
use crate::layers::relative_bias::{BiasDirection, RelativeBiasConfig};

/// The names that transformers has for all families.
const ALIASES: &[Renaming] = &[
    renaming("hidden_size", "d_model"),
    renaming("num_attention_heads", "num_heads"),
    renaming("num_hidden_layers", "num_layers"),
    renaming("head_dim", "d_kv"),
];

/// The field names of a config, with these defaults.
pub(super) const fn names(defaults: &'static str) -> FieldNames {
    FieldNames { defaults, aliases: ALIASES, shared: &[] }
}

/// Fields that both families have; a family adds its own.
#[derive(Deserialize)]
pub(super) struct T5Fields {
    vocab_size: usize,
    n_positions: usize,
    pub(super) d_model: usize,
    d_kv: usize,
    d_ff: usize,
    num_layers: usize,
    num_decoder_layers: Option<usize>,
    num_heads: usize,
    relative_attention_num_buckets: usize,
    relative_attention_max_distance: usize,
    dropout_rate: f64,
    layer_norm_epsilon: f64,
    initializer_factor: f64,
    feed_forward_proj: String,
    pad_token_id: Option<u32>,
    decoder_start_token_id: Option<u32>,
    pub(super) tie_word_embeddings: Option<bool>,
    classifier_dropout: Option<f64>,
    #[serde(flatten)]
    other: Map<String, Value>,
}

/// The differences between the encoder and the decoder.
struct Side {
    wiring: Wiring,
    n_layers: usize,
    pattern: AttentionPattern,
    direction: BiasDirection,
}

impl T5Fields {
    /// The model, without a scale on the final hidden states.
    pub(super) fn model(&self) -> Result<EncoderDecoderConfig, ConfigError> {
        // `is_encoder_decoder` is false in files of the encoder alone, as is clear from their
        // class.
        fixed(&self.other, "is_decoder", false)?;
        let vocab_size = size("vocab_size", self.vocab_size)?;
        let n_encoder = size("num_layers", self.num_layers)?;
        let n_decoder = self.num_decoder_layers.unwrap_or(n_encoder);
        let n_decoder = size("num_decoder_layers", n_decoder)?;
        Ok(EncoderDecoderConfig {
            vocab_size,
            encoder: self.side(&Side {
                wiring: Wiring::PreNorm,
                n_layers: n_encoder,
                pattern: AttentionPattern::Full,
                direction: BiasDirection::Both,
            })?,
            decoder: self.side(&Side {
                wiring: Wiring::PreNormDecoder,
                n_layers: n_decoder,
                pattern: AttentionPattern::Causal,
                direction: BiasDirection::Past,
            })?,
            // The checkpoint takes precedence over the config.
            output: match self.tie_word_embeddings {
                Some(false) => OutputWeights::SeparateIfGiven,
                _ => OutputWeights::TiedUnlessGiven,
            },
            output_scale: 1.0,
            output_bias: OutputBias::Absent,
            // By default the start token is padding.
            start: start(self.decoder_start_token_id.or(self.pad_token_id), vocab_size)?,
            shift: Shift::Start,
            init_std: self.init_std()?,
        })
    }

    /// The supported heads. The heads over tokens use the encoder.
    pub(super) fn heads(&self) -> Result<HeadsConfig, ConfigError> {
        let p = dropout("classifier_dropout", self.classifier_dropout.unwrap_or(0.0))?;
        let mut heads = HeadsConfig::of_encoder_decoder(self.d_model, end(&self.other), p);
        heads.tokens.dropout = p;
        Ok(heads)
    }

    fn side(&self, side: &Side) -> Result<StackConfig, ConfigError> {
        let d_model = size("d_model", self.d_model)?;
        let p = dropout("dropout_rate", self.dropout_rate)?;
        let (kind, activation) = self.feed_forward()?;
        let mut layer = layer(Shape {
            d_model,
            n_heads: size("num_heads", self.num_heads)?,
            d_head: size("d_kv", self.d_kv)?,
            d_ff: size("d_ff", self.d_ff)?,
            activation,
            epsilon: epsilon("layer_norm_epsilon", self.layer_norm_epsilon)?,
        });
        layer.wiring = side.wiring;
        layer.dropout = p;
        layer.norm.kind = NormKind::Rms;
        layer.feed_forward.kind = kind;
        layer.feed_forward.bias = Bias::Absent;
        layer.feed_forward.dropout = p;
        let attention = &mut layer.attention;
        // Instead of dividing scores by sqrt(d_head), T5 initializes queries with a smaller scale.
        attention.softmax_mut().scale = 1.0;
        attention.pattern = side.pattern;
        attention.bias.qkv = Bias::Absent;
        attention.bias.output = Bias::Absent;
        attention.softmax_mut().dropout = p;
        attention.positions = PositionEncoding::RelativeBias(self.buckets(side.direction)?);
        let embedding = EmbeddingConfig {
            dropout: p,
            ..EmbeddingConfig::new(d_model, PositionEmbedding::None)
        };
        let max_positions = size("n_positions", self.n_positions)?;
        let mut stack = stack(max_positions, embedding, vec![layer; side.n_layers]);
        stack.dropout = p;
        Ok(stack)
    }

    /// The kind of the feed-forward layer, and its activation.
    fn feed_forward(&self) -> Result<(FeedForwardKind, Activation), ConfigError> {
        let field = "feed_forward_proj";
        Ok(match self.feed_forward_proj.strip_prefix("gated-") {
            // `gelu` means the tanh form with a gate, and the exact form without one.
            Some("gelu") => (FeedForwardKind::Gated, Activation::GeluTanh),
            Some(name) => (FeedForwardKind::Gated, activation(field, name)?),
            None => (FeedForwardKind::Plain, activation(field, &self.feed_forward_proj)?),
        })
    }

    fn buckets(&self, direction: BiasDirection) -> Result<RelativeBiasConfig, ConfigError> {
        let n_buckets =
            size("relative_attention_num_buckets", self.relative_attention_num_buckets)?;
        if n_buckets < 4 {
            let reason = "it must be at least 4: near and far, before and after";
            return Err(ConfigError::invalid("relative_attention_num_buckets", n_buckets, reason));
        }
        let field = "relative_attention_max_distance";
        let max_distance = size(field, self.relative_attention_max_distance)?;
        if max_distance <= n_buckets / 2 {
            let reason = "it must exceed half of relative_attention_num_buckets";
            return Err(ConfigError::invalid(field, max_distance, reason));
        }
        Ok(RelativeBiasConfig { n_buckets, max_distance, direction })
    }

    /// Standard deviation of the weights at initialization.
    ///
    /// ```text
    /// initializer_factor / sqrt(d_model sqrt(d_kv))
    /// ```
    ///
    /// transformers initializes each kind of matrix from its own distribution, and queries with so
    /// small a scale that unscaled scores have unit variance. This is the scale of a single
    /// distribution for all matrices that gives scores of unit variance.
    fn init_std(&self) -> Result<f64, ConfigError> {
        let width = self.d_model as f64 * (self.d_kv as f64).sqrt();
        init_std("initializer_factor", self.initializer_factor / width.sqrt())
    }
}

/// The `config.json` of a new model, in the format of T5 1.1.
pub(super) fn config(family: &Family, size: &Size) -> Result<Value, ConfigError> {
    size.refuse_kv_heads()?;
    // Two thirds of 4 d_model, so that three matrices cost as much as two, rounded up to a multiple
    // of 32.
    let d_ff = size.d_ff.unwrap_or((8 * size.d_model).div_ceil(3).next_multiple_of(32));
    Ok(json!({
        "model_type": family.name(), "architectures": [family.primary().class], "is_encoder_decoder": true,
        "vocab_size": size.vocab_size, "n_positions": size.context, "d_model": size.d_model,
        "d_kv": divides("num_heads", size.n_heads, size.d_model)?, "d_ff": d_ff,
        "num_layers": size.n_layers, "num_decoder_layers": size.n_layers,
        "num_heads": size.n_heads, "feed_forward_proj": "gated-gelu",
        "relative_attention_num_buckets": 32, "relative_attention_max_distance": 128,
        "dropout_rate": size.dropout, "layer_norm_epsilon": 1e-6, "initializer_factor": 1.0,
        // Scaled hidden states would make logits so small that training starts slowly.
        "tie_word_embeddings": true, "scale_decoder_outputs": false,
        "pad_token_id": 0, "bos_token_id": null, "eos_token_id": size.eos,
        "decoder_start_token_id": 0, "dtype": "float32",
    }))
}
