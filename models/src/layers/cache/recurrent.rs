//! The last states of a recurrent layer.

use burn::tensor::Tensor;

use super::MAX_ROLLBACK;
use super::rows::{select_rows, stacked};
use crate::layers::recurrent::{State, States};

/// The last states of a recurrent layer: the current one, and those that a rollback returns to.
#[derive(Debug, Default)]
pub struct RecurrentState {
    /// `[kept, batch, d]`, the current state last; `None` before the first step.
    states: Option<States>,
}

impl RecurrentState {
    /// How many states are kept: the current one and [`MAX_ROLLBACK`] earlier ones.
    const KEPT: usize = MAX_ROLLBACK + 1;

    /// The current state; `None` before the first step.
    pub fn last(&self) -> Option<State> {
        self.states.as_ref().map(States::last)
    }

    /// Appends the states of new positions.
    pub fn append(&mut self, new: &States) {
        let new = new.clone();
        let all = match self.states.take() {
            Some(old) => old.zip(new, |old, new| Tensor::cat(vec![old, new], 0)),
            None => new,
        };
        let count = all.hidden.dims()[0];
        let first = count.saturating_sub(Self::KEPT);
        self.states = Some(all.map(|x| x.slice_dim(0, first..count)));
    }

    /// Removes the last `count` states.
    pub(super) fn rollback(&mut self, count: usize) {
        self.states = self.states.take().and_then(|states| {
            let kept = states.hidden.dims()[0].checked_sub(count)?;
            (kept > 0).then(|| states.map(|x| x.slice_dim(0, 0..kept)))
        });
    }

    /// Selects these rows, in this order.
    pub(super) fn select(&mut self, rows: &[usize]) {
        let selected = |x: Tensor<3>| select_rows(x.swap_dims(0, 1), rows).swap_dims(0, 1);
        self.states = self.states.take().map(|states| states.map(selected));
    }

    /// Concatenates the rows of two layers, aligned at the last position. States before the first
    /// one of the shorter layer are zeros, as at the start of a sequence.
    pub(super) fn join(self, other: Self) -> Self {
        let (above, below) = match (self.states, other.states) {
            (Some(above), Some(below)) => (above, below),
            (above, below) => return Self { states: above.or(below) },
        };
        let longest = above.hidden.dims()[0].max(below.hidden.dims()[0]);
        let filled = |x: Tensor<3>| {
            let [kept, batch, d] = x.dims();
            let zeros = Tensor::zeros([longest - kept, batch, d], (&x.device(), x.dtype()));
            if kept == longest { x } else { Tensor::cat(vec![zeros, x], 0) }
        };
        let rows = |above: Tensor<3>, below: Tensor<3>| {
            stacked(filled(above).swap_dims(0, 1), filled(below).swap_dims(0, 1)).swap_dims(0, 1)
        };
        Self { states: Some(above.zip(below, rows)) }
    }
}
