//! Attention masks as descriptions: which keys a query may attend to. Tensors are built only where
//! one is needed.

use std::cell::OnceCell;

use burn::tensor::{Bool, Device, Tensor, TensorData};
use serde::{Deserialize, Serialize};
use zoo_kernels::attention::AttentionWindow;

/// The positions that a query may attend to, padding aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum AttentionPattern {
    /// Every position.
    Full,
    /// The position itself and all previous ones.
    Causal,
    /// The position itself and the `n - 1` previous ones.
    SlidingWindow(usize),
    /// The position itself and `n` positions on each side.
    Local(usize),
}

impl AttentionPattern {
    /// The number of keys that a query sees of a text of `n_keys` tokens, on average.
    pub fn mean_keys(self, n_keys: usize) -> usize {
        match self {
            Self::Full => n_keys,
            Self::Causal => n_keys.div_ceil(2),
            Self::SlidingWindow(n) => n.min(n_keys.div_ceil(2)),
            Self::Local(n) => n_keys.min(2 * n + 1),
        }
    }
}

/// Which positions of a batch hold tokens and which are padding.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Padding {
    /// For each row, whether each position holds a token; empty when all do.
    rows: Vec<Vec<bool>>,
}

impl Padding {
    /// No padding: every position holds a token.
    pub fn none() -> Self {
        Self::default()
    }

    /// Padding of each row; `true` where there is a token, as in Hugging Face's `attention_mask`.
    ///
    /// # Panics
    ///
    /// Panics if the rows differ in length.
    pub fn from_rows(rows: Vec<Vec<bool>>) -> Self {
        let length = rows.first().map_or(0, Vec::len);
        assert!(rows.iter().all(|row| row.len() == length), "all rows must have the same length");
        if rows.iter().flatten().all(|is_token| *is_token) {
            return Self::none();
        }
        Self { rows }
    }

    /// Rows of these lengths, padded on the left to the longest.
    pub fn left(lengths: &[usize]) -> Self {
        let longest = lengths.iter().copied().max().unwrap_or(0);
        let row = |&length: &usize| (0..longest).map(|i| i >= longest - length).collect();
        Self::from_rows(lengths.iter().map(row).collect())
    }

    /// Rows of these lengths, padded on the right to the longest, and to at least one position.
    pub fn right(lengths: &[usize]) -> Self {
        let longest = lengths.iter().copied().max().unwrap_or(0).max(1);
        let row = |&length: &usize| (0..longest).map(|i| i < length).collect();
        Self::from_rows(lengths.iter().map(row).collect())
    }

    /// Whether every position holds a token.
    pub fn is_none(&self) -> bool {
        self.rows.is_empty()
    }

    /// Whether each position of each row holds a token; `None` when all do.
    pub fn rows(&self) -> Option<&[Vec<bool>]> {
        (!self.rows.is_empty()).then_some(&self.rows)
    }

    /// 1 for every token and 0 for padding; `None` when there is no padding.
    ///
    /// # Shapes
    ///
    /// - result: `[batch, seq, 1]`
    pub fn tokens(&self, device: &Device) -> Option<Tensor<3>> {
        let rows = self.rows()?;
        let values: Vec<f32> = rows.iter().flatten().map(|is_token| f32::from(*is_token)).collect();
        let shape = [rows.len(), rows[0].len(), 1];
        Some(Tensor::from_data(TensorData::new(values, shape), device))
    }

    /// Appends `count` token positions to every row.
    pub fn extend(&mut self, count: usize) {
        for row in &mut self.rows {
            row.extend(std::iter::repeat_n(true, count));
        }
    }

    /// Removes the positions from `length` on.
    pub fn truncate(&mut self, length: usize) {
        for row in &mut self.rows {
            row.truncate(length);
        }
    }

    /// Selects these rows, in this order; a row may be selected more than once.
    pub fn select(&mut self, rows: &[usize]) {
        if !self.is_none() {
            *self = Self::from_rows(rows.iter().map(|&row| self.rows[row].clone()).collect());
        }
    }

