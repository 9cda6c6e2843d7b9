//! The memory of training does not grow with the number of steps.

use burn_zoo::train::log::{LogLine, read};

use super::is_there;
use crate::cli::succeed;

/// How a run is watched.
struct Watch {
    steps: usize,
    /// Steps at the beginning and at the end whose peaks are compared.
    window: usize,
    /// The largest growth, as a part of the first peak.
    limit: f64,
}

const ON_CPU: Watch = Watch { steps: 300, window: 50, limit: 0.02 };

/// Vulkan in software takes a second for a step. Fewer steps with a lower limit notice a leak of the
/// same size per step, 60 KB.
const ON_WGPU: Watch = Watch { steps: 60, window: 20, limit: 0.003 };

/// The peak memory within these steps. Memory retained by the allocator between two steps varies by
/// some percent, and a leak shows in the peaks.
fn peak(lines: &[LogLine], steps: std::ops::RangeInclusive<usize>) -> f64 {
    let held = |line: &LogLine| match line {
        LogLine::Train { step, memory, .. } if steps.contains(step) => *memory,
        _ => None,
    };
    let held: Vec<u64> = lines.iter().filter_map(held).collect();
    assert_eq!(held.len(), steps.count(), "the log has the memory of every step");
    held.into_iter().max().unwrap() as f64
}

fn does_not_grow(device: &str, Watch { steps, window, limit }: Watch) {
    if !is_there(device, "memory") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let count = steps.to_string();
    let size =
        ["--layers", "2", "--heads", "2", "--d-model", "64", "--context", "32", "--sample", "0"];
    let length =
        ["--steps", &count, "--eval-interval", &count, "--batch-size", "8", "--out", "run"];
    let all = [&["train", "--device", device, "--quiet"], &size[..], &length].concat();
    succeed(folder.path(), &all);
    let lines = read(&folder.path().join("run/metrics.jsonl")).unwrap();
    let (early, late) = (peak(&lines, 1..=window), peak(&lines, steps + 1 - window..=steps));
    let growth = late / early - 1.0;
    let percent = 100.0 * growth;
    let what = format!("{early} bytes up to step {window}, {late} up to {steps}: {percent:.2} %");
    println!("{device}: {what}");
    assert!(growth <= limit, "{what}");
}

#[test]
fn flex_does_not_grow() {
    does_not_grow("flex", ON_CPU);
}

#[test]
fn ndarray_does_not_grow() {
    does_not_grow("ndarray", ON_CPU);
}

#[test]
fn libtorch_does_not_grow() {
    does_not_grow("tch", ON_CPU);
}

#[test]
fn wgpu_does_not_grow() {
    does_not_grow("wgpu", ON_WGPU);
}
