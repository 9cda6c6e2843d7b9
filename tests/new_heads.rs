//! Heads for fine-tuning: a checkpoint of one task, loaded for another one, saved and loaded again.

mod configs;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use burn::tensor::Device;
use burn_zoo::models::backbones::BackboneConfig;
use burn_zoo::models::checkpoint::{
    self, F32Tensor, Files, HeadFor, KeyProblem, LoadError, Mapping, ModelSpec, WithHead,
    load_with_head, read_safetensors,
};
use burn_zoo::models::families::{FAMILIES, Family, Task};
use burn_zoo::models::layers::recurrent::Direction;
use burn_zoo::models::parameters;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::golden::{self, Case, Feed, outputs};

const SEED: u64 = 7;

fn names(labels: &[&str]) -> Vec<String> {
    labels.iter().map(|label| (*label).to_string()).collect()
}

fn has_labels(task: Task) -> bool {
    let images = [Task::ImageClassifier, Task::DistilledImageClassifier];
    [Task::SequenceClassifier, Task::TokenClassifier].contains(&task) || images.contains(&task)
}

/// A head for this task, with four labels that no fixture has.
fn head_for(task: Task) -> HeadFor {
    let labels = ["red", "green", "blue", "white"];
    HeadFor { labels: names(if has_labels(task) { &labels } else { &[] }), ..HeadFor::new(task) }
}

fn load(case: &str, head: &HeadFor) -> Result<WithHead, LoadError> {
    load_with_head(&golden::folder().join(case), head, SEED, &Device::flex())
}

fn classifier(labels: &[&str]) -> HeadFor {
    HeadFor::with_labels(Task::SequenceClassifier, names(labels))
}

fn save(model: &WithHead) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let spec = &model.pretrained.spec;
    let saved = checkpoint::save(
        folder.path(),
        &model.pretrained.model,
        spec.family,
        &spec.config,
        Files::default(),
    );
    saved.unwrap_or_else(|error| panic!("{error}"));
    folder
}

fn tensors(folder: &Path) -> BTreeMap<String, F32Tensor> {
    read_safetensors(&folder.join("model.safetensors")).unwrap()
}

/// The tasks of a family, each once.
fn tasks(family: &Family) -> Vec<Task> {
    let mut tasks: Vec<Task> = Vec::new();
    for head in family.heads {
        if !tasks.contains(&head.task) {
            tasks.push(head.task);
        }
    }
    tasks
}

/// Inputs for any task: a text and its reverse, both with the end token.
fn feed(case: &Case, spec: &ModelSpec) -> Feed {
    let given = case.feed();
    if given.pixels.is_some() {
        return given;
    }
    let mut text = given.row(0).ids[0].clone();
    let end = spec.config["eos_token_id"].as_u64().map(|id| id as u32);
    text.truncate(6);
    let turned: Vec<u32> = text.iter().rev().copied().collect();
    let rows = [text, turned].map(|row| row.into_iter().chain(end).collect::<Vec<u32>>());
    let mut feed = Feed::of(rows.to_vec());
    if spec.task == Task::MultipleChoice {
        feed.choices = 2;
    }
    if spec.task == Task::Seq2SeqLm {
        (feed.decoder_ids, feed.decoder_mask) = (Some(feed.ids.clone()), Some(feed.mask.clone()));
    }
    feed
}

/// The reason why a checkpoint cannot have a head: its backbone lacks what the task needs.
fn obstacle(source: &ModelSpec, task: Task) -> Option<&'static str> {
    match &source.architecture.backbone {
        BackboneConfig::EncoderHalf(_)
            if ![Task::TokenClassifier, Task::BaseModel].contains(&task) =>
        {
            Some("missing     ")
        }
        BackboneConfig::Recurrent(config)
            if config.stack.direction == Direction::Both && task == Task::CausalLm =>
        {
            Some("a causal language model must run forward only")
        }
        _ => None,
    }
}

/// Every checkpoint with every head of its family.
fn each_head(mut check: impl FnMut(&Case, &ModelSpec, Task)) {
    for family in FAMILIES {
        for case in golden::cases(family.name()) {
            let source = ModelSpec::read(&case.path).unwrap();
            for task in tasks(family) {
                check(&case, &source, task);
            }
        }
    }
}

