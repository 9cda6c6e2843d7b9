//! Mutation tests of the goldens: a model with one wrong detail must fail the comparison that the
//! correct one passes.

mod changes;

use std::collections::BTreeSet;

use burn::tensor::Device;
use burn_zoo::models::blocks::Wiring;
use burn_zoo::models::checkpoint::ModelSpec;
use burn_zoo::models::families::Architecture;
use burn_zoo::models::heads::pooling::Pooling;
use burn_zoo::models::layers::activation::Activation::{Gelu, GeluTanh, Relu, Tanh};
use burn_zoo::models::layers::disentangled::{DistanceBuckets, DistanceTerms};
use burn_zoo::models::layers::feed_forward::FeedForwardKind;
use burn_zoo::models::layers::mask::AttentionPattern::{Causal, Full, Local, SlidingWindow};
use burn_zoo::models::layers::norm::NormKind::{LayerWithoutBias, Rms};
use burn_zoo::models::layers::position::PositionEncoding;
use burn_zoo::models::layers::relative_bias::BiasDirection::{Both, Past};
use burn_zoo::models::layers::rotary::RotaryLayout::{Halves, Interleaved};
use burn_zoo::models::layers::rotary::{RampBorders, RotaryScaling};
use burn_zoo::models::layers::sinusoid::SinusoidLayout as Sines;

use self::changes::*;
use crate::golden::{Case, folder, outputs, relative_error};

/// The mistake, the golden case that must detect it, and the change of the architecture. Parameters
/// keep their paths and shapes: otherwise the weights would not load, and nothing would be
/// compared.
type Mutation = (&'static str, &'static str, fn(&mut Architecture));

