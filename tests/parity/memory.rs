//! Training holds no more memory after many steps than after a few.

use burn_zoo::train::log::{Line, read};

use super::is_there;
use crate::cli::succeed;

/// The memory after so many steps of a run: the median of ten steps, since allocators breathe.
fn after(lines: &[Line], steps: usize) -> f64 {
    let held = |line: &Line| match line {
        Line::Train { step, memory, .. } if (steps - 9..=steps).contains(step) => *memory,
        _ => None,
    };
    let mut held: Vec<u64> = lines.iter().filter_map(held).collect();
    assert_eq!(held.len(), 10, "the log says how much memory is held");
    held.sort_unstable();
    held[5] as f64
}

fn does_not_grow(device: &str, arguments: &[&str]) {
    if !is_there(device, "memory") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let size =
        ["--layers", "2", "--heads", "2", "--d-model", "64", "--context", "32", "--sample", "0"];
    let course = ["--steps", "300", "--eval-interval", "300", "--batch-size", "8", "--out", "run"];
    let all = [&["train", "--device", device, "--quiet"], &size[..], &course, arguments].concat();
    succeed(folder.path(), &all);
    let lines = read(&folder.path().join("run/metrics.jsonl")).unwrap();
    let (early, late) = (after(&lines, 50), after(&lines, 300));
    let growth = late / early - 1.0;
    assert!(
        growth <= 0.02,
        "{early} bytes after 50 steps, {late} after 300: {:.1} %",
        100.0 * growth
    );
}

#[test]
fn flex_does_not_grow() {
    does_not_grow("flex", &[]);
}

#[test]
fn ndarray_does_not_grow() {
    does_not_grow("ndarray", &[]);
}

#[test]
fn libtorch_does_not_grow() {
    does_not_grow("tch", &[]);
}

#[test]
fn wgpu_does_not_grow() {
    does_not_grow("wgpu", &[]);
}
