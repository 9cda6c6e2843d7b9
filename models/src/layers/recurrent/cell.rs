//! The gates of a recurrent layer and its state.

use burn::module::Module;
use burn::tensor::{Bool, Device, Tensor, activation};

use super::CellKind;
use super::unroll::{PaddingSteps, Unroll, steps};
use crate::layers::linear::{Bias, Linear};

/// The gates of one direction, with the matrices and the gate order of PyTorch: `i, f, g, o` and
/// `r, z, n`.
#[derive(Module, Debug)]
pub struct Cell {
    /// From the layer's input.
    pub input: Linear,
    /// From the state.
    pub state: Linear,
    #[module(skip)]
    kind: CellKind,
}

/// The state of a cell.
#[derive(Debug, Clone)]
pub struct State {
    /// The hidden state, which is also the output, `[batch, d]`.
    pub hidden: Tensor<2>,
    /// The cell state of an LSTM, `[batch, d]`.
    pub memory: Option<Tensor<2>>,
}

impl Cell {
    pub(super) fn new(kind: CellKind, d_input: usize, d_state: usize, device: &Device) -> Self {
        let d_gates = kind.n_gates() * d_state;
        let input = Linear::new(d_input, d_gates, Bias::Present, device);
        let input = match kind {
            CellKind::Lstm => input.with_bias_values(open_forget_gate(d_state)),
            CellKind::Gru => input,
        };
        Self { input, state: Linear::new(d_state, d_gates, Bias::Present, device), kind }
    }

    /// The initial state.
    pub fn start(&self, batch: usize, device: &Device) -> State {
        self.begin_with(Tensor::zeros([batch, self.state.d_input()], device))
    }

    /// The state with this hidden state and, in an LSTM, a cell state of zeros.
    ///
    /// # Shapes
    ///
    /// - `hidden`: `[batch, d]`
    pub fn begin_with(&self, hidden: Tensor<2>) -> State {
        let memory = (self.kind == CellKind::Lstm).then(|| hidden.zeros_like());
        State { hidden, memory }
    }

    pub(super) fn unroll(
        &self,
        x: Tensor<3>,
        start: State,
        padding_steps: &PaddingSteps,
    ) -> Unroll {
        let mut unroll = Unroll::new(start);
        for (at, input) in steps(self.input.forward_with_f32_bias(x)).into_iter().enumerate() {
            unroll.step(|state| self.next(input, state), padding_steps.at(at));
        }
        unroll
    }

    /// The next state, from the input's contribution to the gates.
    ///
    /// # Shapes
    ///
    /// - `input`: `[batch, gates · d]`
    pub fn next(&self, input: Tensor<2>, state: &State) -> State {
        let from_state = self.state.forward_with_f32_bias(state.hidden.clone());
        match &state.memory {
            Some(memory) => {
                let [i, f, g, o] = parts(input + from_state);
                let memory =
                    activation::sigmoid(f) * memory.clone() + activation::sigmoid(i) * g.tanh();
                let hidden = activation::sigmoid(o) * memory.clone().tanh();
                State { hidden, memory: Some(memory) }
            }
            None => {
                let [input_r, input_z, input_n] = parts(input);
                let [state_r, state_z, state_n] = parts(from_state);
                let r = activation::sigmoid(input_r + state_r);
                let z = activation::sigmoid(input_z + state_z);
                let n = (input_n + r * state_n).tanh();
                let hidden = n.clone() + z * (state.hidden.clone() - n);
                State { hidden, memory: None }
            }
        }
    }
}

impl State {
    /// This state, with the rows that have padding replaced by those of `other`.
    pub(super) fn unless(self, is_padding: &Tensor<2, Bool>, other: &Self) -> Self {
        let keep = |new: Tensor<2>, old: &Tensor<2>| {
            let is_padding = is_padding.clone().expand(new.dims());
            new.mask_where(is_padding, old.clone())
        };
        Self {
            hidden: keep(self.hidden, &other.hidden),
            memory: self.memory.zip(other.memory.as_ref()).map(|(new, old)| keep(new, old)),
        }
    }
}

/// Splits a product into the parts of the gates.
fn parts<const N: usize>(gates: Tensor<2>) -> [Tensor<2>; N] {
    let d = gates.dims()[1] / N;
    std::array::from_fn(|gate| gates.clone().slice_dim(1, gate * d..(gate + 1) * d))
}

/// The bias of an LSTM's gates: 1 for the forget gate, and 0 for the others.
fn open_forget_gate(d_state: usize) -> Vec<f32> {
    [0.0, 1.0, 0.0, 0.0].iter().flat_map(|&value| vec![value; d_state]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::mask::Padding;
    use crate::layers::recurrent::{Direction, RecurrentLayer, RecurrentLayerConfig};
    use crate::parameters;

    fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
        tensor.into_data().iter::<f32>().collect()
    }

    fn bias(linear: &Linear) -> Vec<f32> {
        let mut found = Vec::new();
        parameters::read(linear, &mut |path, data| {
            if path == "bias" {
                found = data.iter::<f32>().collect();
            }
        });
        found
    }

    fn layer(cell: CellKind, direction: Direction) -> RecurrentLayer {
        let config = RecurrentLayerConfig { cell, direction, d_input: 1, d_model: 2 };
        config.init(&Device::flex())
    }

    #[test]
    fn forget_gates_begin_open_and_no_other_gate_has_a_bias() {
        let layer_of = |kind| layer(kind, Direction::Forward);
        let lstm = layer_of(CellKind::Lstm);
        let cell = lstm.cell();
        assert_eq!(bias(&cell.input), [0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0]);
        assert_eq!(bias(&cell.state), [0.0; 8]);
        let gru = layer_of(CellKind::Gru);
        let cell = gru.cell();
        assert_eq!(bias(&cell.input), [0.0; 6]);
    }

    #[test]
    fn the_cell_state_decays_by_the_forget_gate() {
        // All weights are zero, so only the bias has an effect: f = σ(1), i = o = 1/2, g = 0.
        let layer = layer(CellKind::Lstm, Direction::Forward);
        let device = Device::flex();
        let start = State {
            hidden: Tensor::zeros([1, 2], &device),
            memory: Some(Tensor::from_floats([[1.0, -2.0]], &device)),
        };
        let padding_steps = PaddingSteps::new(&Padding::none(), 2, &device);
        let states = layer.step_from(Tensor::zeros([2, 1, 1], &device), start, &padding_steps);
        let forget = 1.0 / (1.0 + (-1f32).exp());
        let expected = [forget, -2.0 * forget, forget * forget, -2.0 * forget * forget];
        let found = states.memory.map(values).unwrap_or_default();
        assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6), "{found:?}");
        let shown = values(states.hidden);
        let tanh = |c: f32| 0.5 * c.tanh();
        assert!(shown.iter().zip(expected.map(tanh)).all(|(a, b)| (a - b).abs() < 1e-6));
    }
}
