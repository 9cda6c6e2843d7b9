//! Changes of architectures for the mutation tests.

use burn_zoo::models::backbones::{
    BackboneConfig, DecoderConfig, EmbeddingConfig, EncoderConfig, EncoderDecoderConfig,
    PositionEmbedding, PositionNumbering, StackConfig,
};
use burn_zoo::models::blocks::{BlockConfig, Wiring};
use burn_zoo::models::families::Architecture;
use burn_zoo::models::heads::pooling::Pooling;
use burn_zoo::models::heads::{HeadsConfig, Pooler, PredictionHeadConfig};
use burn_zoo::models::layers::activation::Activation::{self};
use burn_zoo::models::layers::attention::{AttentionConfig, QkNorm};
use burn_zoo::models::layers::disentangled::DisentangledConfig;
use burn_zoo::models::layers::mask::AttentionPattern;
use burn_zoo::models::layers::norm::NormConfig;
use burn_zoo::models::layers::norm::NormKind::{self};
use burn_zoo::models::layers::position::PositionEncoding;
use burn_zoo::models::layers::relative_bias::RelativeBiasConfig;
use burn_zoo::models::layers::rotary::RotaryLayout::{self};
use burn_zoo::models::layers::rotary::{RotaryConfig, RotaryScaling, Yarn};
use burn_zoo::models::layers::sinusoid::SinusoidLayout as Sines;

pub(super) fn stacks(architecture: &mut Architecture) -> Vec<&mut StackConfig> {
    match &mut architecture.backbone {
        BackboneConfig::Encoder(config) => vec![&mut config.stack],
        BackboneConfig::Decoder(config) => vec![&mut config.stack],
        BackboneConfig::EncoderDecoder(config) => vec![&mut config.encoder, &mut config.decoder],
        BackboneConfig::EncoderHalf(config) => vec![&mut config.encoder],
        BackboneConfig::Recurrent(_) | BackboneConfig::RecurrentSeq2Seq(_) => Vec::new(),
        BackboneConfig::Vision(config) => vec![&mut config.stack],
    }
}

pub(super) fn decoder(architecture: &mut Architecture) -> &mut DecoderConfig {
    match &mut architecture.backbone {
        BackboneConfig::Decoder(config) => config,
        _ => panic!("it is no decoder"),
    }
}

pub(super) fn pair(architecture: &mut Architecture) -> &mut EncoderDecoderConfig {
    match &mut architecture.backbone {
        BackboneConfig::EncoderDecoder(config) => config,
        _ => panic!("it has one side"),
    }
}

pub(super) fn masked_lm(architecture: &mut Architecture) -> &mut PredictionHeadConfig {
    architecture.heads.masked_lm.as_mut().unwrap()
}

pub(super) fn head(architecture: &mut Architecture) -> &mut PredictionHeadConfig {
    architecture.heads.classifier.transform.as_mut().unwrap()
}

pub(super) fn pooler(architecture: &mut Architecture) -> &mut PredictionHeadConfig {
    let Pooler::Dense(pooler) = &mut architecture.heads.pooler else { panic!("it has none") };
    pooler
}

pub(super) fn each_embedding(architecture: &mut Architecture, change: fn(&mut EmbeddingConfig)) {
    stacks(architecture).into_iter().for_each(|stack| change(&mut stack.embedding));
}

pub(super) fn each_layer(architecture: &mut Architecture, change: impl Fn(&mut BlockConfig)) {
    stacks(architecture).into_iter().flat_map(|stack| &mut stack.layers).for_each(change);
}

pub(super) fn each_norm(architecture: &mut Architecture, change: impl Fn(&mut NormConfig)) {
    for stack in stacks(architecture) {
        let of_layers = stack.layers.iter_mut().map(|layer| &mut layer.norm);
        of_layers.chain(&mut stack.norm).chain(&mut stack.embedding.norm).for_each(&change);
    }
}

pub(super) fn each_attention(
    architecture: &mut Architecture,
    change: impl Fn(&mut AttentionConfig),
) {
    each_layer(architecture, |layer| change(&mut layer.attention));
}

pub(super) fn each_rotary(architecture: &mut Architecture, change: impl Fn(&mut RotaryConfig)) {
    each_attention(architecture, |attention| {
        if let PositionEncoding::Rotary(rotary) = &mut attention.positions {
            change(rotary);
        }
    });
}

pub(super) fn each_yarn(architecture: &mut Architecture, change: fn(&mut Yarn)) {
    each_rotary(architecture, |rotary| {
        if let RotaryScaling::Yarn(yarn) = &mut rotary.scaling {
            change(yarn);
        }
    });
}