    /// The number of leading positions where no row has a token.
    pub fn empty_before(&self) -> usize {
        let empty = |row: &Vec<bool>| row.iter().take_while(|is_token| !**is_token).count();
        self.rows.iter().map(empty).min().unwrap_or(0)
    }

    /// Removes the first `count` positions.
    pub fn drop_first(&mut self, count: usize) {
        let rows = std::mem::take(&mut self.rows);
        *self = Self::from_rows(rows.into_iter().map(|row| row[count..].to_vec()).collect());
    }
}

/// The padding of a batch, and the batch's size.
#[derive(Debug, Clone, Copy)]
pub struct BatchPadding<'a> {
    /// The padding.
    pub padding: &'a Padding,
    /// The rows of the batch.
    pub n_rows: usize,
    /// The positions of each row, including padding.
    pub length: usize,
}

impl BatchPadding<'_> {
    /// The padding of the rows of both batches, those of `below` last; the shorter batch is padded on
    /// the left.
    pub fn join_left(self, below: Self) -> Padding {
        self.join(below, |row, missing| [&vec![false; missing], row].concat())
    }

    /// The same, with the shorter batch padded on the right.
    pub fn join_right(self, below: Self) -> Padding {
        self.join(below, |row, missing| [row, &vec![false; missing]].concat())
    }

    fn join(self, below: Self, fill: impl Fn(&[bool], usize) -> Vec<bool>) -> Padding {
        let longest = self.length.max(below.length);
        let mut joined = Vec::with_capacity(self.n_rows + below.n_rows);
        for Self { padding, n_rows, length } in [self, below] {
            let all = vec![vec![true; length]; n_rows];
            let rows = padding.rows().unwrap_or(&all);
            joined.extend(rows.iter().map(|row| fill(row, longest - length)));
        }
        Padding::from_rows(joined)
    }
}

/// A pattern and a padding, which together decide the keys that a query may attend to.
#[derive(Debug, Clone)]
pub struct Mask {
    pattern: AttentionPattern,
    padding: Padding,
    masked: OnceCell<Option<Tensor<4, Bool>>>,
    window: OnceCell<AttentionWindow>,
}

impl Mask {
    /// The mask of one forward pass. `padding` covers all keys, including those in the cache.
    pub fn new(pattern: AttentionPattern, padding: Padding) -> Self {
        Self { pattern, padding, masked: OnceCell::new(), window: OnceCell::new() }
    }

    /// The pattern.
    pub fn pattern(&self) -> AttentionPattern {
        self.pattern
    }

    /// The padding.
    pub fn padding(&self) -> &Padding {
        &self.padding
    }

    /// The keys visible to each query, as a description.
    pub fn window(&self) -> &AttentionWindow {
        self.window.get_or_init(|| {
            let (left, right) = match self.pattern {
                AttentionPattern::Full => (None, None),
                AttentionPattern::Causal => (None, Some(0)),
                AttentionPattern::SlidingWindow(n) => (Some(n.saturating_sub(1)), Some(0)),
                AttentionPattern::Local(n) => (Some(n), Some(n)),
            };
            AttentionWindow {
                left,
                right,
                key_mask: self.padding.rows().unwrap_or_default().into(),
            }
        })
    }