#[test]
fn every_head_of_a_family_fits_its_checkpoints() {
    let device = Device::flex();
    let mut count = 0;
    each_head(|case, source, task| {
        let what = format!("{} for {task:?}", case.name);
        let found = load_with_head(&case.path, &head_for(task), SEED, &device);
        if let Some(reason) = obstacle(source, task) {
            let error = found.map(|_| ()).unwrap_err().to_string();
            assert!(error.contains(reason), "{what}: {error}");
            return;
        }
        let found = found.unwrap_or_else(|error| panic!("{what}: {error}"));
        let folder = save(&found);
        let again = checkpoint::load(folder.path(), &device);
        let again = again.unwrap_or_else(|error| panic!("{what}: {error}"));
        let spec = &found.pretrained.spec;
        assert_eq!(again.spec.config, spec.config, "{what}");
        assert_eq!((again.spec.task, &again.spec.labels), (task, &spec.labels), "{what}");
        let class = source.family.head(task).unwrap().class;
        assert_eq!(spec.config["architectures"], json!([class]), "{what}");
        if has_labels(task) {
            assert_eq!(spec.labels, ["red", "green", "blue", "white"], "{what}");
            assert!(!found.new.is_empty(), "{what}");
        }
        let saved = tensors(folder.path());
        assert!(found.new.iter().all(|key| saved.contains_key(key)), "{what}: {:?}", found.new);
        if source.task == task && !has_labels(task) {
            assert!(found.new.is_empty(), "{what}: {:?}", found.new);
        }

        let feed = feed(case, spec);
        let before = outputs(&found.pretrained.model, &feed, &device);
        let after = outputs(&again.model, &feed, &device);
        assert_eq!(before.len(), after.len(), "{what}");
        for (before, after) in before.iter().zip(&after) {
            assert!(before.tensor == after.tensor, "{what}: {}", before.name);
            assert!(before.tensor.values.iter().all(|value| value.is_finite()), "{what}");
        }
        count += 1;
    });
    assert!(count > 400, "{count} heads");
}

#[test]
fn the_backbone_is_that_of_the_checkpoint() {
    let device = Device::flex();
    let values = |model: &checkpoint::Model| {
        let mut values = BTreeMap::new();
        parameters::read(model.backbone(), &mut |path, data| {
            values.insert(path.to_string(), data.iter::<f32>().collect::<Vec<f32>>());
        });
        values
    };
    each_head(|case, source, task| {
        if obstacle(source, task).is_some() {
            return;
        }
        let loaded = values(&case.load(&device));
        let found = load_with_head(&case.path, &head_for(task), SEED, &device).unwrap();
        let found = values(&found.pretrained.model);
        assert!(!found.is_empty());
        for (path, values) in found {
            let name = &case.name;
            assert!(loaded.get(&path) == Some(&values), "{name} for {task:?}: {path}");
        }
    });
}

#[test]
fn keys_and_shapes_are_those_of_transformers() {
    let device = Device::flex();
    let mut classes = BTreeSet::new();
    for family in FAMILIES {
        let cases = golden::cases(family.name());
        for target in &cases {
            let wanted = checkpoint::load(&target.path, &device).unwrap();
            let spec = wanted.spec;
            let Ok(expected) = read_safetensors(&target.path.join("model.safetensors")) else {
                continue;
            };
            let mapping = Mapping::new(spec.rules(), &wanted.model.parameters());
            // Old files have other names.
            if !mapping.entries.iter().all(|entry| expected.contains_key(&entry.key)) {
                continue;
            }
            let labels = if has_labels(spec.task) { spec.labels.clone() } else { Vec::new() };
            let head = HeadFor { labels, ..HeadFor::new(spec.task) };
            for source in &cases {
                let of = ModelSpec::read(&source.path).unwrap();
                let same = ModelSpec::with_task(family, of.config.clone(), spec.task);
                let is_same = same.is_ok_and(|same| same.architecture == spec.architecture)
                    && of.config["legacy"] == spec.config["legacy"];
                if !is_same || of.task == spec.task || obstacle(&of, spec.task).is_some() {
                    continue;
                }
                let found = load_with_head(&source.path, &head, SEED, &device).unwrap();
                let found = tensors(save(&found).path());
                let shapes = |tensors: &BTreeMap<String, F32Tensor>| -> Vec<(String, Vec<usize>)> {
                    tensors.iter().map(|(key, t)| (key.clone(), t.shape.clone())).collect()
                };
                let what = format!("{} from {}", target.name, source.name);
                assert_eq!(shapes(&found), shapes(&expected), "{what}");
                classes.insert(spec.config["architectures"][0].to_string());
            }
        }
    }
    assert!(classes.len() > 30, "{} classes: {classes:?}", classes.len());
}

