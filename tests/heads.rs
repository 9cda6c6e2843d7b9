//! Rare forms of heads: their input, its position, and their layers.

use burn_zoo::models::backbones::{BackboneConfig, EncoderDecoderConfig, Shift};
use burn_zoo::models::checkpoint::ModelSpec;
use burn_zoo::models::families::{Architecture, FAMILIES, HeadSpec, Task};
use burn_zoo::models::heads::ClassifierConfig;
use burn_zoo::models::heads::pooling::Pooling;
use burn_zoo::models::layers::activation::Activation;

use crate::golden::{Case, folder};
use crate::mutations::error;

/// A name, a case, and the change to its heads.
type Change = (&'static str, &'static str, fn(&mut Architecture));

const CHANGES: &[Change] = &[
    ("BART reads at the last token, not the last end", "mbart/sequence", |a| {
        each_classifier(a, |head| head.end = None);
    }),
    ("BART reads at the first token", "bart/sequence", |a| {
        each_classifier(a, |head| head.pooling = Pooling::First);
    }),
    ("mBART's decoder begins with its start token", "mbart/sequence", |a| {
        pair(a).shift = Shift::Start;
    }),
    ("BART's decoder begins with the last token", "bart/span", |a| {
        pair(a).shift = Shift::LastToken;
    }),
    ("T5's decoder begins with another token", "t5/span", |a| {
        pair(a).start = 5;
    }),
    ("RoBERTa's choices through GELU", "roberta/choice", |a| {
        each_classifier(a, |head| head.transform.as_mut().unwrap().activation = Activation::Gelu);
    }),
    ("MPNet's choices without a transform's tanh", "mpnet/choice", |a| {
        each_classifier(a, |head| head.transform.as_mut().unwrap().activation = Activation::Relu);
    }),
    ("ModernBERT's choices by the mean", "modernbert/choice", |a| {
        each_classifier(a, |head| head.pooling = Pooling::Mean);
    }),
    ("ELECTRA's discriminator through ReLU", "electra/replaced", |a| {
        let head = a.heads.replaced.as_mut().unwrap();
        head.transform.as_mut().unwrap().activation = Activation::Relu;
    }),
    ("BERT's second sentence by the mean", "bert/pretraining", |a| {
        a.heads.sentences.as_mut().unwrap().head.pooling = Pooling::Mean;
    }),
    ("BERT's next sentence by the last state", "bert/next", |a| {
        a.heads.sentences.as_mut().unwrap().head.pooling = Pooling::Last;
    }),
];

fn pair(architecture: &mut Architecture) -> &mut EncoderDecoderConfig {
    match &mut architecture.backbone {
        BackboneConfig::EncoderDecoder(config) => config,
        _ => panic!("it has a decoder"),
    }
}

fn each_classifier(architecture: &mut Architecture, change: fn(&mut ClassifierConfig)) {
    let heads = &mut architecture.heads;
    [&mut heads.classifier, &mut heads.choice].into_iter().for_each(change);
}

#[test]
fn every_change_of_a_head_is_noticed() {
    for &(name, path, change) in CHANGES {
        let case = Case::read(folder().join(path));
        let mut spec = ModelSpec::read(&case.path).unwrap();
        change(&mut spec.architecture);
        let error = error(&case, spec);
        assert!(error > 1e-4, "{name}: {path} is off by {error:.1e} only");
    }
}

#[test]
fn every_head_of_this_kind_has_a_case() {
    let tasks = [Task::MultipleChoice, Task::NextSentence, Task::PreTraining, Task::ReplacedTokens];
    for family in FAMILIES {
        // These share code and key table with RoBERTa, whose case is enough.
        if ["xlm-roberta", "camembert"].contains(&family.name()) {
            continue;
        }
        let found: Vec<Task> = crate::golden::cases(family.name())
            .iter()
            .map(|case| ModelSpec::read(&case.path).unwrap().task)
            .collect();
        for HeadSpec { task, class, .. } in family.heads {
            assert!(!tasks.contains(task) || found.contains(task), "{class} has no golden case");
        }
    }
}

#[test]
fn heads_over_tokens_of_t5_have_no_decoder() {
    for (case, has_decoder) in
        [("t5/token", false), ("t5/encoder", false), ("t5/span", true), ("t5/sequence", true)]
    {
        let spec = ModelSpec::read(&folder().join(case)).unwrap();
        assert_eq!(
            spec.architecture.backbone.capabilities().has_decoder_input(),
            has_decoder,
            "{case}"
        );
        assert_eq!(
            spec.architecture.backbone.depths().len(),
            1 + usize::from(has_decoder),
            "{case}"
        );
        let model = spec.model(&burn::tensor::Device::flex());
        let found = model.parameters().iter().any(|p| p.path.starts_with("decoder."));
        assert_eq!(found, has_decoder, "{case}");
    }
}
