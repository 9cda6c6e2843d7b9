//! The loop of a recurrent layer over the positions.

use burn::tensor::{Bool, Device, Tensor, TensorData};

use super::cell::State;
use crate::layers::mask::Padding;

/// The states of a cell at every position.
#[derive(Debug, Clone)]
pub struct States {
    /// `[seq, batch, d]`
    pub hidden: Tensor<3>,
    /// The cell states of an LSTM, `[seq, batch, d]`.
    pub memory: Option<Tensor<3>>,
}

/// The rows that have padding at each position.
#[derive(Debug)]
pub struct PaddingSteps(Vec<Option<Tensor<2, Bool>>>);

/// A sequence of states.
#[derive(Debug)]
pub struct Unroll {
    state: State,
    pub(super) passed: Vec<State>,
}

impl States {
    /// The state at the last position.
    pub fn last(&self) -> State {
        let last = |x: &Tensor<3>| {
            let seq = x.dims()[0];
            x.clone().slice_dim(0, seq - 1..seq).squeeze_dim(0)
        };
        State { hidden: last(&self.hidden), memory: self.memory.as_ref().map(last) }
    }

    /// Applies a function to the hidden states and to the cell states.
    pub fn map(self, apply: impl Fn(Tensor<3>) -> Tensor<3>) -> Self {
        Self { hidden: apply(self.hidden), memory: self.memory.map(apply) }
    }

    /// Combines the hidden states of both, and their cell states.
    pub fn zip(self, other: Self, combine: impl Fn(Tensor<3>, Tensor<3>) -> Tensor<3>) -> Self {
        let memory = self.memory.zip(other.memory).map(|(own, other)| combine(own, other));
        Self { hidden: combine(self.hidden, other.hidden), memory }
    }
}

impl Unroll {
    /// The sequence before the first step.
    pub fn new(start: State) -> Self {
        Self { state: start, passed: Vec::new() }
    }

    /// Takes a step; rows with padding keep their state, as if the position did not exist.
    pub fn step(
        &mut self,
        next: impl FnOnce(&State) -> State,
        is_padding: Option<&Tensor<2, Bool>>,
    ) {
        let next = next(&self.state);
        self.state = match is_padding {
            Some(is_padding) => next.unless(is_padding, &self.state),
            None => next,
        };
        self.passed.push(self.state.clone());
    }

    /// The hidden states so far.
    ///
    /// # Shapes
    ///
    /// - result: `[seq, batch, d]`
    pub fn hidden(&self) -> Tensor<3> {
        Tensor::stack(self.passed.iter().map(|state| state.hidden.clone()).collect(), 0)
    }

    /// All states so far.
    pub fn states(&self) -> States {
        let memory: Option<Vec<_>> = self.passed.iter().map(|s| s.memory.clone()).collect();
        States { hidden: self.hidden(), memory: memory.map(|all| Tensor::stack(all, 0)) }
    }
}

impl PaddingSteps {
    /// The padding of the last `count` positions.
    pub fn new(padding: &Padding, count: usize, device: &Device) -> Self {
        let Some(rows) = padding.rows() else {
            return Self((0..count).map(|_| None).collect());
        };
        let first = rows[0].len() - count;
        let at = |position: usize| {
            let is_padding: Vec<bool> = rows.iter().map(|row| !row[first + position]).collect();
            let n_rows = is_padding.len();
            let any = is_padding.contains(&true);
            any.then(|| Tensor::from_data(TensorData::new(is_padding, [n_rows, 1]), device))
        };
        Self((0..count).map(at).collect())
    }

    /// Which rows have padding at a position; `None` where no row has.
    ///
    /// # Shapes
    ///
    /// - result: `[batch, 1]`
    pub fn at(&self, position: usize) -> Option<&Tensor<2, Bool>> {
        self.0[position].as_ref()
    }
}

/// Splits a sequence into its steps.
///
/// Splits by halves and not step by step: the gradient of a slice is a tensor of zeros of the size
/// of the sliced tensor, so that `seq` slices of the whole sequence would cost `seq²`. Halving
/// costs `seq log seq`.
///
/// # Shapes
///
/// - `x`: `[seq, batch, d]`
/// - results: `[batch, d]`
pub fn steps(x: Tensor<3>) -> Vec<Tensor<2>> {
    match x.dims()[0] {
        0 => Vec::new(),
        1 => vec![x.squeeze_dim(0)],
        count => {
            let mut all = steps(x.clone().slice_dim(0, 0..count / 2));
            all.extend(steps(x.slice_dim(0, count / 2..count)));
            all
        }
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Int;

    use super::*;

    fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
        tensor.into_data().iter::<f32>().collect()
    }

    #[test]
    fn steps_keep_the_order_of_the_sequence() {
        for count in [0, 1, 2, 3, 5, 8, 13] {
            let x = Tensor::<1, Int>::arange(0..2 * count as i64, &Device::flex());
            let all = steps(x.float().reshape([count, 1, 2]));
            let found: Vec<f32> = all.into_iter().flat_map(values).collect();
            let expected: Vec<f32> = (0..2 * count).map(|i| i as f32).collect();
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn padding_steps_are_where_rows_have_padding() {
        let padding = Padding::from_rows(vec![vec![false, true, true], vec![true, true, true]]);
        let padding_steps = PaddingSteps::new(&padding, 3, &Device::flex());
        let first = padding_steps
            .at(0)
            .map(|is_padding| is_padding.to_data().iter::<bool>().collect::<Vec<_>>());
        assert_eq!(first, Some(vec![true, false]));
        assert!(padding_steps.at(1).is_none() && padding_steps.at(2).is_none());
        // Of the last positions only, as when a cache holds the others.
        assert!(PaddingSteps::new(&padding, 2, &Device::flex()).at(0).is_none());
    }
}