#[test]
fn a_classifier_over_a_base_model_has_its_pooler() {
    for (case, key, new) in [
        ("bert/backbone", "pooler.dense.weight", ["classifier.weight", "classifier.bias"]),
        ("albert/groups", "pooler.weight", ["classifier.weight", "classifier.bias"]),
    ] {
        let found = load(case, &classifier(&["bad", "good"])).unwrap();
        assert_eq!(found.new, new, "{case}");
        let before = tensors(&golden::folder().join(case));
        assert!(before.contains_key(key), "{case}");
        let after = tensors(save(&found).path());
        let prefix = found.pretrained.spec.family.prefix;
        assert!(after[&format!("{prefix}.{key}")] == before[key], "{case}");
    }
}

#[test]
fn a_base_model_has_every_masked_lm_tensor_but_the_output_new() {
    let found = load("bert/backbone", &HeadFor::new(Task::MaskedLm)).unwrap();
    let head = "cls.predictions";
    let transform = format!("{head}.transform");
    let expected = [
        format!("{transform}.dense.weight"),
        format!("{transform}.dense.bias"),
        format!("{transform}.LayerNorm.weight"),
        format!("{transform}.LayerNorm.bias"),
        format!("{head}.bias"),
    ];
    assert_eq!(found.new, expected);
    let saved = tensors(save(&found).path());
    assert!(saved[&expected[0]].values.iter().any(|value| *value != 0.0));
    assert!(saved[&expected[1]].values.iter().all(|value| *value == 0.0));
    assert!(saved[&expected[2]].values.iter().all(|value| *value == 1.0));
    assert!(saved[&expected[4]].values.iter().all(|value| *value == 0.0));
}

#[test]
fn a_head_is_kept_for_its_own_labels_only() {
    let kept = load("roberta/sequence", &classifier(&["up", "down", "flat"])).unwrap();
    assert!(kept.new.is_empty(), "{:?}", kept.new);
    assert_eq!(kept.pretrained.spec.labels, ["down", "flat", "up"]);
    let case = Case::read(golden::folder().join("roberta/sequence"));
    let device = Device::flex();
    case.assert_outputs(&outputs(&kept.pretrained.model, &case.feed(), &device), "");

    let projection = ["classifier.out_proj.weight", "classifier.out_proj.bias"];
    for labels in [&["up", "down", "same"][..], &["up", "down"], &["down", "flat", "up", "off"]] {
        let other = load("roberta/sequence", &classifier(labels)).unwrap();
        assert_eq!(other.new, projection, "{labels:?}");
        assert_eq!(other.pretrained.spec.labels, labels);
        let (before, after) = (tensors(&case.path), tensors(save(&other).path()));
        assert!(before["classifier.dense.weight"] == after["classifier.dense.weight"]);
        assert!(before[projection[0]] != after[projection[0]]);
        assert!(after[projection[1]].values.iter().all(|value| *value == 0.0));
    }
}

#[test]
fn a_projection_of_another_task_is_not_reused() {
    let labels = names(&["down", "flat", "up"]);
    let tokens = HeadFor { labels, ..HeadFor::new(Task::TokenClassifier) };
    let found = load("bert/sequence", &tokens).unwrap();
    assert_eq!(found.new, ["classifier.weight", "classifier.bias"]);
    // ModernBERT's heads have the same keys.
    let found = load("modernbert/span", &classifier(&["LABEL_0", "LABEL_1"])).unwrap();
    assert_eq!(found.new, ["classifier.weight", "classifier.bias"]);
    let found = load("bert/next", &HeadFor::new(Task::PreTraining)).unwrap();
    assert!(found.new.iter().all(|key| key.starts_with("cls.predictions.")), "{:?}", found.new);
}

