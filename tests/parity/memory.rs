//! The memory of training does not grow with the number of steps.

use burn_zoo::train::log::{LogLine, read};

use super::is_there;
use crate::cli::succeed;

/// The peak memory of a run within fifty steps. Memory retained by the allocator between two steps
/// varies by some percent, and a leak shows in the peaks.
fn most(lines: &[LogLine], steps: std::ops::RangeInclusive<usize>) -> f64 {
    let held = |line: &LogLine| match line {
        LogLine::Train { step, memory, .. } if steps.contains(step) => *memory,
        _ => None,
    };
    let held: Vec<u64> = lines.iter().filter_map(held).collect();
    assert_eq!(held.len(), 50, "the log says how much memory is held");
    held.into_iter().max().unwrap() as f64
}

fn does_not_grow(device: &str) {
    if !is_there(device, "memory") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let size =
        ["--layers", "2", "--heads", "2", "--d-model", "64", "--context", "32", "--sample", "0"];
    let course = ["--steps", "300", "--eval-interval", "300", "--batch-size", "8", "--out", "run"];
    let all = [&["train", "--device", device, "--quiet"], &size[..], &course].concat();
    succeed(folder.path(), &all);
    let lines = read(&folder.path().join("run/metrics.jsonl")).unwrap();
    let (early, late) = (most(&lines, 1..=50), most(&lines, 251..=300));
    let growth = late / early - 1.0;
    let percent = 100.0 * growth;
    let what = format!("{early} bytes up to step 50, {late} up to step 300: {percent:.2} %");
    println!("{device}: {what}");
    assert!(growth <= 0.02, "{what}");
}

#[test]
fn flex_does_not_grow() {
    does_not_grow("flex");
}

#[test]
fn ndarray_does_not_grow() {
    does_not_grow("ndarray");
}

#[test]
fn libtorch_does_not_grow() {
    does_not_grow("tch");
}

#[test]
fn wgpu_does_not_grow() {
    does_not_grow("wgpu");
}
