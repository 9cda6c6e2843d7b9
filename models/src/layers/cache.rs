//! Keys and values of the tokens before, kept for decoding step by step.

use burn::tensor::{Int, Tensor, TensorData};

use super::mask::{Padding, Span};

/// How many of the last tokens can always be taken back; see [`Cache::truncate`].
pub const UNDOABLE: usize = 64;

/// What a decoder remembers of the tokens that it has read: per layer their keys and values, in
/// buffers that are allocated ahead, and which positions were padding.
///
/// Rows can leave, be copied and join; a layer that sees a window of so many tokens keeps no more than
/// those and a few.
#[derive(Debug)]
pub struct Cache {
    layers: Vec<LayerCache>,
    padding: Padding,
    n_rows: usize,
    length: usize,
}

/// The keys and values of one layer.
#[derive(Debug)]
pub struct LayerCache {
    /// Keys and values, each `[batch, n_kv_heads, room, d_head]`.
    buffers: Option<[Tensor<4>; 2]>,
    /// The keys and values of a memory, computed at the first step.
    memory: Option<[Tensor<4>; 2]>,
    /// Positions in use, from the first on.
    length: usize,
    /// Positions to make room for at first.
    reserve: usize,
    /// A query sees itself and so many positions before it; all of them where `None`.
    behind: Option<usize>,
}

impl Cache {
    /// An empty cache for layers of these spans, with room for `reserve` tokens; it grows when more
    /// come.
    ///
    /// The buffers are allocated at the first step, when the batch's size is known.
    pub fn new(spans: impl IntoIterator<Item = Span>, reserve: usize) -> Self {
        let layers = spans.into_iter().map(|span| LayerCache::new(span, reserve)).collect();
        Self { layers, padding: Padding::none(), n_rows: 0, length: 0 }
    }

    /// The number of positions in the cache, padding included.
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether nothing was read yet.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Says which of the first step's positions hold tokens.
    ///
    /// # Panics
    ///
    /// Panics if something was read already.
    pub fn with_padding(mut self, padding: Padding) -> Self {
        assert!(self.is_empty(), "padding is said before the first step");
        self.padding = padding;
        self
    }

    /// The padding of all positions in the cache.
    pub fn padding(&self) -> &Padding {
        &self.padding
    }

    /// Takes in `count` more positions of `n_rows` rows; returns the layers and the padding of all
    /// positions.
    ///
    /// # Panics
    ///
    /// Panics if the cache is of another number of rows.
    pub fn advance(&mut self, n_rows: usize, count: usize) -> (&mut [LayerCache], &Padding) {
        if self.length > 0 {
            assert_eq!(n_rows, self.n_rows, "a step is of the cache's rows");
            self.padding.extend(count);
        }
        self.n_rows = n_rows;
        self.length += count;
        (&mut self.layers, &self.padding)
    }

    /// Forgets the positions from `length` on; at most [`UNDOABLE`] of them.
    ///
    /// # Panics
    ///
    /// Panics if they are more, or there are not so many.
    pub fn truncate(&mut self, length: usize) {
        let gone = self.length.checked_sub(length).filter(|gone| *gone <= UNDOABLE);
        let Some(gone) = gone else {
            panic!("a cache of {} positions cannot go back to {length}", self.length);
        };
        self.length = length;
        self.padding.truncate(length);
        for layer in &mut self.layers {
            layer.length -= gone;
            let needed = layer.behind.map_or(length, |behind| length.min(behind));
            assert!(layer.length >= needed, "a window's positions were given up already");
        }
    }

    /// Keeps these rows, in this order; a row can be taken more than once.
    pub fn select(&mut self, rows: &[usize]) {
        for layer in &mut self.layers {
            layer.memory = layer.memory.take().map(|memory| memory.map(|x| taken(x, rows)));
        }
        self.reorder(rows);
    }

    /// Keeps these rows, in this order, where those in one place before and after read the same memory.
    pub fn reorder(&mut self, rows: &[usize]) {
        self.padding.select(rows);
        self.n_rows = rows.len();
        for layer in &mut self.layers {
            layer.buffers = layer.buffers.take().map(|buffers| buffers.map(|x| taken(x, rows)));
        }
    }