const MUTATIONS: &[Mutation] = &[
    ("BERT: another epsilon", "bert/base", |a| epsilon(a, 1e-6)),
    ("BERT: norms before the sub-layers", "bert/base", move_norms),
    ("BERT: scores by the model's width", "bert/base", |a| scale_by(a, |it| it.d_model)),
    ("BERT: ReLU before the scores", "bert/base", |a| masked_lm(a).activation = Relu),
    ("BERT: GELU in the pooler", "bert/backbone", |a| pooler(a).activation = Gelu),
    ("RoBERTa: positions from 0", "roberta/base", |a| renumber(a, tokens(0))),
    ("RoBERTa: tanh GELU", "roberta/base", |a| activate(a, GeluTanh)),
    ("RoBERTa: GELU in the head", "roberta/sequence", |a| head(a).activation = Gelu),
    ("XLM-RoBERTa: another id of padding", "xlm-roberta/base", |a| renumber(a, ids(2))),
    ("DistilBERT: tanh in the head", "distilbert/sequence", |a| head(a).activation = Tanh),
    ("ALBERT: one layer less", "albert/base", |a| stacks(a)[0].order.truncate(2)),
    ("ALBERT: a layer of the other group", "albert/groups", |a| {
        stacks(a)[0].order = vec![0, 1, 2, 3, 2, 3];
    }),
    ("ALBERT: blocks of a group repeated in turn", "albert/groups", |a| {
        stacks(a)[0].order = vec![0, 0, 1, 1, 2, 3];
    }),
    ("ALBERT: erf GELU", "albert/base", |a| {
        activate(a, Gelu);
        masked_lm(a).activation = Gelu;
    }),
    ("ELECTRA: tanh in the head", "electra/sequence", |a| head(a).activation = Tanh),
    ("ModernBERT: a window one wider", "modernbert/base", |a| window(a, |n| Local(n + 1))),
    ("ModernBERT: a window one narrower", "modernbert/base", |a| window(a, |n| Local(n - 1))),
    ("ModernBERT: the two thetas swapped", "modernbert/base", |a| {
        each_rotary(a, |it| it.theta = if it.theta < 100.0 { 1000.0 } else { 30.0 });
    }),
    ("ModernBERT: tanh GELU in MLM", "modernbert/base", |a| masked_lm(a).activation = GeluTanh),
    ("ModernBERT: the mean for [CLS]", "modernbert/sequence", |a| pool(a, Pooling::Mean)),
    ("ModernBERT: [CLS] for the mean", "modernbert/sequence_mean", |a| pool(a, Pooling::First)),
    ("DeBERTa: scores by one share", "deberta-v2/base", |a| scale_by(a, |it| it.heads.d_head)),
    ("DeBERTa: another max distance", "deberta-v2/base", |a| {
        each_distance(a, |it| it.buckets = DistanceBuckets::Logarithmic { max_distance: 40 });
    }),
    ("DeBERTa: ReLU after the convolution", "deberta-v2/convolution", |a| {
        let wiring = &mut stacks(a)[0].layers[0].wiring;
        if let Wiring::PostNormConvolution(_, activation) = wiring {
            *activation = Relu;
        }
    }),
    ("DeBERTa: the other term", "deberta-v2/content_to_position", |a| {
        each_distance(a, |it| it.terms = DistanceTerms::PositionToContent);
    }),
    ("DeBERTa: both terms", "deberta-v2/content_to_position", |a| {
        each_distance(a, |it| it.terms = DistanceTerms::Both);
    }),
    ("DeBERTa: far distances on a scale", "deberta-v2/separate", |a| {
        each_distance(a, |it| it.buckets = DistanceBuckets::Logarithmic { max_distance: 24 });
    }),
    ("DeBERTa: tanh in the pooler", "deberta-v2/sequence", |a| head(a).activation = Tanh),
    ("MPNet: half the max distance", "mpnet/base", |a| each_bucket(a, |it| it.max_distance /= 2)),
    ("MPNet: buckets of the past", "mpnet/base", |a| each_bucket(a, |it| it.direction = Past)),
    ("MPNet: positions one too early", "mpnet/base", |a| renumber(a, tokens(1))),
    ("GPT-2: erf GELU", "gpt2/base", |a| activate(a, Gelu)),
    ("GPT-2: scores without a scale", "gpt2/base", |a| {
        each_attention(a, |it| it.softmax_mut().scale = 1.0)
    }),
    ("GPT-2: the future is seen", "gpt2/base", |a| each_attention(a, |it| it.pattern = Full)),
    ("GPT-2: positions from 1", "gpt2/base", |a| renumber(a, tokens(1))),
    ("GPT-2: one scale in all layers", "gpt2/gelu", |a| scale_by(a, |it| it.heads.d_head)),
    ("GPT-2: another epsilon", "gpt2/relu_inner", |a| epsilon(a, 1e-5)),
    ("GPT: norms before the sub-layers", "openai-gpt/base", move_norms),
    ("GPT-NeoX: one sub-layer after the other", "gpt_neox/base", |a| wire(a, Wiring::PreNorm)),
    ("GPT-NeoX: parallel sub-layers", "gpt_neox/sequential", |a| wire(a, Wiring::ParallelDualNorm)),
    ("GPT-NeoX: interleaved rotary pairs", "gpt_neox/base", |a| pairs(a, Interleaved)),
    ("GPT-NeoX: whole heads rotated", "gpt_neox/base", rotate_whole_heads),
    ("GPT-J: rotary pairs in halves", "gptj/base", |a| pairs(a, Halves)),
    ("GPT-Neo: scores with a scale", "gpt_neo/base", |a| scale_by(a, |it| it.heads.d_head)),
    ("GPT-Neo: a window one wider", "gpt_neo/base", |a| window(a, |n| SlidingWindow(n + 1))),
    ("GPT-Neo: the other layer's window", "gpt_neo/base", |a| stacks(a)[0].layers.reverse()),
    ("OPT: one unused row", "opt/base", |a| renumber(a, tokens(1))),
    ("OPT: GELU", "opt/base", |a| activate(a, Gelu)),
    ("BLOOM: one slope for all heads", "bloom/base", |a| position(a, PositionEncoding::Alibi(1))),
    ("BLOOM: no slopes", "bloom/base", |a| position(a, PositionEncoding::None)),
    ("Llama: interleaved rotary pairs", "llama/base", |a| pairs(a, Interleaved)),
    ("Llama: LayerNorm", "llama/base", |a| each_norm(a, |it| it.kind = LayerWithoutBias)),
    ("Llama: another theta", "llama/tied_head_dim", |a| each_rotary(a, |it| it.theta = 1e4)),
    ("Llama: another d_head", "llama/tied_head_dim", |a| {
        scale_by(a, |it| it.d_model / it.heads.n_heads)
    }),
    ("Llama: linear scaling dropped", "llama/linear", drop_scaling),
    ("Llama: dynamic scaling dropped", "llama/dynamic_long", drop_scaling),
    ("Llama: the scaling of 3.1 dropped", "llama/llama3", drop_scaling),
    ("Llama: the first token classified", "llama/sequence", pool_first),
    ("YaRN: dropped", "llama/yarn", drop_scaling),
    ("YaRN: no attention factor", "llama/yarn", |a| each_yarn(a, |it| it.attention_factor = 1.0)),
    ("YaRN: exact borders", "llama/yarn", |a| each_yarn(a, |it| it.borders = RampBorders::Exact)),
    ("Mistral: a window one wider", "mistral/base", |a| window(a, |n| SlidingWindow(n + 1))),
    ("Mistral: a window one narrower", "mistral/base", |a| window(a, |n| SlidingWindow(n - 1))),
    ("Mistral: no window", "mistral/base", |a| window(a, |_| Causal)),
    ("Mixtral: one expert", "mixtral/base", |a| {
        let kind = FeedForwardKind::Mixture { n_experts: 4, n_active: 1 };
        each_layer(a, |layer| layer.feed_forward.kind = kind);
    }),
    ("Qwen 2: windows", "qwen2/base", |a| each_attention(a, |it| it.pattern = SlidingWindow(4))),
    ("Qwen 3: queries less their mean", "qwen3/base", |a| qk_norm(a, LayerWithoutBias)),
    ("SmolLM3: the other layer rotates", "smollm3/base", |a| stacks(a)[0].layers.reverse()),
    ("Gemma: norms that do not add 1", "gemma/base", |a| each_norm(a, |it| it.kind = Rms)),
    ("Gemma: unscaled embeddings", "gemma/base", |a| each_embedding(a, |it| it.scale = 1.0)),
    ("Gemma: erf GELU", "gemma/base", |a| activate(a, Gelu)),
    ("Gemma 2: no cap on scores", "gemma2/base", |a| {
        each_attention(a, |it| it.softmax_mut().softcap = None)
    }),
    ("Gemma 2: no cap on logits", "gemma2/base", |a| decoder(a).logit_softcap = None),
    ("Gemma 2: the usual scale", "gemma2/base", |a| scale_by(a, |it| it.heads.d_head)),
    ("Gemma 2: the other layer's window", "gemma2/base", |a| stacks(a)[0].layers.reverse()),
    ("Gemma 3: one theta", "gemma3_text/base", |a| each_rotary(a, |it| it.theta = 1000.0)),
    ("Gemma 3: scaling dropped", "gemma3_text/base", drop_scaling),
    ("Gemma 3: queries without the 1", "gemma3_text/base", |a| qk_norm(a, Rms)),
    ("OLMo 2: queries less their mean", "olmo2/base", |a| qk_norm(a, LayerWithoutBias)),
    ("OLMo 2: another epsilon", "olmo2/base", |a| epsilon(a, 1e-6)),
    ("Phi: whole heads rotated", "phi/base", rotate_whole_heads),
    ("Phi 3: whole heads rotated", "phi3/partial_longrope", rotate_whole_heads),
    ("Phi 3: a window one wider", "phi3/base", |a| window(a, |n| SlidingWindow(n + 1))),
    ("LongRoPE: the short factors", "phi3/longrope", |a| {
        each_rotary(a, |rotary| {
            if let RotaryScaling::Long(factors) = &mut rotary.scaling {
                factors.long.clone_from(&factors.short);
            }
        });
    }),
    ("StarCoder 2: no window", "starcoder2/base", |a| window(a, |_| Causal)),
    ("StableLM: whole heads rotated", "stablelm/base", rotate_whole_heads),
    ("StableLM: heads keep their mean", "stablelm/parallel", |a| qk_norm(a, Rms)),
    ("T5: scores with a scale", "t5/base", |a| scale_by(a, |it| it.heads.d_head)),
    ("T5: the max distance off by one", "t5/base", |a| each_bucket(a, |it| it.max_distance += 1)),
    ("T5: an encoder with past buckets", "t5/base", |a| each_bucket(a, |it| it.direction = Past)),
    ("T5: a decoder with both buckets", "t5/base", |a| each_bucket(a, |it| it.direction = Both)),
    ("T5: unscaled states", "t5/base", |a| pair(a).output_scale = 1.0),
    ("T5: GELU", "t5/base", |a| activate(a, Gelu)),
    ("T5 1.1: scaled states", "t5/v1_1", |a| pair(a).output_scale = 0.25),
    ("mT5: scaled states", "mt5/base", |a| pair(a).output_scale = 0.25),
    ("mT5: erf GELU", "mt5/base", |a| activate(a, Gelu)),
    ("BART: one unused row", "bart/base", |a| renumber(a, tokens(1))),
    ("BART: scaled embeddings", "bart/base", |a| each_embedding(a, |it| it.scale = 4.0)),
    ("BART: norms before the sub-layers", "bart/base", move_norms),
    ("mBART: no unused rows", "mbart/base", |a| renumber(a, tokens(0))),
    ("mBART: unscaled embeddings", "mbart/base", |a| each_embedding(a, |it| it.scale = 1.0)),
    ("mBART: norms behind the sub-layers", "mbart/base", move_norms),
    // Its checkpoint stores its sinusoids, so the computed ones are not used.
    ("Pegasus: unscaled embeddings", "pegasus/base", |a| each_embedding(a, |it| it.scale = 1.0)),
    ("Marian: sines by cosines", "marian/base", |a| sinusoid(a, Sines::Interleaved, tokens(0))),
    ("Marian: GELU", "marian/base", |a| activate(a, Gelu)),
    ("M2M-100: frequencies of Marian", "m2m_100/base", |a| sinusoid(a, Sines::Halves, ids(1))),
    ("M2M-100: no offset", "m2m_100/base", |a| sinusoid(a, Sines::HalvesInclusive, tokens(0))),
    ("Transformer: sines first", "transformer/base", |a| sinusoid(a, Sines::Halves, tokens(0))),
    ("Transformer: norms before the sub-layers", "transformer/base", move_norms),
    ("ViT: another epsilon", "vit/base", |a| epsilon(a, 1e-6)),
    ("ViT: norms behind the sub-layers", "vit/base", move_norms),
    ("ViT: the mean for the class token", "vit/base", |a| pool(a, Pooling::Mean)),
    ("ViT: GELU in the pooler", "vit/backbone", |a| pooler(a).activation = Gelu),
    ("DeiT: another epsilon", "deit/teacher", |a| epsilon(a, 1e-6)),
    ("DINOv2: another epsilon", "dinov2/base", |a| epsilon(a, 1e-6)),
    ("DINOv2: gates with GELU", "dinov2/swiglu", |a| activate(a, Gelu)),
];

