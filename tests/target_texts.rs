//! Source texts with target texts: the tokens and losses of transformers, and decoders.

use std::fs;

use burn::tensor::Device;
use burn_zoo::datasets::labeled::{LabeledTarget, LabeledTask, LabeledText, LabeledTexts};
use burn_zoo::datasets::tokenizer::Tokenizer;
use burn_zoo::models::checkpoint::{self, Pretrained};
use burn_zoo::train::tuning::{EncodedTarget, Languages, TaskLengths, TaskSetup, TaskTexts};
use burn_zoo::train::{Objective, Prediction};
use serde::Deserialize;

use crate::golden::{folder, json};

/// What `tests/golden/target_texts.py` writes.
#[derive(Deserialize)]
struct Recorded {
    cases: Vec<Case>,
    two_vocabularies: TwoVocabularies,
}

#[derive(Deserialize)]
struct Case {
    model: String,
    source_language: Option<String>,
    target_language: Option<String>,
    pairs: Vec<Pair>,
}

#[derive(Deserialize)]
struct Pair {
    text: String,
    target: String,
    ids: Vec<u32>,
    labels: Vec<u32>,
    loss: f64,
}

#[derive(Deserialize)]
struct TwoVocabularies {
    text: String,
    source: Vec<u32>,
    target: Vec<u32>,
}

fn recorded() -> Recorded {
    json(&folder().join("target_texts.json"))
}

fn texts(pairs: &[(&str, &str)]) -> LabeledTexts {
    let example = |(text, target): &(&str, &str)| LabeledText {
        text: text.to_string(),
        pair: None,
        target: LabeledTarget::Text(target.to_string()),
    };
    let examples = pairs.iter().map(example).collect();
    LabeledTexts { task: LabeledTask::TextToText, labels: Vec::new(), examples }
}

fn open(name: &str) -> (Pretrained, TaskTexts) {
    let path = folder().join("pipelines").join(name);
    let loaded = checkpoint::load(&path, &Device::flex()).unwrap();
    let tokenizer = Tokenizer::load(&path).unwrap();
    (loaded, TaskTexts::new(tokenizer).with_target_of(&path).unwrap())
}

const LENGTHS: TaskLengths = TaskLengths { input: 32, target: 32 };

#[test]
fn languages_and_losses_are_those_of_the_reference() {
    for case in recorded().cases {
        let (loaded, tokenizers) = open(&format!("translation/{}", case.model));
        let languages = Languages { source: case.source_language, target: case.target_language };
        let all = TaskTexts { languages, ..tokenizers };
        let (spec, model) = (&loaded.spec, &loaded.model);
        let setup = TaskSetup::new(LabeledTask::TextToText, spec, model, all, LENGTHS).unwrap();
        for Pair { text, target, ids, labels, loss } in &case.pairs {
            let encoded = setup.encode(texts(&[(text, target)])).unwrap();
            assert_eq!(&encoded[0].ids, ids, "{}: {text}", case.model);
            let expected = EncodedTarget::Text(labels.clone());
            assert_eq!(encoded[0].target, expected, "{}: {target}", case.model);
            let batch = setup.objective.batch(&encoded);
            let found = setup.objective.loss(model, &batch).read().mean();
            let error = (found - loss).abs() / loss;
            assert!(error <= 1e-5, "{}: {target}: {found} for {loss}", case.model);
        }
    }
}

#[test]
fn target_texts_have_a_vocabulary_of_their_own() {
    let models = folder().join("../../datasets/tests/golden/models");
    let at = tempfile::tempdir().unwrap();
    let files =
        [("source.spm", "source.spm"), ("target.spm", "target.spm"), ("marian.json", "vocab.json")];
    for (file, name) in files {
        fs::copy(models.join(file), at.path().join(name)).unwrap();
    }
    fs::write(at.path().join("config.json"), r#"{"model_type": "marian"}"#).unwrap();
    let TwoVocabularies { text, source, target } = recorded().two_vocabularies;
    let of_source = Tokenizer::load(at.path()).unwrap();
    let of_target = Tokenizer::load_target(at.path()).unwrap().unwrap();
    let ids =
        |tokenizer: &Tokenizer| tokenizer.text_encoder(64).unwrap().encode(&text).unwrap().ids;
    assert_eq!((ids(&of_source), ids(&of_target)), (source, target));
    let bert = folder().join("pipelines/fill-mask/bert");
    assert!(Tokenizer::load_target(bert).unwrap().is_none());
}

#[test]
fn a_decoder_learns_the_target_behind_the_source() {
    let (loaded, all) = open("text-generation/gpt2");
    let (spec, model) = (&loaded.spec, &loaded.model);
    let tokenizer = all.tokenizer.clone();
    let setup = TaskSetup::new(LabeledTask::TextToText, spec, model, all, LENGTHS).unwrap();
    let encoded = setup.encode(texts(&[("a good day", "the sea"), ("we", "a long day")])).unwrap();
    let source = tokenizer.encode("a good day\n").unwrap();
    let EncodedTarget::Text(target) = &encoded[0].target else { panic!("a text") };
    assert_eq!(encoded[0].ids, source);
    let end = setup.objective.end.unwrap();
    assert_eq!(target, &[tokenizer.encode("the sea").unwrap(), vec![end]].concat());

    let batch = setup.objective.batch(&encoded);
    assert!(batch.source.is_none());
    let row = [&source[..], &target[..target.len() - 1]].concat();
    assert_eq!(batch.text.ids[..row.len()], row);
    let positions = batch.target_positions();
    let first: Vec<usize> = positions.iter().copied().filter(|at| *at < batch.text.width).collect();
    assert_eq!(first, (source.len() - 1..source.len() - 1 + target.len()).collect::<Vec<_>>());

    // A text that is too long is cut, and the line break stays.
    let long = "a good day ".repeat(20);
    let cut = setup.encode(texts(&[(&long, "a")])).unwrap();
    assert_eq!(cut[0].ids.len(), LENGTHS.input);
    assert!(cut[0].ids.ends_with(&tokenizer.encode("\n").unwrap()));
    let predicted = setup.objective.predict(model, &encoded).unwrap();
    assert!(predicted.iter().all(|text| matches!(text, Prediction::Sequence(_))));
}