#[test]
fn new_weights_depend_on_the_seed_only() {
    let head = classifier(&["bad", "good"]);
    let weights = |seed: u64| {
        let path = golden::folder().join("llama/base");
        let found = load_with_head(&path, &head, seed, &Device::flex()).unwrap();
        assert_eq!(found.new, ["score.weight"]);
        tensors(save(&found).path()).remove("score.weight").unwrap()
    };
    assert!(weights(1) == weights(1));
    assert!(weights(1) != weights(2));

    // Two projections of one shape.
    let found = load("deit/base", &head_for(Task::DistilledImageClassifier)).unwrap();
    let saved = tensors(save(&found).path());
    let of = |name: &str| &saved[&format!("{name}_classifier.weight")];
    assert!(of("cls").shape == of("distillation").shape && of("cls") != of("distillation"));
    let range = found.pretrained.spec.config["initializer_range"].as_f64().unwrap();
    let values = &of("cls").values;
    let square: f64 = values.iter().map(|x| f64::from(*x).powi(2)).sum();
    let std = (square / values.len() as f64).sqrt();
    assert!((0.7..1.3).contains(&(std / range)), "{std} of {range}");
}

/// A copy of a fixture with another config.
fn edited(case: &str, edit: impl FnOnce(&mut Value)) -> (TempDir, std::path::PathBuf) {
    let (folder, from) = (tempfile::tempdir().unwrap(), golden::folder().join(case));
    fs::copy(from.join("model.safetensors"), folder.path().join("model.safetensors")).unwrap();
    let mut config: Value = golden::json(&from.join("config.json"));
    edit(&mut config);
    fs::write(folder.path().join("config.json"), config.to_string()).unwrap();
    let path = folder.path().to_path_buf();
    (folder, path)
}

#[test]
fn a_backbone_with_missing_or_misshapen_tensors_is_refused() {
    let head = classifier(&["bad", "good"]);
    for (field, value) in [("num_hidden_layers", 9), ("intermediate_size", 8), ("vocab_size", 11)] {
        let (_guard, path) = edited("bert/base", |config| config[field] = json!(value));
        let error = load_with_head(&path, &head, SEED, &Device::flex()).unwrap_err();
        let LoadError::Keys { problems, .. } = &error else { panic!("{field}: {error}") };
        let is_of_backbone = |problem: &KeyProblem| match problem {
            KeyProblem::Missing { key, .. } | KeyProblem::Shape { key, .. } => {
                key.starts_with("bert.")
            }
            _ => false,
        };
        assert!(problems.iter().all(is_of_backbone), "{field}: {error}");
    }
    let (_guard, path) = edited("bert/base", |config| config["num_hidden_layers"] = json!(1));
    let error = load_with_head(&path, &head, SEED, &Device::flex()).unwrap_err().to_string();
    assert!(error.contains("unused      bert.encoder.layer.1."), "{error}");
}

#[test]
fn an_unknown_class_has_no_labels_to_keep() {
    let head = classifier(&["down", "flat", "up"]);
    for class in [json!(["AnotherForSequenceClassification"]), Value::Null] {
        let (_guard, path) = edited("bert/sequence", |config| config["architectures"] = class);
        let found = load_with_head(&path, &head, SEED, &Device::flex()).unwrap();
        assert_eq!(found.new, ["classifier.weight", "classifier.bias"]);
    }
}

#[test]
fn an_output_projection_that_is_not_tied_is_new() {
    let head = HeadFor::new(Task::Seq2SeqLm);
    for (is_tied, new) in [(true, &[][..]), (false, &["lm_head.weight"])] {
        let edit = |config: &mut Value| config["tie_word_embeddings"] = json!(is_tied);
        let (_guard, path) = edited("t5/sequence", edit);
        let found = load_with_head(&path, &head, SEED, &Device::flex()).unwrap();
        assert_eq!(found.new, new);
        let folder = save(&found);
        checkpoint::load(folder.path(), &Device::flex()).unwrap();
        assert_eq!(tensors(folder.path()).contains_key("lm_head.weight"), !is_tied);
    }
}

#[test]
fn the_direction_of_recurrent_layers_is_that_of_the_checkpoint() {
    // Without the field, it depends on the class.
    let unset = |config: &mut Value| {
        config.as_object_mut().unwrap().remove("bidirectional");
    };
    let (_guard, path) = edited("gru/base", unset);
    let found = load_with_head(&path, &classifier(&["bad", "good"]), SEED, &Device::flex());
    let found = found.unwrap();
    assert_eq!(found.new, ["classifier.weight", "classifier.bias"]);
    assert_eq!(found.pretrained.spec.config["bidirectional"], false);
}
