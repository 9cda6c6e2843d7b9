//! The encoder-decoder backbone: a decoder with cross-attention to the encoder output of another
//! sequence.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use super::embedding::{InputEmbedding, TokenInput};
use super::stack::{Pass, StackConfig, TransformerStack};
use super::{OutputWeights, Shift, TokenBatch, TokenSource};
use crate::layers::EncoderOutput;
use crate::layers::cache::{Cache, LayerCache, select_rows};
use crate::layers::embedding::EmbeddingTable;
use crate::layers::mask::{AttentionPattern, Mask, Padding};
use crate::layers::position::PositionIds;

/// Config of an encoder-decoder. Both sides share one token embedding table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EncoderDecoderConfig {
    /// Vocabulary size; token ids are below it.
    pub vocab_size: usize,
    /// The encoder's stack.
    pub encoder: StackConfig,
    /// The decoder's stack.
    pub decoder: StackConfig,
    /// Where the output projection's weights come from.
    pub output: OutputWeights,
    /// Factor on the final hidden states, before the output projection.
    pub output_scale: f64,
    /// The bias of the logits.
    pub output_bias: OutputBias,
    /// The decoder's start token, before the first token of the text.
    pub start: u32,
    /// How the decoder's input is made from the encoder's, if only the latter is given.
    pub shift: Shift,
    /// Standard deviation of the weights at initialization.
    pub init_std: f64,
}

/// The bias of the logits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum OutputBias {
    /// No bias.
    Absent,
    /// A constant for each token, loaded from the checkpoint and not trained.
    Constant,
}

/// An encoder, and a decoder with cross-attention to its hidden states.
#[derive(Module, Debug)]
pub struct EncoderDecoder {
    token: EmbeddingTable,
    encoder: Side,
    decoder: Side,
    #[module(skip)]
    config: EncoderDecoderConfig,
}

/// The encoder of an encoder-decoder by itself, with the same parameter paths.
#[derive(Module, Debug)]
pub struct EncoderHalf {
    token: EmbeddingTable,
    encoder: Side,
    #[module(skip)]
    config: EncoderDecoderConfig,
}

/// One of the two stacks with its input embedding.
#[derive(Module, Debug)]
pub struct Side {
    embedding: InputEmbedding,
    stack: TransformerStack,
}

/// The tokens and the state of a decoder's pass.
struct DecoderRun<'a> {
    source: &'a TokenSource,
    padding: &'a Padding,
    /// The number of positions, including those in the caches.
    length: usize,
    caches: Option<&'a mut [LayerCache]>,
}

/// The encoder output for a batch of texts.
#[derive(Debug)]
pub struct Encoded {
    /// `[batch, seq, d_model]`
    pub hidden: Tensor<3>,
    pub(super) padding: Padding,
}

impl EncoderDecoderConfig {
    /// A model of zeros, to be initialized or loaded.
    pub fn init(&self, device: &Device) -> EncoderDecoder {
        let EncoderHalf { token, encoder, config } = self.init_encoder(device);
        EncoderDecoder { token, encoder, decoder: Side::new(&self.decoder, device), config }
    }

    /// Only the encoder, of zeros, to be initialized or loaded.
    pub fn init_encoder(&self, device: &Device) -> EncoderHalf {
        EncoderHalf {
            token: EmbeddingTable::new(self.vocab_size, self.encoder.embedding.d_embedding, device),
            encoder: Side::new(&self.encoder, device),
            config: self.clone(),
        }
    }
}

impl Encoded {
    /// Selects rows of the batch, in the given order; a row may occur more than once.
    pub fn select(self, rows: &[usize]) -> Self {
        let mut padding = self.padding;
        padding.select(rows);
        Self { hidden: select_rows(self.hidden, rows), padding }
    }

    /// Concatenates two batches, with the rows of `other` last.
    pub fn join(self, other: Self) -> Self {
        let (above, below) = (self.hidden.dims(), other.hidden.dims());
        let longest = above[1].max(below[1]);
        let padding = Padding::join_right(
            (&self.padding, [above[0], above[1]]),
            (&other.padding, [below[0], below[1]]),
        );
        let filled = |x: Tensor<3>| {
            let [batch, seq, d_model] = x.dims();
            let zeros =
                |missing| Tensor::zeros([batch, missing, d_model], (&x.device(), x.dtype()));
            match longest - seq {
                0 => x,
                missing => Tensor::cat(vec![x.clone(), zeros(missing)], 1),
            }
        };
        Self { hidden: Tensor::cat(vec![filled(self.hidden), filled(other.hidden)], 0), padding }
    }
}

