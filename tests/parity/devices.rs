//! Device errors shown to users: a broken driver, a format that a device does not support.

use std::path::Path;

use burn_zoo::train::log::{LogLine, read};
use serde_json::Value;

use super::is_there;
use crate::cli::{finish, refuse, succeed, train, zoo};

#[test]
fn a_broken_driver_is_reported_and_the_others_are_still_tried() {
    if !is_there("wgpu", "a broken driver") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let without_driver = |args: &[&str]| {
        let mut command = zoo(folder.path(), args);
        command.env("VK_DRIVER_FILES", "/nowhere").env("VK_ICD_FILENAMES", "/nowhere");
        finish(command.output().unwrap())
    };
    let result = without_driver(&["devices", "--json"]);
    let found: Value = serde_json::from_str(&result.stdout).unwrap();
    for device in found["devices"].as_array().unwrap() {
        let is_broken = device["name"] == "wgpu";
        if device["compiled"] == true {
            assert_eq!(device["works"], !is_broken, "{device}");
            assert_eq!(device["fault"].is_string(), is_broken, "{device}");
            assert_eq!(device["gflops"].is_number(), !is_broken, "{device}");
        }
    }
    let result = without_driver(&train(&["--device", "wgpu"]));
    assert_eq!(result.code, Some(1), "{}", result.stderr);
    assert!(result.stderr.contains("wgpu does not work here"), "{}", result.stderr);
    assert!(!result.stderr.contains("panicked"), "{}", result.stderr);
}

/// The losses of a short run.
fn losses(folder: &Path, dtype: &str) -> Vec<f64> {
    let more = ["--steps", "20", "--quiet", "--dtype", dtype, "--out", dtype];
    succeed(folder, &train(&more));
    let line = |line: LogLine| match line {
        LogLine::Train { loss, .. } => Some(loss),
        LogLine::Valid { .. } => None,
    };
    let lines = read(&folder.join(dtype).join("metrics.jsonl")).unwrap();
    lines.into_iter().filter_map(line).collect()
}

#[test]
fn a_run_in_half_precision_learns_what_one_in_full_does() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let full = losses(at, "f32");
    for (dtype, limit) in [("bf16", 0.02), ("f16", 0.002)] {
        let half = losses(at, dtype);
        assert_eq!(half.len(), full.len());
        let apart = half.iter().zip(&full).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(apart < limit, "{dtype} is {apart} from f32");
        assert!(apart > 0.0, "{dtype} computes in f32");
        // Checkpoints contain the trained weights in f32, which every program can load.
        let report = succeed(at, &["check", dtype, "--json"]).stdout;
        assert!(report.contains("F32") && !report.contains("F16"), "{report}");
        let text = ["generate", dtype, "--dtype", dtype, "--max-new-tokens", "5"];
        assert!(!succeed(at, &text).stdout.is_empty());
    }
    let state = std::fs::read_to_string(at.join("f16/training/step-00000020/state.json")).unwrap();
    let state: Value = serde_json::from_str(&state).unwrap();
    assert!(state["loss_scale"]["factor"].as_f64().unwrap() > 1.0, "{state}");
}

#[test]
fn a_format_that_a_device_lacks_is_refused_with_those_it_has() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    refuse(at, &train(&["--dtype", "f8"]), (2, &["f32, f16, bf16"]));
    if is_there("ndarray", "formats") {
        let asked = train(&["--device", "ndarray", "--dtype", "bf16"]);
        refuse(at, &asked, (2, &["ndarray does not support bf16; it supports f32"]));
        assert!(!at.join("runs").exists());
    }
}
