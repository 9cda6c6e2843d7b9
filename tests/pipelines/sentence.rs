//! sentence-transformers' embeddings for many variants of its files, as recorded in
//! `golden/sentence/`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use burn::tensor::Device;
use burn_zoo::models::checkpoint::{F32Tensor, write_safetensors};
use burn_zoo::pipeline::{PipelineError, Prompt, TextEmbedder};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tempfile::TempDir;

use crate::golden::{self, assert_close};
use crate::published::{directories, published};

#[derive(Deserialize)]
struct Recorded {
    cases: Vec<Case>,
}

/// The files of a model, and the embeddings of texts.
#[derive(Deserialize)]
struct Case {
    name: String,
    model: String,
    #[serde(default)]
    place: String,
    files: BTreeMap<String, Value>,
    #[serde(default)]
    edits: BTreeMap<String, Map<String, Value>>,
    #[serde(default)]
    tensors: BTreeMap<String, BTreeMap<String, Tensor>>,
    texts: Vec<String>,
    calls: Vec<Call>,
}

#[derive(Deserialize)]
struct Tensor {
    shape: Vec<usize>,
    values: Vec<f32>,
}

#[derive(Deserialize)]
struct Call {
    prompt: Option<String>,
    prompt_name: Option<String>,
    vectors: Vec<Vec<f32>>,
}

fn cases() -> Vec<Case> {
    golden::json::<Recorded>(&golden::folder().join("sentence/cases.json")).cases
}

/// The folder of a case, with its first text and the embedding of that text.
pub(crate) fn written(name: &str) -> (TempDir, String, Vec<f32>) {
    let mut case = case(name);
    let at = case.write();
    (at, case.texts.swap_remove(0), case.calls.swap_remove(0).vectors.swap_remove(0))
}

fn case(name: &str) -> Case {
    cases().into_iter().find(|case| case.name == name).unwrap()
}

impl Case {
    /// The model's folder with the case's files in it.
    fn write(&self) -> TempDir {
        let at = tempfile::tempdir().unwrap();
        let place = at.path().join(&self.place);
        fs::create_dir_all(&place).unwrap();
        let model = golden::folder().join("sentence").join(&self.model);
        for entry in fs::read_dir(model).unwrap() {
            let entry = entry.unwrap();
            fs::copy(entry.path(), place.join(entry.file_name())).unwrap();
        }
        for (name, value) in &self.files {
            fs::create_dir_all(at.path().join(name).parent().unwrap()).unwrap();
            fs::write(at.path().join(name), value.to_string()).unwrap();
        }
        for (name, fields) in &self.edits {
            let path = at.path().join(name);
            let mut value: Map<String, Value> = golden::json(&path);
            value.extend(fields.clone());
            fs::write(path, Value::Object(value).to_string()).unwrap();
        }
        for (name, tensors) in &self.tensors {
            let tensor = |Tensor { shape, values }: &Tensor| F32Tensor {
                shape: shape.clone(),
                values: values.clone(),
            };
            let tensors: BTreeMap<String, F32Tensor> =
                tensors.iter().map(|(key, held)| (key.clone(), tensor(held))).collect();
            write_safetensors(&at.path().join(name), &tensors).unwrap();
        }
        at
    }

    fn set(mut self, file: &str, field: &str, value: Value) -> Self {
        let fields = self.files.entry(file.into()).or_insert_with(|| json!({}));
        fields[field] = value;
        self
    }

    fn check(&self, folder: &Path) {
        for (index, call) in self.calls.iter().enumerate() {
            let prompt = match (&call.prompt_name, &call.prompt) {
                (Some(name), _) => Prompt::Named(name),
                (None, Some(text)) => Prompt::Text(text),
                (None, None) => Prompt::Default,
            };
            let embedder = open(folder).unwrap_or_else(|error| panic!("{}: {error}", self.name));
            let embedder = embedder.with_prompt(prompt).unwrap();
            let found = embedder.embed(&self.texts, &mut |_| {}).unwrap().vectors;
            assert_eq!(found.len(), call.vectors.len());
            for (text, (found, expected)) in self.texts.iter().zip(found.iter().zip(&call.vectors))
            {
                let what = format!("{}[{index}] {text:?}", self.name);
                assert_eq!(
                    (found.len(), embedder.width()),
                    (expected.len(), found.len()),
                    "{what}"
                );
                assert_close(&what, found, expected, 1e-5);
            }
        }
    }
}

fn open(folder: &Path) -> Result<TextEmbedder, PipelineError> {
    TextEmbedder::open(folder, &Device::flex())
}

