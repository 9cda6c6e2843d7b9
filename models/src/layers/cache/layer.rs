//! The cached keys and values of one layer.

use burn::tensor::Tensor;

use super::MAX_ROLLBACK;
use crate::layers::mask::AttentionPattern;

/// The cached keys and values of one layer.
#[derive(Debug)]
pub struct LayerCache {
    /// Keys and values, each `[batch, n_kv_heads, room, d_head]`.
    pub(super) buffers: Option<[Tensor<4>; 2]>,
    /// The keys and values of the encoder output, computed at the first step.
    pub(super) cross: Option<[Tensor<4>; 2]>,
    /// Positions in use, from the first one on.
    pub(super) length: usize,
    /// The number of positions of the first allocation.
    reserve: usize,
    /// The number of previous positions visible to a query; `None` for all of them.
    pub(super) left: Option<usize>,
}

impl LayerCache {
    pub(super) fn new(pattern: AttentionPattern, reserve: usize) -> Self {
        let left = match pattern {
            AttentionPattern::SlidingWindow(n) => Some(n.saturating_sub(1)),
            AttentionPattern::Full | AttentionPattern::Causal | AttentionPattern::Local(_) => None,
        };
        Self { buffers: None, cross: None, length: 0, reserve, left }
    }

    /// The keys and values of the encoder output, computed once in the lifetime of the cache.
    ///
    /// # Shapes
    ///
    /// - results: `[batch, n_kv_heads, encoder_seq, d_head]`
    pub fn cross(&mut self, compute: impl FnOnce() -> [Tensor<4>; 2]) -> [Tensor<4>; 2] {
        self.cross.get_or_insert_with(compute).clone()
    }

    /// Appends the keys and values of new positions and returns those of all positions visible to
    /// the new ones.
    ///
    /// # Shapes
    ///
    /// - `key`, `value`: `[batch, n_kv_heads, new, d_head]`
    /// - results: `[batch, n_kv_heads, seen, d_head]`, the new ones last
    pub fn append(&mut self, key: Tensor<4>, value: Tensor<4>) -> (Tensor<4>, Tensor<4>) {
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
            return (key, value);
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
            let all =
                (keys.clone().slice_dim(2, range.clone()), values.clone().slice_dim(2, range));
            self.buffers = Some([keys, values]);
            return all;
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
        (keys.slice_dim(2, total - seen..total), values.slice_dim(2, total - seen..total))
    }

    /// The key and the value of the last position; `None` where there is none.
    ///
    /// A recurrent layer keeps its states here, as if it had a sliding window of two positions.
    ///
    /// # Shapes
    ///
    /// - results: `[batch, n_kv_heads, 1, d_head]`
    pub fn last(&self) -> Option<[Tensor<4>; 2]> {
        let buffers = self.buffers.as_ref().filter(|_| self.length > 0)?;
        let last = |buffer: &Tensor<4>| buffer.clone().slice_dim(2, self.length - 1..self.length);
        Some([last(&buffers[0]), last(&buffers[1])])
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

    /// Concatenates the rows of two layers, aligned at the last position.
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
        let cross = match (self.cross, other.cross) {
            (Some([keys, values]), Some([other_keys, other_values])) => {
                let longest = keys.dims()[2].max(other_keys.dims()[2]);
                let filled = |x: Tensor<4>| {
                    if x.dims()[2] == longest { x } else { placed(x, 0, longest) }
                };
                Some([
                    stacked(filled(keys), filled(other_keys)),
                    stacked(filled(values), filled(other_values)),
                ])
            }
            (above, below) => above.or(below),
        };
        Self { buffers, cross, length, ..self }
    }
}

fn stacked(above: Tensor<4>, below: Tensor<4>) -> Tensor<4> {
    Tensor::cat(vec![above, below], 0)
}

/// A buffer of zeros with this capacity that holds `part` from position `start` on.
fn placed(part: Tensor<4>, start: usize, room: usize) -> Tensor<4> {
    let [batch, heads, count, d_head] = part.dims();
    let options = (&part.device(), part.dtype());
    let buffer = Tensor::zeros([batch, heads, room, d_head], options);
    buffer.slice_assign([0..batch, 0..heads, start..start + count, 0..d_head], part)
}
