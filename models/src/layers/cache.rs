//! Keys and values of the tokens before, kept for decoding step by step.

use burn::tensor::{Device, Tensor};

use super::mask::Padding;

/// What a decoder remembers of the tokens that it has read: per layer their keys and values, in
/// buffers that are allocated once, and which positions were padding.
#[derive(Debug)]
pub struct Cache {
    layers: Vec<LayerCache>,
    padding: Padding,
    length: usize,
    capacity: usize,
}

/// The keys and values of one layer.
#[derive(Debug)]
pub struct LayerCache {
    /// `[batch, n_kv_heads, capacity, d_head]`
    keys: Option<Tensor<4>>,
    values: Option<Tensor<4>>,
    /// The keys and values of a memory, computed at the first step.
    memory: Option<[Tensor<4>; 2]>,
    capacity: usize,
    length: usize,
}

impl Cache {
    /// An empty cache for `n_layers` layers with room for `capacity` tokens.
    ///
    /// The buffers are allocated at the first step, when the batch's size is known.
    pub fn new(n_layers: usize, capacity: usize) -> Self {
        let layer = || LayerCache { keys: None, values: None, memory: None, capacity, length: 0 };
        Self {
            layers: (0..n_layers).map(|_| layer()).collect(),
            padding: Padding::none(),
            length: 0,
            capacity,
        }
    }

    /// The number of positions in the cache, padding included.
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether nothing was read yet.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// How many positions there is room for.
    pub fn capacity(&self) -> usize {
        self.capacity
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

    /// Makes room for `count` tokens; returns the layers and the padding of all positions.
    ///
    /// # Panics
    ///
    /// Panics if there is no room for them.
    pub fn advance(&mut self, count: usize) -> (&mut [LayerCache], &Padding) {
        assert!(
            self.length + count <= self.capacity,
            "the cache has room for {} positions, holds {} and was given {count} more",
            self.capacity,
            self.length,
        );
        if self.length > 0 {
            self.padding.extend(count);
        }
        self.length += count;
        (&mut self.layers, &self.padding)
    }
}

impl LayerCache {
    /// The keys and values of the memory: computed once, as long as the cache lives.
    ///
    /// # Shapes
    ///
    /// - results: `[batch, n_kv_heads, memory, d_head]`
    pub fn memory(&mut self, compute: impl FnOnce() -> [Tensor<4>; 2]) -> [Tensor<4>; 2] {
        self.memory.get_or_insert_with(compute).clone()
    }

    /// Appends the keys and values of new positions and returns those of all positions.
    ///
    /// # Shapes
    ///
    /// - `key`, `value`: `[batch, n_kv_heads, new, d_head]`
    /// - results: `[batch, n_kv_heads, all, d_head]`
    pub fn append(&mut self, key: Tensor<4>, value: Tensor<4>) -> (Tensor<4>, Tensor<4>) {
        let start = self.length;
        self.length += key.dims()[2];
        let keys = write(self.keys.take(), key, start, self.capacity);
        let values = write(self.values.take(), value, start, self.capacity);
        let all = (
            keys.clone().slice_dim(2, 0..self.length),
            values.clone().slice_dim(2, 0..self.length),
        );
        self.keys = Some(keys);
        self.values = Some(values);
        all
    }
}

fn write(buffer: Option<Tensor<4>>, new: Tensor<4>, start: usize, capacity: usize) -> Tensor<4> {
    let [batch, heads, count, d_head] = new.dims();
    let device: Device = new.device();
    let buffer = buffer
        .unwrap_or_else(|| Tensor::zeros([batch, heads, capacity, d_head], (&device, new.dtype())));
    buffer.slice_assign([0..batch, 0..heads, start..start + count, 0..d_head], new)
}