/// The error message for a rejected folder.
fn refusal(case: Case) -> String {
    let at = case.write();
    let error = open(at.path()).expect_err("it is refused").to_string();
    error.replace(&format!("{}/", at.path().display()), "")
}

#[test]
fn vectors_are_those_of_sentence_transformers() {
    let cases = cases();
    assert_eq!(cases.len(), 62);
    for case in cases {
        case.check(case.write().path());
    }
}

/// The file has one of seven names, and the first one with fields is used.
#[test]
fn every_name_of_the_transformers_file_is_read() {
    const BERT: &str = "sentence_bert_config.json";
    for name in ["bert", "roberta", "distilbert", "camembert", "albert", "xlm-roberta", "xlnet"] {
        let mut case = case("length");
        let fields = case.files.remove(BERT).unwrap();
        case.files.insert(format!("sentence_{name}_config.json"), fields);
        case.check(case.write().path());
        if name != "bert" {
            case.files.insert(BERT.into(), json!({}));
            case.check(case.write().path());
            case.files.insert(BERT.into(), json!({ "max_seq_length": 4 }));
            assert_eq!(open(case.write().path()).unwrap().max_length(), 4);
        }
    }
}

#[test]
fn fields_that_are_not_followed_are_refused_by_name() {
    const TEXTS: &str = "sentence_bert_config.json";
    const MODEL: &str = "config_sentence_transformers.json";
    const DENSE: &str = "2_Dense/config.json";
    for (file, field, value) in [
        (TEXTS, "some_rule", json!(1)),
        (TEXTS, "max_seq_length", json!("long")),
        (TEXTS, "do_lower_case", json!(1)),
        (TEXTS, "tokenizer_name_or_path", json!("elsewhere")),
        (TEXTS, "model_args", json!({ "rope_theta": 3 })),
        (TEXTS, "config_args", json!({ "is_decoder": true })),
        (TEXTS, "tokenizer_args", json!({ "truncation_side": "left" })),
        (TEXTS, "tokenizer_args", json!({ "add_eos_token": true })),
        (TEXTS, "transformer_task", json!("fill-mask")),
        (TEXTS, "module_output_name", json!("sentence_embedding")),
        (TEXTS, "modality_config", json!({ "text": { "method_output_name": "pooler_output" } })),
        (TEXTS, "modality_config", json!({ "message": { "method": "forward" } })),
        (TEXTS, "processing_kwargs", json!({ "text": { "max_length": 3 } })),
        (TEXTS, "query_length", json!(32)),
        (MODEL, "model_type", json!("SparseEncoder")),
        (MODEL, "some_rule", json!(true)),
        (MODEL, "default_prompt_name", json!("passage")),
        (MODEL, "prompts", json!({ "query": 3 })),
        (MODEL, "truncate_dim", json!(0)),
        ("1_Pooling/config.json", "output_key", json!("sentence_embedding")),
        ("1_Pooling/config.json", "pooling_mode", json!("median")),
        ("1_Pooling/config.json", "pooling_mode", json!([])),
        (DENSE, "activation_function", json!("torch.nn.modules.activation.Hardshrink")),
        (DENSE, "activation_function", json!("custom.Tanh")),
        (DENSE, "in_features", json!(9)),
        (DENSE, "scale", json!(2.0)),
        (DENSE, "module_output_name", json!("token_embeddings")),
        (DENSE, "module_input_name", json!("cls_token_embeddings")),
        ("2_Dense/model.safetensors", "linear.weight", json!(null)),
    ] {
        let mut changed = case("dense-default");
        match file.ends_with("safetensors") {
            true => drop(changed.tensors.get_mut(file).unwrap().remove(field)),
            false => changed = changed.set(file, field, value.clone()),
        }
        let error = refusal(changed);
        let inner = value.as_object().and_then(|map| map.keys().next()).map_or("", String::as_str);
        assert!(error.starts_with(file), "{file}, {field}: {error}");
        assert!(error.contains(field) && error.contains(inner), "{file}, {field}: {error}");
    }
    // A null field is the same as a missing one.
    let asks_nothing = case("length").set(TEXTS, "query_length", json!(null));
    asks_nothing.check(asks_nothing.write().path());
}

fn modules(classes: &[&str]) -> Case {
    let mut changed = case("mean");
    let module = |(index, class): (usize, &&str)| {
        let path = if index == 0 { String::new() } else { "1_Pooling".into() };
        json!({ "idx": index, "name": index.to_string(), "path": path, "type": class })
    };
    let list: Vec<Value> = classes.iter().enumerate().map(module).collect();
    changed.files.insert("modules.json".into(), list.into());
    changed
}

