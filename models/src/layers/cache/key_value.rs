//! The keys and values of one layer.

use burn::tensor::Tensor;

use super::MAX_ROLLBACK;
use super::rows::{placed, select_rows, stacked};
use crate::layers::mask::AttentionPattern;

/// The keys and values of some positions.
#[derive(Debug, Clone)]
pub struct KeyValue {
    /// The keys.
    pub key: Tensor<4>,
    /// The values.
    pub value: Tensor<4>,
}

/// The keys and values of the previous positions, in preallocated buffers. With a sliding window,
/// only those of the window and a few more.
#[derive(Debug)]
pub struct KeyValueState {
    /// Keys and values, each `[batch, n_kv_heads, room, d_head]`.
    buffers: Option<[Tensor<4>; 2]>,
    /// Positions in use, from the first one on.
    length: usize,
    /// The number of positions of the first allocation.
    reserve: usize,
    /// The number of previous positions visible to a query; `None` for all of them.
    left: Option<usize>,
}

impl KeyValueState {
    /// An empty state with room for `reserve` positions; it grows beyond them.
    ///
    /// The buffers are allocated at the first step, when the batch size is known.
    pub fn new(pattern: AttentionPattern, reserve: usize) -> Self {
        let left = match pattern {
            AttentionPattern::SlidingWindow(n) => Some(n.saturating_sub(1)),
            AttentionPattern::Full | AttentionPattern::Causal | AttentionPattern::Local(_) => None,
        };
        Self { buffers: None, length: 0, reserve, left }
    }

    /// Appends the keys and values of new positions and returns those of all positions visible to
    /// the new ones.
    ///
    /// # Shapes
    ///
    /// - `key`, `value`: `[batch, n_kv_heads, new, d_head]`
    /// - results: `[batch, n_kv_heads, seen, d_head]`, the new ones last
    pub fn append(&mut self, key: Tensor<4>, value: Tensor<4>) -> KeyValue {
        let count = key.dims()[2];
        let seen = self.seen(count);
        let Some(buffers) = self.buffers.take() else {
            // The cache was empty: the result is the new positions, and those needed later are
            // stored.
            let kept = self.kept(count);
            let room = self.room(kept);
            let tail = |new: &Tensor<4>| {
                let part = new.clone().slice_dim(2, count - kept..count);
                placed(part, 0, room)
            };
            self.buffers = Some([tail(&key), tail(&value)]);
            self.length = kept;
            return KeyValue { key, value };
        };
        if self.length + count <= buffers[0].dims()[2] {
            let start = self.length;
            self.length += count;
            let [keys, values] = buffers;
            let write = |buffer: Tensor<4>, new: Tensor<4>| {
                let [batch, heads, _, d_head] = new.dims();
                buffer.slice_assign([0..batch, 0..heads, start..start + count, 0..d_head], new)
            };
            let (keys, values) = (write(keys, key), write(values, value));
            let range = self.length - seen..self.length;
            let key = keys.clone().slice_dim(2, range.clone());
            let value = values.clone().slice_dim(2, range);
            self.buffers = Some([keys, values]);
            return KeyValue { key, value };
        }
        let length = self.length;
        let all = |buffer: Tensor<4>, new: Tensor<4>| {
            Tensor::cat(vec![buffer.slice_dim(2, 0..length), new], 2)
        };
        let [keys, values] = buffers;
        let (keys, values) = (all(keys, key), all(values, value));
        let total = length + count;
        let kept = self.kept(total);
        let room = self.room(kept);
        let stored = |all: &Tensor<4>| {
            let part = all.clone().slice_dim(2, total - kept..total);
            placed(part, 0, room)
        };
        self.buffers = Some([stored(&keys), stored(&values)]);
        self.length = kept;
        let visible = total - seen..total;
        KeyValue { key: keys.slice_dim(2, visible.clone()), value: values.slice_dim(2, visible) }
    }

    /// The number of positions visible to the last `count` ones, including themselves.
    fn seen(&self, count: usize) -> usize {
        let all = self.length + count;
        self.left.map_or(all, |left| all.min(left + count))
    }

    /// How many of the last positions to keep, with room for a rollback.
    fn kept(&self, all: usize) -> usize {
        self.left.map_or(all, |left| all.min(left + MAX_ROLLBACK))
    }

    /// The capacity to allocate for this many kept positions, so that the next ones fit.
    fn room(&self, kept: usize) -> usize {
        let most = self.left.map_or(usize::MAX, |left| 2 * (left + MAX_ROLLBACK));
        if kept < self.reserve {
            self.reserve.min(most).max(kept + 1)
        } else {
            kept + (kept / 2).max(MAX_ROLLBACK)
        }
    }

    /// Removes the last `count` positions of the sequence, which has `length` positions after that.
    pub(super) fn rollback(&mut self, count: usize, length: usize) {
        self.length -= count;
        let needed = self.left.map_or(length, |left| length.min(left));
        assert!(self.length >= needed, "positions of the window were discarded already");
    }

    /// Keeps only the last `length` positions, if there are more.
    pub(super) fn keep_last(&mut self, length: usize) {
        let kept = self.length.min(length);
        let range = self.length - kept..self.length;
        self.buffers = self
            .buffers
            .take()
            .map(|buffers| buffers.map(|buffer| buffer.slice_dim(2, range.clone())));
        self.length = kept;
    }

    /// Selects these rows, in this order.
    pub(super) fn select(&mut self, rows: &[usize]) {
        self.buffers =
            self.buffers.take().map(|buffers| buffers.map(|buffer| select_rows(buffer, rows)));
    }

    /// Concatenates the rows of two states, aligned at the last position.
    pub(super) fn join(self, other: Self) -> Self {
        let length = self.length.max(other.length);
        let buffers = match (self.buffers, other.buffers) {
            (Some(above), Some(below)) => {
                let room = above[0].dims()[2].max(below[0].dims()[2]);
                let shifted = |buffer: Tensor<4>, own: usize| {
                    placed(buffer.slice_dim(2, 0..own), length - own, room)
                };
                let [keys, values] = above.map(|buffer| shifted(buffer, self.length));
                let [other_keys, other_values] = below.map(|buffer| shifted(buffer, other.length));
                Some([stacked(keys, other_keys), stacked(values, other_values)])
            }
            (above, below) => above.or(below),
        };
        Self { buffers, length, ..self }
    }
}
