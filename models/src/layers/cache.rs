//! The cache of incremental decoding: the state of every layer.

mod key_value;
mod layer_state;
mod recurrent;
mod rows;

pub use self::key_value::{KeyValue, KeyValueState};
pub use self::layer_state::{CrossState, LayerState};
pub use self::recurrent::RecurrentState;
pub use self::rows::select_rows;
use super::mask::{BatchPadding, Padding};

/// How many of the last tokens can always be rolled back; see [`Cache::truncate`].
pub const MAX_ROLLBACK: usize = 64;

/// The cache of a decoder: what each layer keeps of the previous tokens, and which positions are
/// padding.
///
/// Rows can be removed, duplicated and appended, and the last positions can be rolled back.
#[derive(Debug)]
pub struct Cache {
    layers: Vec<LayerState>,
    padding: Padding,
    n_rows: usize,
    length: usize,
}

/// A cache with the positions of a step.
#[derive(Debug)]
pub struct CacheStep<'a> {
    /// The layers' states of the previous positions.
    pub states: &'a mut [LayerState],
    /// The padding of all positions, those of the step included.
    pub padding: &'a Padding,
}

impl Cache {
    /// An empty cache of layers with these states, which are empty too.
    pub fn new(layers: impl IntoIterator<Item = LayerState>) -> Self {
        let layers = layers.into_iter().collect();
        Self { layers, padding: Padding::none(), n_rows: 0, length: 0 }
    }

    /// The number of positions in the cache, padding included.
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether the cache holds no positions.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Sets the padding of the first step's positions.
    ///
    /// # Panics
    ///
    /// Panics if the cache is not empty.
    pub fn with_padding(mut self, padding: Padding) -> Self {
        assert!(self.is_empty(), "padding must be set before the first step");
        self.padding = padding;
        self
    }

    /// The padding of all positions in the cache.
    pub fn padding(&self) -> &Padding {
        &self.padding
    }

    /// Adds `count` positions to each of `n_rows` rows.
    ///
    /// # Panics
    ///
    /// Panics if the cache has another number of rows.
    pub fn advance(&mut self, n_rows: usize, count: usize) -> CacheStep<'_> {
        if self.length > 0 {
            assert_eq!(n_rows, self.n_rows, "a step must have the cache's number of rows");
            self.padding.extend(count);
        }
        self.n_rows = n_rows;
        self.length += count;
        CacheStep { states: &mut self.layers, padding: &self.padding }
    }

    /// Removes the positions from `length` on; at most [`MAX_ROLLBACK`] of them.
    ///
    /// # Panics
    ///
    /// Panics if there are more than that, or if the cache is shorter than `length`.
    pub fn truncate(&mut self, length: usize) {
        let gone = self.length.checked_sub(length).filter(|gone| *gone <= MAX_ROLLBACK);
        let Some(gone) = gone else {
            panic!("a cache of {} positions cannot be truncated to {length}", self.length);
        };
        self.length = length;
        self.padding.truncate(length);
        for layer in &mut self.layers {
            layer.rollback(gone, length);
        }
    }

    /// Selects these rows, in this order; a row may be selected more than once.
    pub fn select(&mut self, rows: &[usize]) {
        self.padding.select(rows);
        self.n_rows = rows.len();
        self.layers.iter_mut().for_each(|layer| layer.select(rows));
    }

    /// Selects these rows, in this order, where the old and the new row at each index attend to the
    /// same encoder output.
    pub fn reorder(&mut self, rows: &[usize]) {
        self.padding.select(rows);
        self.n_rows = rows.len();
        self.layers.iter_mut().for_each(|layer| layer.reorder(rows));
    }

    fn batch_padding(&self) -> BatchPadding<'_> {
        BatchPadding { padding: &self.padding, n_rows: self.n_rows, length: self.length }
    }

    /// Appends the rows of another cache of the same model. Positions are aligned at the end: the
    /// shorter cache is padded on the left.
    pub fn join(self, other: Self) -> Self {
        if self.is_empty() || other.is_empty() {
            return if self.is_empty() { other } else { self };
        }
        let length = self.length.max(other.length);
        let padding = self.batch_padding().join_left(other.batch_padding());
        let layers = self.layers.into_iter().zip(other.layers);
        Self {
            layers: layers.map(|(layer, other)| layer.join(other)).collect(),
            padding,
            n_rows: self.n_rows + other.n_rows,
            length,
        }
    }

    /// Removes the leading positions where no row has a token, once they are more than a third of
    /// all.
    pub fn trim(&mut self) {
        let empty = self.padding.empty_before();
        if 3 * empty <= self.length {
            return;
        }
        self.padding.drop_first(empty);
        self.length -= empty;
        self.layers.iter_mut().for_each(|layer| layer.keep_last(self.length));
    }
}
