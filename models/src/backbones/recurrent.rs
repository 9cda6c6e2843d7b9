//! The recurrent backbone: embeddings, and layers with a state that is updated at every token. It
//! is the baseline that transformers replaced.

use burn::module::Module;
use burn::nn::{Dropout, DropoutConfig};
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use super::{OutputWeights, TokenBatch, TokenSource};
use crate::layers::cache::{Cache, CacheStep, LayerState, RecurrentState};
use crate::layers::dropout::dropout;
use crate::layers::embedding::EmbeddingTable;
use crate::layers::observer::{LayerId, Observer, StackRole};
use crate::layers::recurrent::{
    CellKind, Direction, PaddingSteps, RecurrentLayer, RecurrentLayerConfig,
};
use crate::parameters::UnitVariance;

/// Config of stacked recurrent layers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecurrentStackConfig {
    /// The recurrent cell, LSTM or GRU.
    pub cell: CellKind,
    /// Whether the layers are unidirectional or bidirectional.
    pub direction: Direction,
    /// Features of the first layer's input.
    pub d_input: usize,
    /// Features of each layer's output; in bidirectional layers, each direction has half of them.
    pub d_model: usize,
    /// The number of layers.
    pub n_layers: usize,
    /// Dropout probability on the input of each layer and on the final output, but not on the
    /// recurrent states, as in Zaremba et al. 2014, <https://arxiv.org/abs/1409.2329>.
    pub dropout: f64,
}

/// Config of a recurrent model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecurrentConfig {
    /// Vocabulary size; token ids are below it.
    pub vocab_size: usize,
    /// The layers. The input of the first layer is the token embeddings.
    pub stack: RecurrentStackConfig,
    /// Where the output projection's weights come from.
    pub output: OutputWeights,
    /// Standard deviation of the weights at initialization.
    pub init_std: f64,
}

/// Stacked recurrent layers.
#[derive(Module, Debug)]
pub struct RecurrentStack {
    pub(super) layers: Vec<RecurrentLayer>,
    pub(super) dropout: Dropout,
}

/// Recurrent layers over embedded tokens.
#[derive(Module, Debug)]
pub struct Recurrent {
    /// Its variance at initialization is 1, PyTorch's default: no norm scales small embeddings up,
    /// and gates with inputs near zero pass on almost nothing.
    token: UnitVariance<EmbeddingTable>,
    stack: RecurrentStack,
    #[module(skip)]
    config: RecurrentConfig,
}

impl RecurrentStackConfig {
    /// The layers' configs, first to last.
    pub fn layers(&self) -> impl Iterator<Item = RecurrentLayerConfig> + '_ {
        let Self { cell, direction, d_input, d_model, .. } = *self;
        (0..self.n_layers).map(move |index| {
            let d_input = if index == 0 { d_input } else { d_model };
            RecurrentLayerConfig { cell, direction, d_input, d_model }
        })
    }

    /// Layers of zeros, to be initialized or loaded.
    pub fn init(&self, device: &Device) -> RecurrentStack {
        RecurrentStack {
            layers: self.layers().map(|layer| layer.init(device)).collect(),
            dropout: DropoutConfig::new(self.dropout).init(),
        }
    }

    /// The empty states of the layers, first to last.
    pub(super) fn states(&self) -> impl Iterator<Item = LayerState> {
        (0..self.n_layers).map(|_| LayerState::Recurrent(RecurrentState::default()))
    }
}

impl RecurrentStack {
    /// The output for whole sequences.
    ///
    /// # Shapes
    ///
    /// - `x`: `[seq, batch, d_input]`
    /// - result: `[seq, batch, d_model]`
    pub(super) fn forward(
        &self,
        x: Tensor<3>,
        padding_steps: &PaddingSteps,
        mut observed: Observed<'_>,
    ) -> Tensor<3> {
        let mut x = x;
        for (index, layer) in self.layers.iter().enumerate() {
            x = observed.residual(index, x);
            x = layer.forward(dropout(&self.dropout, x), padding_steps);
        }
        x = observed.residual(self.layers.len(), x);
        observed.final_states(dropout(&self.dropout, x))
    }
}

/// Lets an observer, if there is one, see sequence-major tensors of a recurrent stack.
pub(super) struct Observed<'a> {
    pub(super) observer: Option<&'a mut dyn Observer>,
    pub(super) role: StackRole,
}

impl Observed<'_> {
    /// See [`Observer::residual`]: the input of a layer.
    pub(super) fn residual(&mut self, index: usize, x: Tensor<3>) -> Tensor<3> {
        let layer = LayerId { stack: self.role, index };
        match &mut self.observer {
            Some(observer) => observer.residual(layer, x.swap_dims(0, 1)).swap_dims(0, 1),
            None => x,
        }
    }

    /// See [`Observer::final_states`].
    pub(super) fn final_states(&mut self, x: Tensor<3>) -> Tensor<3> {
        match &mut self.observer {
            Some(observer) => observer.final_states(self.role, x.swap_dims(0, 1)).swap_dims(0, 1),
            None => x,
        }
    }
}