#[test]
fn modules_that_are_not_followed_are_refused_by_name() {
    const TRANSFORMER: &str = "sentence_transformers.models.Transformer";
    const POOLING: &str = "sentence_transformers.models.Pooling";
    for class in
        ["CNN", "LSTM", "BoW", "WordEmbeddings", "WordWeights", "Router", "Asym", "CLIPModel"]
    {
        let class = format!("sentence_transformers.models.{class}");
        for list in [vec![TRANSFORMER, &class], vec![&class, POOLING]] {
            let error = refusal(modules(&list));
            assert!(error.contains(&format!("{class} is not supported; supported are")), "{error}");
        }
    }
    for (list, part) in [
        (vec!["custom_st.Transformer", POOLING], "\"custom_st.Transformer\" is custom code"),
        (vec![TRANSFORMER, "modeling.Pooling"], "\"modeling.Pooling\" is custom code"),
        (vec![POOLING], "comes before the Transformer"),
        (vec![TRANSFORMER, TRANSFORMER, POOLING], "two Transformer modules"),
        (vec![TRANSFORMER], "it has no Pooling"),
        (vec![], "it has no Transformer"),
        (vec![TRANSFORMER, "sentence_transformers.models.LayerNorm"], "no Pooling before"),
    ] {
        let error = refusal(modules(&list));
        assert!(error.contains(part), "{part}: {error}");
    }
    let mut listed = modules(&[TRANSFORMER, POOLING]);
    listed.files.get_mut("modules.json").unwrap()[1]["kwargs"] = json!(["task"]);
    assert!(refusal(listed).contains("kwargs is [\"task\"]"));
    // Without modules.json, the modules' files would be ignored silently, so this is an error.
    let mut without = case("pool-cls_token");
    without.files.remove("modules.json");
    assert!(refusal(without).contains("there is no modules.json beside it"));
}

#[test]
fn layers_of_two_stacks_have_no_mean() {
    let both = Case { model: "bart".into(), ..case("layers-bert") };
    let error = refusal(both);
    assert!(error.contains("num_hidden_layers is 2"), "{error}");
}

#[test]
fn pickled_weights_of_a_module_are_refused() {
    let dense = case("dense-default");
    let at = dense.write();
    fs::rename(
        at.path().join("2_Dense/model.safetensors"),
        at.path().join("2_Dense/pytorch_model.bin"),
    )
    .unwrap();
    let error = open(at.path()).unwrap_err().to_string();
    assert!(error.contains("2_Dense") && error.contains("only pickled weights"), "{error}");
}

#[test]
fn an_unknown_prompt_is_refused_with_those_that_there_are() {
    let at = case("prompt-by-name").write();
    let error = open(at.path()).unwrap().with_prompt(Prompt::Named("passage")).unwrap_err();
    let expected = "no prompt named \"passage\"; its prompts are long, none, query";
    assert!(error.to_string().contains(expected), "{error}");
    let at = case("mean").write();
    let error = open(at.path()).unwrap().with_prompt(Prompt::Named("query")).unwrap_err();
    assert!(error.to_string().contains("it has none"), "{error}");
}

/// Every published directory with a list of modules is supported, as far as its files are there, or
/// rejected for a reason in this list.
#[test]
fn published_directories_are_followed_or_refused_for_a_reason() {
    let Some(root) = published() else { return };
    // The tokenizers and weights are missing: everything that is loaded before them was supported.
    const DENSE: &str = "2_Dense: neither model.safetensors nor";
    let reasons = BTreeMap::from([
        ("bert/LaBSE", DENSE),
        ("bert/NoInstruct-small-Embedding-v0", "output_key is \"sentence_embedding\""),
        ("bert/acge_text_embedding", DENSE),
        ("distilbert/distiluse-base-multilingual-cased-v1", DENSE),
        ("qwen2/stella_en_1.5B_v5", DENSE),
    ]);
    let mut seen = 0;
    for (name, folder) in directories(&root) {
        if !folder.join("modules.json").exists() {
            continue;
        }
        let error = open(&folder).expect_err("it has no weights");
        match reasons.get(name.as_str()) {
            Some(reason) => assert!(error.to_string().contains(reason), "{name}: {error}"),
            None => assert!(matches!(error, PipelineError::Tokenizer(_)), "{name}: {error}"),
        }
        seen += 1;
    }
    assert_eq!(seen, 12);
}