/// The error of the golden weights in that model against the reference's outputs.
pub(crate) fn error(case: &Case, spec: ModelSpec) -> f64 {
    let device = Device::flex();
    let model = case.load_as(spec, &device);
    let mut errors = Vec::new();
    for output in outputs(&model, &case.feed(), &device) {
        let Some(expected) = case.tensors.get(output.name) else { continue };
        assert_eq!(output.tensor.shape, expected.shape, "{}: {}", case.name, output.name);
        errors.push(relative_error(&output.kept(), &output.keep(&expected.values)).0);
    }
    errors.into_iter().reduce(f64::max).unwrap()
}

#[test]
fn every_mutation_is_noticed() {
    let mut survivors = Vec::new();
    for &(name, path, change) in MUTATIONS {
        let case = Case::read(folder().join(path));
        let mut spec = ModelSpec::read(&case.path).unwrap();
        let right = spec.architecture.clone();
        change(&mut spec.architecture);
        assert!(spec.architecture != right, "{name}: {path} is so already");
        let error = error(&case, spec);
        // Ten times the tolerance of the correct model.
        if error <= 1e-4 {
            survivors.push(format!("{name}: {path} is off by {error:.1e}"));
        }
    }
    assert!(survivors.is_empty(), "not noticed:\n{}", survivors.join("\n"));
}

#[test]
fn without_a_mutation_the_same_cases_pass() {
    let paths: BTreeSet<&str> = MUTATIONS.iter().map(|&(_, path, _)| path).collect();
    for path in paths {
        let case = Case::read(folder().join(path));
        let error = error(&case, ModelSpec::read(&case.path).unwrap());
        assert!(error <= 1e-5, "{path} is off by {error:.1e}");
    }
}

#[test]
fn mutations_are_many_and_of_many_families() {
    let names: BTreeSet<&str> = MUTATIONS.iter().map(|&(name, ..)| name).collect();
    assert_eq!(names.len(), MUTATIONS.len(), "two mutations have one name");
    assert!(names.len() >= 40, "{} mutations", names.len());
    let family = |&(_, path, _): &Mutation| path.split('/').next().unwrap();
    let families: BTreeSet<&str> = MUTATIONS.iter().map(family).collect();
    assert!(families.len() >= 20, "{families:?}");
}
