//! A recurrent encoder and decoder with attention between them: the origin of attention.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use super::recurrent::{Observed, RecurrentStack, RecurrentStackConfig};
use super::{Encoded, OutputWeights, TokenBatch, TokenSource};
use crate::layers::additive_attention::{AdditiveAttention, EncoderKeys};
use crate::layers::cache::{Cache, CacheStep, LayerState};
use crate::layers::dropout::dropout;
use crate::layers::embedding::EmbeddingTable;
use crate::layers::linear::{Bias, Linear};
use crate::layers::mask::Padding;
use crate::layers::observer::{Observer, StackRole, lend};
use crate::layers::recurrent::{PaddingSteps, State, States, Unroll, steps};
use crate::parameters::UnitVariance;

/// Config of a recurrent encoder-decoder. Both sides share one token embedding table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecurrentSeq2SeqConfig {
    /// Vocabulary size; token ids are below it.
    pub vocab_size: usize,
    /// The bidirectional encoder.
    pub encoder: RecurrentStackConfig,
    /// The decoder. `d_input` of its first layer counts the token embeddings, not the context.
    pub decoder: RecurrentStackConfig,
    /// Where the output projection's weights come from.
    pub output: OutputWeights,
    /// The decoder's start token, before the first token of the text.
    pub start: u32,
    /// Standard deviation of the weights at initialization.
    pub init_std: f64,
}

/// An encoder, and a decoder that attends to all encoder states before each step.
///
/// ```text
/// c_t = Attention(s_{t-1}, h);  s_t = f(s_{t-1}, y_{t-1}, c_t)
/// result_t = tanh(W [s_t; c_t; y_{t-1}])
/// ```
///
/// Only the first decoder layer has attention and a context, so that the layers above run over
/// whole sequences (Wu et al. 2016, §3, <https://arxiv.org/abs/1609.08144>). The initial state of
/// every decoder layer is `tanh(W h_1)`, where `h_1` is the last state of the encoder's backward
/// direction.
///
/// Reference: Bahdanau et al. 2015, <https://arxiv.org/abs/1409.0473>; a tanh layer replaces its
/// maxout layer.
#[derive(Module, Debug)]
pub struct RecurrentSeq2Seq {
    /// Its variance at initialization is 1, PyTorch's default: no norm scales small embeddings up,
    /// and gates with inputs near zero pass on almost nothing.
    token: UnitVariance<EmbeddingTable>,
    encoder: RecurrentStack,
    decoder: RecurrentStack,
    /// The projection to each decoder layer's initial state.
    start: Vec<Linear>,
    attention: AdditiveAttention,
    /// The projection from the context to the gates of the first layer.
    context: Linear,
    readout: Linear,
    #[module(skip)]
    config: RecurrentSeq2SeqConfig,
}

/// The tokens of a decoder's pass, and its context.
struct DecoderPass<'a> {
    source: &'a TokenSource,
    padding: &'a Padding,
    states: &'a mut [LayerState],
    observer: Option<&'a mut dyn Observer>,
}

impl RecurrentSeq2SeqConfig {
    /// A model of zeros, to be initialized or loaded.
    pub fn init(&self, device: &Device) -> RecurrentSeq2Seq {
        let (d_embedding, d_encoder) = (self.decoder.d_input, self.encoder.d_model);
        let d_model = self.decoder.d_model;
        let start = |_| Linear::new(d_encoder / 2, d_model, Bias::Present, device);
        let d_gates = self.decoder.cell.n_gates() * d_model;
        RecurrentSeq2Seq {
            token: UnitVariance::new(EmbeddingTable::new(self.vocab_size, d_embedding, device)),
            encoder: self.encoder.init(device),
            decoder: self.decoder.init(device),
            start: (0..self.decoder.n_layers).map(start).collect(),
            attention: AdditiveAttention::new(d_model, d_encoder, device),
            context: Linear::new(d_encoder, d_gates, Bias::Absent, device),
            readout: Linear::new(d_model + d_encoder + d_embedding, d_model, Bias::Present, device),
            config: self.clone(),
        }
    }
}

impl RecurrentSeq2SeqConfig {
    /// Multiply-adds of attention and of the projections of its context, per target token, with a
    /// source text of the same length.
    pub(super) fn attending_macs(&self, length: usize) -> usize {
        let (d_model, d_encoder) = (self.decoder.d_model, self.encoder.d_model);
        let products = d_model + 2 * d_encoder + self.decoder.d_input + d_model;
        let context = self.decoder.cell.n_gates() * d_encoder;
        (products + context) * d_model + length * (d_model + d_encoder)
    }

    /// The activations, in floats, that a training step keeps of the same operations.
    pub(super) fn attending_activations(&self, length: usize) -> usize {
        let seen = self.decoder.d_model + self.encoder.d_model + self.decoder.d_input;
        2 * length * (self.decoder.d_model + 1) + 3 * seen
    }
}

impl RecurrentSeq2Seq {
    /// The config that the model was built from.
    pub fn config(&self) -> &RecurrentSeq2SeqConfig {
        &self.config
    }

    /// The token embedding table, which a tied output projection shares.
    pub fn token_embedding(&self) -> &EmbeddingTable {
        &self.token
    }

