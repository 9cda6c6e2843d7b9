//! The parameters of scaled dot-product attention.

use std::ops::Range;
use std::sync::Arc;

use super::dropout::Dropout;

/// The keys that a query attends to.
///
/// The last query is aligned with the last key; if there are fewer keys than queries, the first
/// query is aligned with the first key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttentionWindow {
    /// The number of keys before the query's own position; `None` means all.
    pub left: Option<usize>,
    /// The number of keys after the query's own position; `None` means all.
    pub right: Option<usize>,
    /// For each row of the batch, `true` for keys that are present; empty if all are present.
    pub key_mask: Arc<[Vec<bool>]>,
}

impl AttentionWindow {
    /// The keys in the window of a query, not considering padding, given `n_queries` and `n_keys`.
    pub(crate) fn of(&self, query: usize, [n_queries, n_keys]: [usize; 2]) -> Range<usize> {
        let position = query + n_keys.saturating_sub(n_queries);
        let start = self.left.map_or(0, |left| position.saturating_sub(left));
        let end = self.right.map_or(n_keys, |right| n_keys.min(position + right + 1));
        start.min(end)..end
    }

    /// The key mask of a row of the batch, for the last `n_keys` keys; `None` if all are present.
    pub(crate) fn row(&self, row: usize, n_keys: usize) -> Option<&[bool]> {
        // If the mask is longer than the keys, the first keys have been dropped.
        self.key_mask.get(row).map(|row| &row[row.len().saturating_sub(n_keys)..])
    }
}

/// The parameters of scaled dot-product attention.
#[derive(Debug, Clone)]
pub struct SdpaParams {
    /// Factor on the products of queries and keys.
    pub scale: f64,
    /// The scores are capped smoothly to `±softcap`.
    pub softcap: Option<f64>,
    /// The keys that a query attends to. A fully masked query gets the mean of all values.
    pub window: AttentionWindow,
    /// Dropout on the weights after the softmax.
    pub dropout: Option<Dropout>,
}

/// The inputs of attention, or the gradients of each.
///
/// # Shapes
///
/// - `query`: `[batch, n_heads, queries, d_head]`
/// - `key`, `value`: `[batch, n_kv_heads, keys, d_head]`
/// - `bias`: `[batch, n_heads, queries, keys]`; dimensions may be expanded from 1
#[derive(Debug, Clone)]
pub(crate) struct SdpaInputs<T> {
    pub(crate) query: T,
    pub(crate) key: T,
    pub(crate) value: T,
    /// Added to the scores.
    pub(crate) bias: Option<T>,
}

impl<T> SdpaInputs<T> {
    /// All tensors.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> + Clone {
        [&self.query, &self.key, &self.value].into_iter().chain(&self.bias)
    }

    /// Applies a function to each tensor.
    pub(crate) fn map<U>(self, mut convert: impl FnMut(T) -> U) -> SdpaInputs<U> {
        SdpaInputs {
            query: convert(self.query),
            key: convert(self.key),
            value: convert(self.value),
            bias: self.bias.map(convert),
        }
    }
}

/// Query, key and value.
impl<T> From<[T; 3]> for SdpaInputs<T> {
    fn from(inputs: [T; 3]) -> Self {
        let [query, key, value] = inputs;
        Self { query, key, value, bias: None }
    }
}

/// Query, key, value and bias.
impl<T> From<[T; 4]> for SdpaInputs<T> {
    fn from(inputs: [T; 4]) -> Self {
        let [query, key, value, bias] = inputs;
        Self { query, key, value, bias: Some(bias) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn window_of_a_query() {
        let window = |left, right| AttentionWindow { left, right, key_mask: [].into() };
        let past = window(Some(2), Some(0));
        assert_eq!(past.of(5, [10, 10]), 3..6);
        // Four new queries after six keys of a cache.
        assert_eq!(past.of(0, [4, 10]), 4..7);
        assert_eq!(window(None, None).of(7, [8, 3]), 0..3);
        assert_eq!(window(Some(1), Some(1)).of(7, [8, 3]), 3..3);
    }
}
