//! The encoder-decoder backbone: a decoder with cross-attention to the encoder output of another
//! sequence.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use super::embedding::InputEmbedding;
use super::stack::{StackConfig, TransformerStack};
use super::text_stack::{TextPass, TextStack};
use super::{OutputWeights, Shift, TokenBatch, TokenSource};
use crate::layers::EncoderOutput;
use crate::layers::cache::{Cache, select_rows};
use crate::layers::embedding::EmbeddingTable;
use crate::layers::mask::{AttentionPattern, BatchPadding, Mask, Padding};
use crate::layers::observer::{Observer, StackRole, lend};

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
    /// Which positions are padding. A mask is valid for one pass: the next pass may have another
    /// number of queries.
    pub(super) fn mask(&self) -> Mask {
        Mask::new(AttentionPattern::Full, self.padding.clone())
    }

    fn output<'a>(&'a self, mask: &'a Mask) -> EncoderOutput<'a> {
        EncoderOutput { hidden_states: &self.hidden, mask }
    }

    /// Selects rows of the batch, in the given order; a row may occur more than once.
    pub fn select(self, rows: &[usize]) -> Self {
        let mut padding = self.padding;
        padding.select(rows);
        Self { hidden: select_rows(self.hidden, rows), padding }
    }

    fn batch_padding(&self) -> BatchPadding<'_> {
        let [n_rows, length, _] = self.hidden.dims();
        BatchPadding { padding: &self.padding, n_rows, length }
    }

    /// Concatenates two batches, with the rows of `other` last.
    pub fn join(self, other: Self) -> Self {
        let (above, below) = (self.batch_padding(), other.batch_padding());
        let longest = above.length.max(below.length);
        let padding = above.join_right(below);
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
    pub(super) fn encode(
        &self,
        tokens: &TokenBatch,
        mut observer: Option<&mut dyn Observer>,
    ) -> Encoded {
        let stack = self.encoder.stack(&self.token, StackRole::Encoder);
        let hidden = stack.forward(TextPass::whole(tokens, lend(&mut observer)));
        Encoded { hidden, padding: tokens.padding.clone() }
    }

    /// The decoder's input if only the encoder's input is given; see [`Shift`].
    ///
    /// # Panics
    ///
    /// Panics if the encoder's input is embeddings.
    pub(super) fn shifted(&self, tokens: &TokenBatch) -> TokenBatch {
        self.config.shift.apply(tokens, self.config.start)
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
        let mask = &encoded.mask();
        let encoder = Some(encoded.output(mask));
        let pass = TextPass::whole(tokens, lend(&mut observer));
        self.decoder().forward(TextPass { encoder, ..pass })
    }

    /// The decoder's final hidden states for the next tokens, given the cached ones.
    ///
    /// The cache also keeps the keys and values of `encoded`: pass the same one at every step.
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
        let mask = &encoded.mask();
        let encoder = Some(encoded.output(mask));
        self.decoder().forward(TextPass { encoder, ..TextPass::step(source, cache) })
    }

    fn decoder(&self) -> TextStack<'_> {
        self.decoder.stack(&self.token, StackRole::Decoder)
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
    pub(super) fn forward(
        &self,
        tokens: &TokenBatch,
        mut observer: Option<&mut dyn Observer>,
    ) -> Tensor<3> {
        let stack = self.encoder.stack(&self.token, StackRole::Encoder);
        stack.forward(TextPass::whole(tokens, lend(&mut observer)))
    }
}

impl Side {
    fn new(stack: &StackConfig, device: &Device) -> Self {
        Self { embedding: InputEmbedding::new(stack, device), stack: stack.init(device) }
    }

    /// The stack over texts with these token embeddings.
    fn stack<'a>(&'a self, table: &'a EmbeddingTable, role: StackRole) -> TextStack<'a> {
        TextStack { table, embedding: &self.embedding, stack: &self.stack, role }
    }
}