    /// The masked positions as a tensor; `None` when every query may attend to every key.
    ///
    /// Built at the first call and shared by all layers of the pass. The last query is at the
    /// position of the last key: with `n_keys > n_queries` the first keys come from the cache, and
    /// leading keys that no query can see may be omitted. With [`AttentionPattern::Full`] the keys
    /// may belong to another sequence.
    ///
    /// # Shapes
    ///
    /// - result: `[1 or batch, 1, n_queries, n_keys]`, `true` = masked (Burn's polarity, which is
    ///   the opposite of Hugging Face's)
    pub fn masked(
        &self,
        n_queries: usize,
        n_keys: usize,
        device: &Device,
    ) -> Option<Tensor<4, Bool>> {
        let build = || {
            let sees_all = match self.pattern {
                AttentionPattern::Full => true,
                AttentionPattern::Causal => n_queries == 1,
                AttentionPattern::SlidingWindow(n) => n_queries == 1 && n_keys <= n,
                AttentionPattern::Local(n) => n_keys <= n + 1,
            };
            if sees_all && self.padding.is_none() {
                return None;
            }
            let no_padding = [Vec::new()];
            let rows = self.padding.rows().unwrap_or(&no_padding);
            let mut values = Vec::with_capacity(rows.len() * n_queries * n_keys);
            for row in rows {
                let row = &row[row.len().saturating_sub(n_keys)..];
                // An encoder output can be shorter than the decoder input; then the pattern is
                // `Full`.
                let first = n_keys.saturating_sub(n_queries);
                for query in first..first + n_queries {
                    values.extend((0..n_keys).map(|key| {
                        !self.pattern.allows(query, key) || !row.get(key).copied().unwrap_or(true)
                    }));
                }
            }
            let data = TensorData::new(values, [rows.len(), 1, n_queries, n_keys]);
            Some(Tensor::from_data(data, device))
        };
        self.masked.get_or_init(build).clone()
    }
}

impl AttentionPattern {
    /// Whether the query at one position may attend to the key at another.
    pub fn allows(self, query: usize, key: usize) -> bool {
        match self {
            Self::Full => true,
            Self::Causal => key <= query,
            Self::SlidingWindow(n) => key <= query && query - key < n,
            Self::Local(n) => key.abs_diff(query) <= n,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(mask: &Mask, n_queries: usize, n_keys: usize) -> Option<Vec<bool>> {
        let tensor = mask.masked(n_queries, n_keys, &Device::flex())?;
        Some(tensor.into_data().iter::<bool>().collect())
    }

    #[test]
    fn a_single_causal_query_builds_no_tensor() {
        assert_eq!(masked(&Mask::new(AttentionPattern::Causal, Padding::none()), 1, 7), None);
        assert_eq!(masked(&Mask::new(AttentionPattern::Full, Padding::none()), 3, 3), None);
    }

    #[test]
    fn causal_is_aligned_with_the_last_key() {
        let mask = Mask::new(AttentionPattern::Causal, Padding::none());
        let expected = vec![false, false, true, false, false, false];
        assert_eq!(masked(&mask, 2, 3), Some(expected));
    }

    #[test]
    fn a_window_of_two_sees_itself_and_one_before() {
        let mask = Mask::new(AttentionPattern::SlidingWindow(2), Padding::none());
        let t = true;
        let f = false;
        assert_eq!(masked(&mask, 3, 3), Some(vec![f, t, t, f, f, t, t, f, f]));
    }

    #[test]
    fn local_attention_is_symmetric() {
        let t = true;
        let f = false;
        let mask = Mask::new(AttentionPattern::Local(1), Padding::none());
        assert_eq!(masked(&mask, 3, 3), Some(vec![f, f, t, f, f, f, t, f, f]));
        assert_eq!(masked(&Mask::new(AttentionPattern::Local(1), Padding::none()), 2, 2), None);
    }

    #[test]
    fn a_short_encoder_output_is_masked_by_padding_only() {
        let padding = Padding::from_rows(vec![vec![true, false]]);
        let masked = masked(&Mask::new(AttentionPattern::Full, padding), 3, 2);
        assert_eq!(masked, Some([false, true].repeat(3)));
    }

    #[test]
    fn left_padding_hides_the_first_keys_of_short_rows() {
        let mask = Mask::new(AttentionPattern::Causal, Padding::left(&[1, 2]));
        let t = true;
        let f = false;
        assert_eq!(masked(&mask, 2, 2), Some(vec![t, t, t, f, f, t, f, f]));
    }

    #[test]
    fn right_padding_follows_the_tokens() {
        let rows = vec![vec![true, false], vec![true, true]];
        assert_eq!(Padding::right(&[1, 2]), Padding::from_rows(rows));
    }

    #[test]
    fn full_rows_have_no_padding() {
        assert!(Padding::from_rows(vec![vec![true; 3]; 2]).is_none());
        assert!(Padding::left(&[4, 4]).is_none());
    }
}