    /// Encodes texts.
    pub(super) fn encode(
        &self,
        tokens: &TokenBatch,
        observer: Option<&mut dyn Observer>,
    ) -> Encoded {
        let TokenBatch { source, padding, .. } = tokens;
        let padding_steps = PaddingSteps::new(padding, source.dims()[1], &source.device());
        let vectors = source.vectors_by_step(&self.token);
        let observed = Observed { observer, role: StackRole::Encoder };
        let hidden = self.encoder.forward(vectors, &padding_steps, observed).swap_dims(0, 1);
        Encoded { hidden, padding: padding.clone() }
    }

    /// The decoder's final hidden states for whole texts, given the encoder output.
    ///
    /// # Shapes
    ///
    /// - result: `[batch, seq, d_model]`
    pub(super) fn decode(
        &self,
        tokens: &TokenBatch,
        encoded: &Encoded,
        mut observer: Option<&mut dyn Observer>,
    ) -> Tensor<3> {
        let TokenBatch { source, padding, .. } = tokens;
        // The cache is dropped after the pass.
        let mut cache = self.cache();
        let [n_rows, length] = source.dims();
        let states = cache.advance(n_rows, length).states;
        let observer = lend(&mut observer);
        self.run_decoder(DecoderPass { source, padding, states, observer }, encoded)
    }

    /// The decoder's final hidden states for the next tokens, given the cached states.
    ///
    /// The cache also keeps the attention keys of `encoded`: pass the same one at every step.
    ///
    /// # Shapes
    ///
    /// - `source`: `[batch, new]`
    /// - result: `[batch, new, d_model]`
    pub(super) fn step(
        &self,
        source: &TokenSource,
        encoded: &Encoded,
        cache: &mut Cache,
    ) -> Tensor<3> {
        let [n_rows, new] = source.dims();
        let CacheStep { states, padding } = cache.advance(n_rows, new);
        self.run_decoder(DecoderPass { source, padding, states, observer: None }, encoded)
    }

    /// An empty cache.
    pub fn cache(&self) -> Cache {
        let states = self.config.decoder.states();
        // The first layer attends to the encoder output.
        Cache::new(states.enumerate().map(|(index, state)| match index {
            0 => state.with_encoder(),
            _ => state,
        }))
    }

    fn run_decoder(&self, pass: DecoderPass<'_>, encoded: &Encoded) -> Tensor<3> {
        let DecoderPass { source, padding, states, observer } = pass;
        let mut observed = Observed { observer, role: StackRole::Decoder };
        let padding_steps = PaddingSteps::new(padding, source.dims()[1], &source.device());
        let vectors = source.vectors_by_step(&self.token);
        let mut contexts = None;
        let mut x = vectors.clone();
        for (index, (layer, state)) in self.decoder.layers.iter().zip(states).enumerate() {
            x = dropout(&self.decoder.dropout, observed.residual(index, x));
            let start = state.recurrent().last();
            let start =
                start.unwrap_or_else(|| layer.cell().begin_with(self.begin(index, encoded)));
            let states = if index == 0 {
                let keys = self.encoder_keys(encoded, state);
                let (states, seen) = self.attend(x, start, &keys, &padding_steps);
                contexts = Some(seen);
                states
            } else {
                layer.step_from(x, start, &padding_steps)
            };
            state.recurrent().append(&states);
            x = states.hidden;
        }
        x = dropout(&self.decoder.dropout, observed.residual(self.decoder.layers.len(), x));
        let seen = [Some(x), contexts, Some(vectors)].into_iter().flatten().collect();
        let hidden = self.readout.forward(Tensor::cat(seen, 2)).tanh();
        observed.final_states(dropout(&self.decoder.dropout, hidden)).swap_dims(0, 1)
    }

    /// The states of the first layer and their contexts.
    fn attend(
        &self,
        x: Tensor<3>,
        start: State,
        encoder: &EncoderKeys,
        padding_steps: &PaddingSteps,
    ) -> (States, Tensor<3>) {
        let cell = self.decoder.layers[0].cell();
        let mut unroll = Unroll::new(start);
        let mut contexts = Vec::new();
        for (at, input) in steps(cell.input.forward(x)).into_iter().enumerate() {
            let next = |state: &State| {
                let context = self.attention.forward(state.hidden.clone(), encoder);
                contexts.push(context.clone());
                cell.next(input + self.context.forward(context), state)
            };
            unroll.step(next, padding_steps.at(at));
        }
        (unroll.states(), Tensor::stack(contexts, 0))
    }

    /// The keys and hidden states for attention, computed once per encoder output.
    fn encoder_keys(&self, encoded: &Encoded, state: &mut LayerState) -> EncoderKeys {
        let [hidden_states, keys] = state.encoder_keys(|| {
            let keys = self.attention.keys(encoded.hidden.clone());
            [encoded.hidden.clone(), keys].map(|x| x.unsqueeze_dim(1))
        });
        let [batch, _, length, _] = keys.dims();
        let mask = encoded.mask();
        let masked = mask.masked(1, length, &keys.device());
        EncoderKeys {
            keys: keys.squeeze_dim(1),
            hidden_states: hidden_states.squeeze_dim(1),
            masked: masked.map(|masked| masked.reshape([batch, length, 1])),
        }
    }

    /// The initial hidden state of a decoder layer.
    fn begin(&self, layer: usize, encoded: &Encoded) -> Tensor<2> {
        let d_encoder = self.config.encoder.d_model;
        let first = encoded.hidden.clone().slice_dim(1, 0..1).squeeze_dim::<2>(1);
        self.start[layer].forward(first.slice_dim(1, d_encoder / 2..d_encoder)).tanh()
    }
}
