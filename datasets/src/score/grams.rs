//! N-gram counts of tokens or characters.

use std::collections::HashMap;
use std::hash::Hash;

/// Counts each n-gram of `n` items.
pub(super) fn count<T: Eq + Hash>(items: &[T], n: usize) -> HashMap<&[T], usize> {
    let mut counts = HashMap::new();
    for gram in items.windows(n.max(1)) {
        *counts.entry(gram).or_default() += 1;
    }
    counts
}

/// The number of n-grams of `found` that match, each clipped to its count in `allowed`.
pub(super) fn matches<T: Eq + Hash>(
    found: &HashMap<&[T], usize>,
    allowed: &HashMap<&[T], usize>,
) -> usize {
    found.iter().map(|(gram, count)| *count.min(allowed.get(gram).unwrap_or(&0))).sum()
}