impl EncoderDecoder {
    /// The config that the model was built from.
    pub fn config(&self) -> &EncoderDecoderConfig {
        &self.config
    }

    /// The token embedding table, which a tied output projection shares.
    pub fn token_embedding(&self) -> &EmbeddingTable {
        &self.token
    }

    /// Encodes texts.
    ///
    /// # Panics
    ///
    /// Panics if the sequence is longer than the learned position table.
    pub fn encode(&self, tokens: &TokenBatch) -> Encoded {
        let Side { embedding, stack } = &self.encoder;
        let hidden = embedding.forward_whole(&self.token, tokens, |x, pass| stack.forward(x, pass));
        Encoded { hidden, padding: tokens.padding.clone() }
    }

    /// The decoder's input if only the encoder's input is given; see [`Shift`].
    ///
    /// # Panics
    ///
    /// Panics if the encoder's input is embeddings.
    pub fn shifted(&self, tokens: &TokenBatch) -> TokenBatch {
        self.config.shift.apply(tokens, self.config.start)
    }

    /// The decoder's final hidden states for whole texts, given the encoder output.
    ///
    /// # Shapes
    ///
    /// - result: `[batch, seq, d_model]`
    ///
    /// # Panics
    ///
    /// Panics if the sequence is longer than the learned position table.
    pub fn decode(&self, tokens: &TokenBatch, encoded: &Encoded) -> Tensor<3> {
        let TokenBatch { source, padding, .. } = tokens;
        let [_, length] = source.dims();
        self.run_decoder(DecoderRun { source, padding, length, caches: None }, encoded)
    }

    /// The decoder's final hidden states for the next tokens, given the cached ones.
    ///
    /// The cache also keeps the keys and values of `encoded`: pass the same one at every step.
    ///
    /// # Shapes
    ///
    /// - `tokens`: `[batch, new]` ids, or vectors `[batch, new, d_embedding]`
    /// - result: `[batch, new, d_model]`
    ///
    /// # Panics
    ///
    /// Panics if the sequence is longer than the learned position table.
    pub fn step(
        &self,
        tokens: impl Into<TokenSource>,
        encoded: &Encoded,
        cache: &mut Cache,
    ) -> Tensor<3> {
        let source = &tokens.into();
        let [n_rows, new] = source.dims();
        let length = cache.len() + new;
        let (layers, padding) = cache.advance(n_rows, new);
        self.run_decoder(DecoderRun { source, padding, length, caches: Some(layers) }, encoded)
    }

    fn run_decoder(&self, run: DecoderRun<'_>, encoded: &Encoded) -> Tensor<3> {
        let DecoderRun { source, padding, length, caches } = run;
        let position_ids = &PositionIds::new(padding, length, source.dims()[1]);
        // A mask is valid for one pass: the next pass may have another number of queries.
        let mask = Mask::new(AttentionPattern::Full, encoded.padding.clone());
        let encoder = Some(EncoderOutput { hidden_states: &encoded.hidden, mask: &mask });
        let tokens = TokenInput { source, types: None, position_ids };
        let x = self.decoder.embedding.forward(&self.token, tokens);
        self.decoder.stack.forward(x, Pass { position_ids, padding, caches, encoder })
    }
}

impl EncoderHalf {
    /// The config of the whole encoder-decoder.
    pub fn config(&self) -> &EncoderDecoderConfig {
        &self.config
    }

    /// The token embedding table.
    pub fn token_embedding(&self) -> &EmbeddingTable {
        &self.token
    }

    /// The final hidden states.
    ///
    /// # Shapes
    ///
    /// - result: `[batch, seq, d_model]`
    ///
    /// # Panics
    ///
    /// Panics if the sequence is longer than the learned position table.
    pub fn forward(&self, tokens: &TokenBatch) -> Tensor<3> {
        let Side { embedding, stack } = &self.encoder;
        embedding.forward_whole(&self.token, tokens, |x, pass| stack.forward(x, pass))
    }

    /// The hidden states at every layer; see [`TransformerStack::hidden_states`].
    pub(super) fn hidden_states(&self, tokens: &TokenBatch) -> Vec<Tensor<3>> {
        let Side { embedding, stack } = &self.encoder;
        embedding.forward_whole(&self.token, tokens, |x, pass| stack.hidden_states(x, pass))
    }
}

impl Side {
    fn new(stack: &StackConfig, device: &Device) -> Self {
        Self { embedding: InputEmbedding::new(stack, device), stack: stack.init(device) }
    }
}