pub(super) fn each_bucket(architecture: &mut Architecture, change: fn(&mut RelativeBiasConfig)) {
    each_attention(architecture, |attention| {
        if let PositionEncoding::RelativeBias(bias) = &mut attention.positions {
            change(bias);
        }
    });
}

pub(super) fn each_distance(architecture: &mut Architecture, change: fn(&mut DisentangledConfig)) {
    each_attention(architecture, |attention| {
        if let PositionEncoding::Disentangled(config) = &mut attention.positions {
            change(config);
        }
    });
}

pub(super) fn epsilon(architecture: &mut Architecture, epsilon: f64) {
    each_norm(architecture, |norm| norm.epsilon = epsilon);
}

pub(super) fn activate(architecture: &mut Architecture, activation: Activation) {
    each_layer(architecture, |layer| layer.feed_forward.activation = activation);
}

pub(super) fn wire(architecture: &mut Architecture, wiring: Wiring) {
    each_layer(architecture, |layer| layer.wiring = wiring);
}

/// Swaps pre-norm and post-norm blocks.
pub(super) fn move_norms(architecture: &mut Architecture) {
    each_layer(architecture, |layer| {
        layer.wiring = match layer.wiring {
            Wiring::PreNorm => Wiring::PostNorm,
            Wiring::PostNorm => Wiring::PreNorm,
            Wiring::PreNormDecoder => Wiring::PostNormDecoder,
            Wiring::PostNormDecoder => Wiring::PreNormDecoder,
            other => panic!("{other:?} has norms of its own"),
        };
    });
}

/// Scores divided by the square root of this width.
pub(super) fn scale_by(architecture: &mut Architecture, width: fn(&AttentionConfig) -> usize) {
    each_attention(architecture, |it| it.softmax_mut().scale = (width(it) as f64).powf(-0.5));
}

/// Another pattern for each window of this size.
pub(super) fn window(architecture: &mut Architecture, pattern: fn(usize) -> AttentionPattern) {
    each_attention(architecture, |attention| {
        if let AttentionPattern::SlidingWindow(size) | AttentionPattern::Local(size) =
            attention.pattern
        {
            attention.pattern = pattern(size);
        }
    });
}

pub(super) fn position(architecture: &mut Architecture, encoding: PositionEncoding) {
    each_attention(architecture, |attention| attention.positions = encoding.clone());
}

pub(super) fn pairs(architecture: &mut Architecture, layout: RotaryLayout) {
    each_rotary(architecture, |rotary| rotary.layout = layout);
}

pub(super) fn drop_scaling(architecture: &mut Architecture) {
    each_rotary(architecture, |rotary| rotary.scaling = RotaryScaling::None);
}

pub(super) fn rotate_whole_heads(architecture: &mut Architecture) {
    let d_head = stacks(architecture)[0].layers[0].attention.heads.d_head;
    each_rotary(architecture, |rotary| rotary.d_rotary = d_head);
}

pub(super) fn qk_norm(architecture: &mut Architecture, new: NormKind) {
    use QkNorm::{Full, None, PerHead, PerHeadShared};
    each_attention(architecture, |attention| match &mut attention.qk_norm {
        PerHeadShared(kind, _) | Full(kind, _) | PerHead(kind, _) => *kind = new,
        None => {}
    });
}

pub(super) fn tokens(offset: usize) -> PositionNumbering {
    PositionNumbering::Sequential { offset }
}

pub(super) fn ids(padding: usize) -> PositionNumbering {
    PositionNumbering::SkipPadding { padding }
}

/// Learned positions with other position ids, in a table with as many rows.
pub(super) fn renumber(architecture: &mut Architecture, numbering: PositionNumbering) {
    for stack in stacks(architecture) {
        let rows = stack.position_rows().unwrap();
        stack.embedding.positions = PositionEmbedding::Learned(numbering);
        stack.max_positions = rows - stack.embedding.position_rows(0).unwrap();
    }
}

pub(super) fn sinusoid(
    architecture: &mut Architecture,
    layout: Sines,
    numbering: PositionNumbering,
) {
    for stack in stacks(architecture) {
        stack.embedding.positions = PositionEmbedding::Sinusoidal(layout, numbering);
    }
}

pub(super) fn pool(architecture: &mut Architecture, pooling: Pooling) {
    architecture.heads.classifier.pooling = pooling;
}

/// The same decoder as an encoder, for heads of this form.
pub(super) fn pool_first(architecture: &mut Architecture) {
    let DecoderConfig { vocab_size, stack, init_std, .. } = decoder(architecture).clone();
    let encoder = EncoderConfig { vocab_size, stack, init_std };
    *architecture = Architecture::encoder(encoder, HeadsConfig::of_decoder());
    pool(architecture, Pooling::First);
}