impl RecurrentConfig {
    /// A model of zeros, to be initialized or loaded.
    pub fn init(&self, device: &Device) -> Recurrent {
        Recurrent {
            token: UnitVariance::new(EmbeddingTable::new(
                self.vocab_size,
                self.stack.d_input,
                device,
            )),
            stack: self.stack.init(device),
            config: self.clone(),
        }
    }
}

impl Recurrent {
    /// The config that the model was built from.
    pub fn config(&self) -> &RecurrentConfig {
        &self.config
    }

    /// The token embedding table, which a tied output projection shares.
    pub fn token_embedding(&self) -> &EmbeddingTable {
        &self.token
    }

    /// The final hidden states of whole sequences.
    ///
    /// # Shapes
    ///
    /// - result: `[batch, seq, d_model]`
    pub(super) fn forward(
        &self,
        tokens: &TokenBatch,
        observer: Option<&mut dyn Observer>,
    ) -> Tensor<3> {
        let TokenBatch { source, padding, .. } = tokens;
        let padding_steps = PaddingSteps::new(padding, source.dims()[1], &source.device());
        let vectors = source.vectors_by_step(&self.token);
        let role = match self.config.stack.direction {
            Direction::Forward => StackRole::Decoder,
            Direction::Both => StackRole::Encoder,
        };
        let observed = Observed { observer, role };
        self.stack.forward(vectors, &padding_steps, observed).swap_dims(0, 1)
    }

    /// The final hidden states of the next tokens, given the cached states.
    ///
    /// # Shapes
    ///
    /// - `tokens`: `[batch, new]`
    /// - result: `[batch, new, d_model]`
    ///
    /// # Panics
    ///
    /// Panics if the model is bidirectional: it cannot generate step by step.
    pub(super) fn step(&self, tokens: &TokenSource, cache: &mut Cache) -> Tensor<3> {
        let direction = self.config.stack.direction;
        assert_eq!(direction, Direction::Forward, "a bidirectional model has no steps");
        let [n_rows, new] = tokens.dims();
        let device = tokens.device();
        let CacheStep { states, padding } = cache.advance(n_rows, new);
        let padding_steps = PaddingSteps::new(padding, new, &device);
        let mut x = tokens.vectors_by_step(&self.token);
        for (layer, state) in self.stack.layers.iter().zip(states) {
            let state = state.recurrent();
            let start = state.last().unwrap_or_else(|| layer.cell().start(n_rows, &device));
            let input = dropout(&self.stack.dropout, x);
            let states = layer.step_from(input, start, &padding_steps);
            state.append(&states);
            x = states.hidden;
        }
        dropout(&self.stack.dropout, x).swap_dims(0, 1)
    }

    /// An empty cache.
    pub fn cache(&self) -> Cache {
        Cache::new(self.config.stack.states())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backbones::{Initialization, initialize};
    use crate::layers::cache::MAX_ROLLBACK;
    use crate::layers::embedding::token_ids;

    #[test]
    fn cache_rolls_back_up_to_max_rollback() {
        for cell in [CellKind::Lstm, CellKind::Gru] {
            let stack = RecurrentStackConfig {
                cell,
                direction: Direction::Forward,
                d_input: 3,
                d_model: 4,
                n_layers: 2,
                dropout: 0.0,
            };
            let config = RecurrentConfig {
                vocab_size: 7,
                stack,
                output: OutputWeights::Separate,
                init_std: 0.5,
            };
            let device = Device::flex();
            let model = initialize(config.init(&device), Initialization::of_recurrent(0.5), 1);
            let ids = |range: std::ops::Range<u32>| {
                let ids = range.map(|i| i * i % 7).collect::<Vec<u32>>();
                TokenSource::Ids(token_ids(&ids, 1, &device))
            };
            let kept = 3;
            let mut cache = model.cache();
            // One long step, then single tokens.
            model.step(&ids(0..kept + 20), &mut cache);
            for at in kept + 20..kept + MAX_ROLLBACK as u32 {
                model.step(&ids(at..at + 1), &mut cache);
            }
            cache.truncate(kept as usize);
            let after = model.step(&ids(5..6), &mut cache);
            let mut fresh = model.cache();
            model.step(&ids(0..kept), &mut fresh);
            let expected = model.step(&ids(5..6), &mut fresh);
            assert_eq!(after.into_data(), expected.into_data(), "{cell:?}");
        }
    }
}
