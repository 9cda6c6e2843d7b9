//! Recurrent layers: a state that is passed from token to token.

mod cell;
mod unroll;

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

pub use self::cell::{Cell, State};
pub use self::unroll::{PaddingSteps, States, Unroll, steps};

/// The recurrence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum CellKind {
    /// Long short-term memory.
    ///
    /// ```text
    /// i, f, o = σ(W x + U h);  g = tanh(W x + U h)
    /// c <- f c + i g;  h <- o tanh(c)
    /// ```
    ///
    /// The forget gate `f` begins open, with a bias of 1, so that a new model keeps its memory.
    ///
    /// Reference: Hochreiter and Schmidhuber 1997; the forget gate is that of Gers et al. 2000, its
    /// bias that of Jozefowicz et al. 2015, <https://proceedings.mlr.press/v37/jozefowicz15.html>
    Lstm,
    /// The gated recurrent unit.
    ///
    /// ```text
    /// r, z = σ(W x + U h);  n = tanh(W x + r (U h))
    /// h <- (1 - z) n + z h
    /// ```
    ///
    /// Reference: Cho et al. 2014, §2.3, <https://arxiv.org/abs/1406.1078>; as in PyTorch and
    /// cuDNN, `r` scales the product `U h`, not `h`.
    Gru,
}

/// The directions in which a layer runs over the sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Direction {
    /// From the first token to the last.
    Forward,
    /// Both directions, with two cells of half the features each.
    ///
    /// Reference: Schuster and Paliwal 1997.
    Both,
}

/// Sizes of a recurrent layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecurrentLayerConfig {
    /// The recurrence.
    pub cell: CellKind,
    /// The directions.
    pub direction: Direction,
    /// Features of the input.
    pub d_input: usize,
    /// Features of the result.
    pub d_model: usize,
}

/// A layer over a sequence.
#[derive(Module, Debug)]
pub struct RecurrentLayer {
    forward: Cell,
    backward: Option<Cell>,
}

impl CellKind {
    /// The number of gates.
    pub fn n_gates(self) -> usize {
        match self {
            Self::Lstm => 4,
            Self::Gru => 3,
        }
    }
}

impl RecurrentLayerConfig {
    /// Creates a layer of zeros, to be initialized or loaded; forget gates have a bias of 1.
    pub fn init(&self, device: &Device) -> RecurrentLayer {
        let cell = |d_state| Cell::new(self.cell, self.d_input, d_state, device);
        match self.direction {
            Direction::Forward => RecurrentLayer { forward: cell(self.d_model), backward: None },
            Direction::Both => {
                let half = self.d_model / 2;
                RecurrentLayer { forward: cell(half), backward: Some(cell(half)) }
            }
        }
    }

    /// Features of each direction's state.
    pub fn d_state(&self) -> usize {
        match self.direction {
            Direction::Forward => self.d_model,
            Direction::Both => self.d_model / 2,
        }
    }

    /// Multiply-adds per token.
    pub fn macs_per_token(&self) -> usize {
        self.cell.n_gates() * (self.d_input + self.d_state()) * self.d_model
    }

    /// The approximate number of parameters. A float, because a hostile config would overflow an
    /// integer.
    pub fn weights(&self) -> f64 {
        let seen = self.d_input as f64 + self.d_state() as f64;
        self.cell.n_gates() as f64 * seen * self.d_model as f64
    }

    /// Floats per token that a training step keeps for the backward pass; an estimate. For each
    /// gate: the two products, their sum and the gate's value.
    pub fn activations_per_token(&self) -> usize {
        (4 * self.cell.n_gates() + 5) * self.d_model
    }
}

impl RecurrentLayer {
    /// The result for a whole sequence, from the initial state.
    ///
    /// # Shapes
    ///
    /// - `x`: `[seq, batch, d_input]`
    /// - result: `[seq, batch, d_model]`
    pub fn forward(&self, x: Tensor<3>, padding_steps: &PaddingSteps) -> Tensor<3> {
        let start = |cell: &Cell| cell.start(x.dims()[1], &x.device());
        let forward = self.forward.unroll(x.clone(), start(&self.forward), padding_steps).hidden();
        let Some(cell) = &self.backward else { return forward };
        let mut unroll = Unroll::new(start(cell));
        let inputs = steps(cell.input.forward(x.clone()));
        for (at, input) in inputs.into_iter().enumerate().rev() {
            unroll.step(|state| cell.next(input, state), padding_steps.at(at));
        }
        unroll.passed.reverse();
        Tensor::cat(vec![forward, unroll.hidden()], 2)
    }

    /// The states of a forward layer, starting from a given state.
    ///
    /// # Shapes
    ///
    /// - `x`: `[seq, batch, d_input]`
    pub fn step_from(&self, x: Tensor<3>, start: State, padding_steps: &PaddingSteps) -> States {
        self.forward.unroll(x, start, padding_steps).states()
    }

    /// The forward cell.
    pub fn cell(&self) -> &Cell {
        &self.forward
    }
}
