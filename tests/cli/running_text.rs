//! Language models on running text.

use std::fs;

use serde_json::Value;

use super::pipelines::model;
use super::{refuse, succeed};

/// The losses of `tests/golden/masked.py`, which masks each token alone with transformers.
#[test]
fn the_pseudo_perplexity_of_a_text_is_the_references() {
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/masked.json");
    let golden: Value = serde_json::from_str(&fs::read_to_string(golden).unwrap()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let text = golden["text"].as_str().unwrap();
    fs::write(at.join("page.txt"), text).unwrap();
    let window = golden["window"].to_string();
    for case in golden["cases"].as_array().unwrap() {
        let model = model(case["model"].as_str().unwrap());
        let args = ["evaluate", "--json", "--max-length", &window, &model, "page.txt"];
        let found: Value = serde_json::from_str(&succeed(at, &args).stdout).unwrap();
        assert_eq!(found["tokens"], case["tokens"]);
        let (loss, expected) = (found["loss"].as_f64().unwrap(), case["loss"].as_f64().unwrap());
        assert!((loss - expected).abs() < 1e-5 * expected, "{loss}, expected {expected}");
        assert!((found["perplexity"].as_f64().unwrap() / loss.exp() - 1.0).abs() < 1e-9);
        let bits = loss * case["tokens"].as_f64().unwrap() / std::f64::consts::LN_2;
        let per_byte = found["bits_per_byte"].as_f64().unwrap();
        assert!((per_byte * text.len() as f64 / bits - 1.0).abs() < 1e-9);
    }
    fs::write(at.join("empty.txt"), "").unwrap();
    let bert = model("fill-mask/bert");
    refuse(at, &["evaluate", &bert, "empty.txt"], (2, &["no tokens"]));
    refuse(at, &["evaluate", "--max-length", "2", &bert, "page.txt"], (2, &["2"]));
    let plain = succeed(at, &["evaluate", "--max-length", "24", &bert, "page.txt"]).stdout;
    assert!(plain.contains("each masked alone, in windows of 24"), "{plain}");
}