    /// Appends the rows of another cache of the same model. Positions are aligned at the end: the
    /// shorter one is padded on the left.
    pub fn join(self, other: Self) -> Self {
        if self.is_empty() || other.is_empty() {
            return if self.is_empty() { other } else { self };
        }
        let length = self.length.max(other.length);
        let padding = Padding::join_left(
            (&self.padding, [self.n_rows, self.length]),
            (&other.padding, [other.n_rows, other.length]),
        );
        let layers = self.layers.into_iter().zip(other.layers);
        Self {
            layers: layers.map(|(layer, other)| layer.join(other)).collect(),
            padding,
            n_rows: self.n_rows + other.n_rows,
            length,
        }
    }

    /// Drops the first positions where no row has a token, once they are more than a third of all.
    pub fn trim(&mut self) {
        let empty = self.padding.empty_before();
        if 3 * empty <= self.length {
            return;
        }
        self.padding.drop_first(empty);
        self.length -= empty;
        for layer in &mut self.layers {
            let kept = layer.length.min(self.length);
            layer.buffers = layer.buffers.take().map(|buffers| {
                buffers.map(|buffer| buffer.slice_dim(2, layer.length - kept..layer.length))
            });
            layer.length = kept;
        }
    }
}

/// Rows of a tensor, in this order.
pub fn taken<const D: usize>(x: Tensor<D>, rows: &[usize]) -> Tensor<D> {
    if rows.iter().copied().eq(0..x.dims()[0]) {
        return x;
    }
    let values: Vec<i64> = rows.iter().map(|&row| row as i64).collect();
    let index: Tensor<1, Int> =
        Tensor::from_data(TensorData::new(values, [rows.len()]), &x.device());
    x.select(0, index)
}

impl LayerCache {
    fn new(span: Span, reserve: usize) -> Self {
        let behind = match span {
            Span::Window(n) => Some(n.saturating_sub(1)),
            Span::Full | Span::Causal | Span::Near(_) => None,
        };
        Self { buffers: None, memory: None, length: 0, reserve, behind }
    }

    /// The keys and values of the memory: computed once, as long as the cache lives.
    ///
    /// # Shapes
    ///
    /// - results: `[batch, n_kv_heads, memory, d_head]`
    pub fn memory(&mut self, compute: impl FnOnce() -> [Tensor<4>; 2]) -> [Tensor<4>; 2] {
        self.memory.get_or_insert_with(compute).clone()
    }

    /// Appends the keys and values of new positions and returns those of all positions that the new
    /// ones can see.
    ///
    /// # Shapes
    ///
    /// - `key`, `value`: `[batch, n_kv_heads, new, d_head]`
    /// - results: `[batch, n_kv_heads, seen, d_head]`, the new ones last
    pub fn append(&mut self, key: Tensor<4>, value: Tensor<4>) -> (Tensor<4>, Tensor<4>) {
        let count = key.dims()[2];
        let seen = self.seen(count);
        let Some(buffers) = self.buffers.take() else {
            // Nothing was there: the new ones are all, and are stored as far as they may be needed.
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

    /// How many positions the last `count` ones can see, themselves included.
    fn seen(&self, count: usize) -> usize {
        let all = self.length + count;
        self.behind.map_or(all, |behind| all.min(behind + count))
    }

    /// How many of the last positions are worth keeping, some of which may be taken back.
    fn kept(&self, all: usize) -> usize {
        self.behind.map_or(all, |behind| all.min(behind + UNDOABLE))
    }

    /// Positions to allocate for so many that are kept, so that the next ones find room.
    fn room(&self, kept: usize) -> usize {
        let most = self.behind.map_or(usize::MAX, |behind| 2 * (behind + UNDOABLE));
        if kept < self.reserve {
            self.reserve.min(most).max(kept + 1)
        } else {
            kept + (kept / 2).max(UNDOABLE)
        }
    }

    /// Two layers' rows below one another, aligned at the last position.
    fn join(self, other: Self) -> Self {
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
        let memory = match (self.memory, other.memory) {
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
        Self { buffers, memory, length, ..self }
    }
}

fn stacked(above: Tensor<4>, below: Tensor<4>) -> Tensor<4> {
    Tensor::cat(vec![above, below], 0)
}

/// A buffer of zeros with room for so many positions, and `part` in it from position `start` on.
fn placed(part: Tensor<4>, start: usize, room: usize) -> Tensor<4> {
    let [batch, heads, count, d_head] = part.dims();
    let options = (&part.device(), part.dtype());
    let buffer = Tensor::zeros([batch, heads, room, d_head], options);
    buffer.slice_assign([0..batch, 0..heads, start..start + count, 0..d_head], part)
}
