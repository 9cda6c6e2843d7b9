//! The config of a model with a new head: labels, dropout and padding.

use std::fs;
use std::path::Path;

use burn::tensor::Device;
use burn_zoo::models::checkpoint::{
    HeadFor, ModelSpec, ProblemType, dropout_fields, load_with_head,
};
use burn_zoo::models::families::{FAMILIES, Family, Task, find};
use serde_json::{Value, json};

use super::{SEED, classifier, edited, load, names};
use crate::golden;

#[test]
fn the_config_has_the_class_and_the_labels() {
    let (_guard, path) = edited("bert/sequence", |config| {
        config["num_labels"] = json!(3);
        config["problem_type"] = json!("regression");
        config["custom"] = json!({ "a": 1 });
    });
    let config = |head: &HeadFor| {
        load_with_head(&path, head, SEED, &Device::flex()).unwrap().pretrained.spec.config
    };
    let mut head = classifier(&["x", "y"]);
    let found = config(&head);
    assert_eq!(found["architectures"], json!(["BertForSequenceClassification"]));
    assert_eq!(found["id2label"], json!({ "0": "x", "1": "y" }));
    assert_eq!(found["label2id"], json!({ "x": 0, "y": 1 }));
    assert_eq!(found["custom"], json!({ "a": 1 }));
    assert!(found.get("num_labels").is_none() && found.get("problem_type").is_none(), "{found}");
    for (problem, name) in [
        (ProblemType::Regression, "regression"),
        (ProblemType::SingleLabelClassification, "single_label_classification"),
        (ProblemType::MultiLabelClassification, "multi_label_classification"),
    ] {
        head.problem_type = Some(problem);
        assert_eq!(config(&head)["problem_type"], name);
    }
    let same = config(&classifier(&["down", "flat", "up"]));
    assert_eq!(same["problem_type"], "regression");
    // Two ends, which transformers counts as labels; a language model has none.
    let found = config(&HeadFor::new(Task::Span));
    assert!(["id2label", "label2id", "num_labels"].iter().all(|f| found.get(f).is_none()));
    assert_eq!(config(&HeadFor::new(Task::MaskedLm))["id2label"]["0"], "down");
}

#[test]
fn descriptions_that_do_not_fit_are_refused() {
    let of = |task| HeadFor::new(task);
    let problem = Some(ProblemType::Regression);
    for (case, head, expected) in [
        (
            "llama/base",
            of(Task::MaskedLm),
            "task = \"MaskedLm\" is not supported; supported: CausalLm (LlamaForCausalLM), SequenceClassifier (LlamaForSequenceClassification), ",
        ),
        (
            "bert/base",
            of(Task::SequenceClassifier),
            "id2label = [] is not valid: it must name at least one label",
        ),
        ("bert/base", classifier(&["a", "b", "a"]), "the names must be distinct"),
        ("bert/base", HeadFor { labels: names(&["a"]), ..of(Task::Span) }, "Span has no labels"),
        (
            "bert/base",
            HeadFor { problem_type: problem, ..of(Task::Span) },
            "problem_type = regression",
        ),
        ("bert/base", HeadFor { dropout: Some(1.0), ..of(Task::Span) }, "dropout = 1 is not valid"),
        (
            "gpt2/base",
            HeadFor { pad_token_id: Some(1 << 20), ..of(Task::CausalLm) },
            "pad_token_id = 1048576 is not valid: it must be below vocab_size",
        ),
    ] {
        let error = load(case, &head).map(|_| ()).unwrap_err().to_string();
        assert!(error.contains(expected) && error.contains("config.json"), "{error}");
    }
}

#[test]
fn padding_and_dropout_are_written() {
    let head =
        HeadFor { dropout: Some(0.25), pad_token_id: Some(3), ..classifier(&["bad", "good"]) };
    let config = load("gpt2/base", &head).unwrap().pretrained.spec.config;
    assert_eq!(config["pad_token_id"], 3);
    for field in ["resid_pdrop", "embd_pdrop", "attn_pdrop"] {
        assert_eq!(config[field], 0.25, "{field}");
    }
    // An existing id stays.
    assert_eq!(load("llama/sequence", &head).unwrap().pretrained.spec.config["pad_token_id"], 0);
    // RoBERTa's positions depend on it.
    let (_guard, path) = edited("roberta/base", |config| config["pad_token_id"] = Value::Null);
    let error = load_with_head(&path, &head, SEED, &Device::flex()).unwrap_err().to_string();
    assert!(error.contains("pad_token_id = 3 is not valid"), "{error}");
}

/// Fields that a family supports with the value 0 only.
const FIXED: [(&str, &str); 2] =
    [("modernbert", "attention_dropout"), ("stablelm", "hidden_dropout")];

/// The fields of a family's `DEFAULTS` that are probabilities of dropout.
fn defaults(family: &Family) -> Vec<String> {
    let file = match family.name() {
        "camembert" | "data2vec-text" | "xlm-roberta" => "roberta".to_string(),
        "gru" | "lstm" => "recurrent_like".to_string(),
        "modernbert" => "modernbert_like".to_string(),
        "deit" => "vit".to_string(),
        name => name.replace('-', "_"),
    };
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/src/families");
    let text = fs::read_to_string(path.join(format!("{file}.rs"))).unwrap();
    let text = text.split_once("const DEFAULTS: &str = r#\"").unwrap_or_else(|| panic!("{file}")).1;
    let text = text.split_once("\"#").unwrap().0;
    let fields: Value = serde_json::from_str(text).unwrap();
    let fields = fields.as_object().unwrap().keys();
    fields.filter(|f| f.contains("dropout") || f.contains("pdrop")).cloned().collect()
}

#[test]
fn every_dropout_field_of_a_family_is_known() {
    for family in FAMILIES {
        let case = golden::cases(family.name()).remove(0);
        let config = ModelSpec::read(&case.path).unwrap().config;
        let found = dropout_fields(family, &config).unwrap();
        assert!(!found.is_empty(), "{}", family.name());
        for field in defaults(family) {
            let is_fixed = FIXED.contains(&(family.name(), field.as_str()));
            assert_eq!(found.contains(&field.as_str()), !is_fixed, "{}: {field}", family.name());
        }
    }
    let bert = ["attention_probs_dropout_prob", "classifier_dropout", "hidden_dropout_prob"];
    assert_eq!(dropout_fields(find("bert").unwrap(), &json!({})).unwrap(), bert);
}
