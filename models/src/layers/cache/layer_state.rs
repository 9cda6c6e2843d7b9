//! What a layer keeps while decoding.

use burn::tensor::Tensor;

use super::key_value::KeyValueState;
use super::recurrent::RecurrentState;
use super::rows::{placed, select_rows, stacked};

/// What a layer keeps of the previous tokens while decoding.
#[derive(Debug)]
pub enum LayerState {
    /// The keys and values of self-attention.
    KeyValue(KeyValueState),
    /// The states of a recurrent layer.
    Recurrent(RecurrentState),
    /// Either of these, and the keys and values of the encoder output.
    Cross(CrossState),
}

/// The state of a layer that attends to an encoder output.
#[derive(Debug)]
pub struct CrossState {
    /// What the layer keeps of its own sequence.
    own: Box<LayerState>,
    /// The keys and values of the encoder output, computed at the first step,
    /// `[batch, n_kv_heads, encoder_seq, d_head]`.
    encoder: Option<[Tensor<4>; 2]>,
}

impl LayerState {
    /// This state with room for the keys and values of an encoder output.
    pub fn with_encoder(self) -> Self {
        Self::Cross(CrossState { own: Box::new(self), encoder: None })
    }

    /// The keys and values of self-attention.
    ///
    /// # Panics
    ///
    /// Panics if the layer is recurrent.
    pub fn key_value(&mut self) -> &mut KeyValueState {
        match self {
            Self::KeyValue(state) => state,
            Self::Cross(state) => state.own.key_value(),
            Self::Recurrent(_) => panic!("a recurrent layer keeps no keys and values"),
        }
    }

    /// The states of a recurrent layer.
    ///
    /// # Panics
    ///
    /// Panics if the layer is not recurrent.
    pub fn recurrent(&mut self) -> &mut RecurrentState {
        match self {
            Self::Recurrent(state) => state,
            Self::Cross(state) => state.own.recurrent(),
            Self::KeyValue(_) => panic!("an attention layer keeps no recurrent state"),
        }
    }

    /// The keys and values of the encoder output, computed once in the lifetime of the state.
    ///
    /// # Shapes
    ///
    /// - results: `[batch, n_kv_heads, encoder_seq, d_head]`
    ///
    /// # Panics
    ///
    /// Panics if the layer does not attend to an encoder output.
    pub fn encoder_keys(&mut self, compute: impl FnOnce() -> [Tensor<4>; 2]) -> [Tensor<4>; 2] {
        match self {
            Self::Cross(state) => state.encoder.get_or_insert_with(compute).clone(),
            _ => panic!("the layer does not attend to an encoder output"),
        }
    }

    /// Removes the last `count` positions of the sequence, which has `length` positions after that.
    pub(super) fn rollback(&mut self, count: usize, length: usize) {
        match self {
            Self::KeyValue(state) => state.rollback(count, length),
            Self::Recurrent(state) => state.rollback(count),
            Self::Cross(state) => state.own.rollback(count, length),
        }
    }

    /// Discards what belongs to positions before the last `length`.
    pub(super) fn keep_last(&mut self, length: usize) {
        match self {
            Self::KeyValue(state) => state.keep_last(length),
            // Its states stand for all positions before them.
            Self::Recurrent(_) => {}
            Self::Cross(state) => state.own.keep_last(length),
        }
    }

    /// Selects these rows, in this order.
    pub(super) fn select(&mut self, rows: &[usize]) {
        if let Self::Cross(state) = self {
            let encoder = state.encoder.take();
            state.encoder = encoder.map(|keys| keys.map(|x| select_rows(x, rows)));
        }
        self.reorder(rows);
    }

    /// Selects these rows, in this order, where the old and the new row at each index attend to the
    /// same encoder output.
    pub(super) fn reorder(&mut self, rows: &[usize]) {
        match self {
            Self::KeyValue(state) => state.select(rows),
            Self::Recurrent(state) => state.select(rows),
            Self::Cross(state) => state.own.reorder(rows),
        }
    }

    /// Concatenates the rows of two states of the same layer, aligned at the last position.
    ///
    /// # Panics
    ///
    /// Panics if they are of different kinds.
    pub(super) fn join(self, other: Self) -> Self {
        match (self, other) {
            (Self::KeyValue(above), Self::KeyValue(below)) => Self::KeyValue(above.join(below)),
            (Self::Recurrent(above), Self::Recurrent(below)) => Self::Recurrent(above.join(below)),
            (Self::Cross(above), Self::Cross(below)) => Self::Cross(above.join(below)),
            _ => panic!("the states are of different layers"),
        }
    }
}

impl CrossState {
    fn join(self, other: Self) -> Self {
        let encoder = match (self.encoder, other.encoder) {
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
        Self { own: Box::new(self.own.join(*other.own)), encoder }
    }
}
