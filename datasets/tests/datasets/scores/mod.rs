//! Scores equal those of the standard tools, on `tests/golden/scores/` and `scores.json`.

mod answers;
mod classes;
mod entities;
mod intervals;
mod numbers;
mod rankings;
mod shares;
mod summaries;
mod translations;

use std::path::Path;

use serde_json::Value;

/// The cases of a file written by `tests/golden/scores.py`.
fn golden(name: &str) -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden/scores");
    let text = std::fs::read_to_string(folder.join(name)).unwrap();
    let file: Value = serde_json::from_str(&text).unwrap();
    file["cases"].clone()
}

/// A part of the file written by `datasets/tests/golden/scores.py`.
fn evaluation(part: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/scores.json");
    let file: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    file[part].clone()
}

fn read<T: serde::de::DeserializeOwned>(value: &Value) -> T {
    serde_json::from_value(value.clone()).unwrap()
}

/// Equal within 1e-9: absolute below 1, relative above.
#[track_caller]
fn assert_close(what: &str, found: f64, expected: f64) {
    let allowed = 1e-9 * expected.abs().max(1.0);
    assert!((found - expected).abs() <= allowed, "{what}: {found}, expected {expected}");
}
