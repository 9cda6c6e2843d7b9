//! Runs of n tokens or characters, counted.

use std::collections::HashMap;
use std::hash::Hash;

/// How often each run of `n` items occurs.
pub(super) fn count<T: Eq + Hash>(items: &[T], n: usize) -> HashMap<&[T], usize> {
    let mut counts = HashMap::new();
    for run in items.windows(n.max(1)) {
        *counts.entry(run).or_default() += 1;
    }
    counts
}

/// How many runs of `found` are in `allowed` too, each at most as often as there.
pub(super) fn matches<T: Eq + Hash>(
    found: &HashMap<&[T], usize>,
    allowed: &HashMap<&[T], usize>,
) -> usize {
    found.iter().map(|(run, count)| *count.min(allowed.get(run).unwrap_or(&0))).sum()
}
