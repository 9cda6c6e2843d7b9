//! The encoder-decoder backbone: a decoder that reads what an encoder made of another sequence.

use burn::module::Module;
use burn::tensor::{Device, Int, Tensor};
use serde::{Deserialize, Serialize};

use super::embedding::{Ids, InputEmbedding};
use super::stack::{Pass, StackConfig, TransformerStack};
use super::{OutputWeights, Shift, Tokens};
use crate::layers::EncoderOutput;
use crate::layers::cache::{Cache, LayerCache, select_rows};
use crate::layers::embedding::EmbeddingTable;
use crate::layers::mask::{AttentionPattern, Mask, Padding};
use crate::layers::position::PositionIds;

/// Sizes of an encoder-decoder. Both sides share one table of token vectors.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EncoderDecoderConfig {
    /// Token ids run from 0 to this, exclusive.
    pub vocab_size: usize,
    /// The side that reads.
    pub encoder: StackConfig,
    /// The side that writes.
    pub decoder: StackConfig,
    /// Where the output projection's weights come from.
    pub output: OutputWeights,
    /// Factor on the last hidden states, before they are scored.
    pub output_scale: f64,
    /// What is added to the scores.
    pub output_bias: OutputBias,
    /// The token that a text begins with, before its own first one.
    pub start: u32,
    /// The decoder's text where only the encoder's is given.
    pub shift: Shift,
    /// Standard deviation of the weights at initialization.
    pub init_std: f64,
}

/// What is added to the scores of tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum OutputBias {
    /// Nothing.
    Absent,
    /// A number for each token that a checkpoint brings and training leaves as it is.
    Constant,
}

/// An encoder, and a decoder that reads its hidden states.
#[derive(Module, Debug)]
pub struct EncoderDecoder {
    token: EmbeddingTable,
    encoder: Side,
    decoder: Side,
    #[module(skip)]
    config: EncoderDecoderConfig,
}

/// The encoder of an encoder-decoder by itself, its parameters under the same paths.
#[derive(Module, Debug)]
pub struct EncoderHalf {
    token: EmbeddingTable,
    encoder: Side,
    #[module(skip)]
    config: EncoderDecoderConfig,
}

/// One of the two stacks, and what leads into it.
#[derive(Module, Debug)]
pub struct Side {
    embedding: InputEmbedding,
    stack: TransformerStack,
}

/// What the encoder made of a batch of texts.
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

    /// The encoder only, of zeros.
    pub fn init_encoder(&self, device: &Device) -> EncoderHalf {
        EncoderHalf {
            token: EmbeddingTable::new(self.vocab_size, self.encoder.embedding.d_embedding, device),
            encoder: Side::new(&self.encoder, device),
            config: self.clone(),
        }
    }
}

impl Encoded {
    /// These texts, in this order; a text can be taken more than once.
    pub fn select(self, rows: &[usize]) -> Self {
        let mut padding = self.padding;
        padding.select(rows);
        Self { hidden: select_rows(self.hidden, rows), padding }
    }

    /// The texts of two batches, those of `other` below.
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

    /// The table of token vectors, which a tied output projection reads too.
    pub fn token_embedding(&self) -> &EmbeddingTable {
        &self.token
    }

    /// Reads texts.
    ///
    /// # Panics
    ///
    /// Panics if learned positions run out.
    pub fn encode(&self, tokens: &Tokens) -> Encoded {
        let stack = &self.encoder.stack;
        let hidden =
            self.encoder.forward_whole(&self.token, tokens, |x, pass| stack.forward(x, pass));
        Encoded { hidden, padding: tokens.padding.clone() }
    }

    /// The decoder's text where only the encoder's is given.
    pub fn shifted(&self, tokens: &Tokens) -> Tokens {
        self.config.shift.apply(tokens, self.config.start)
    }

    /// The final hidden states of whole texts that follow on what was encoded.
    ///
    /// # Shapes
    ///
    /// - result: `[batch, seq, d_model]`
    ///
    /// # Panics
    ///
    /// Panics if learned positions run out.
    pub fn decode(&self, tokens: &Tokens, encoded: &Encoded) -> Tensor<3> {
        let length = tokens.ids.dims()[1];
        self.write((&tokens.ids, &tokens.padding, length), None, encoded)
    }

    /// The final hidden states of the next tokens, given those that the cache remembers.
    ///
    /// The cache keeps the keys and values of `encoded` too: give it the same at every step.
    ///
    /// # Shapes
    ///
    /// - `tokens`: `[batch, new]`
    /// - result: `[batch, new, d_model]`
    ///
    /// # Panics
    ///
    /// Panics if learned positions run out.
    pub fn step(&self, tokens: Tensor<2, Int>, encoded: &Encoded, cache: &mut Cache) -> Tensor<3> {
        let [n_rows, new] = tokens.dims();
        let length = cache.len() + new;
        let (layers, padding) = cache.advance(n_rows, new);
        self.write((&tokens, padding, length), Some(layers), encoded)
    }

    fn write(
        &self,
        (tokens, padding, length): (&Tensor<2, Int>, &Padding, usize),
        caches: Option<&mut [LayerCache]>,
        encoded: &Encoded,
    ) -> Tensor<3> {
        let position_ids = PositionIds::new(padding, length, tokens.dims()[1]);
        // A mask is that of one pass: the next one may read with another number of tokens.
        let mask = Mask::new(AttentionPattern::Full, encoded.padding.clone());
        let encoder = Some(EncoderOutput { hidden_states: &encoded.hidden, mask: &mask });
        let pass = Pass { position_ids: &position_ids, padding, caches, encoder };
        self.decoder.forward(&self.token, tokens, pass)
    }
}

impl EncoderHalf {
    /// The config of the encoder-decoder that it is a half of.
    pub fn config(&self) -> &EncoderDecoderConfig {
        &self.config
    }

    /// The table of token vectors.
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
    /// Panics if learned positions run out.
    pub fn forward(&self, tokens: &Tokens) -> Tensor<3> {
        self.encoder
            .forward_whole(&self.token, tokens, |x, pass| self.encoder.stack.forward(x, pass))
    }

    /// The hidden states at every layer; see [`TransformerStack::hidden_states`].
    pub(super) fn hidden_states(&self, tokens: &Tokens) -> Vec<Tensor<3>> {
        self.encoder
            .forward_whole(&self.token, tokens, |x, pass| self.encoder.stack.hidden_states(x, pass))
    }
}

impl Side {
    fn new(stack: &StackConfig, device: &Device) -> Self {
        Self {
            embedding: InputEmbedding::new(
                &stack.embedding,
                (stack.d_model, stack.max_positions),
                device,
            ),
            stack: stack.init(device),
        }
    }

    /// Embeds whole texts, and runs the stack over them.
    fn forward_whole<T>(
        &self,
        table: &EmbeddingTable,
        tokens: &Tokens,
        run: impl FnOnce(Tensor<3>, Pass<'_>) -> T,
    ) -> T {
        let length = tokens.ids.dims()[1];
        let position_ids = PositionIds::new(&tokens.padding, length, length);
        let pass = Pass {
            position_ids: &position_ids,
            padding: &tokens.padding,
            caches: None,
            encoder: None,
        };
        let ids = Ids { tokens: &tokens.ids, types: None };
        run(self.embedding.forward(table.forward(tokens.ids.clone()), ids, &position_ids), pass)
    }

    fn forward(
        &self,
        table: &EmbeddingTable,
        tokens: &Tensor<2, Int>,
        pass: Pass<'_>,
    ) -> Tensor<3> {
        let ids = Ids { tokens, types: None };
        let x = self.embedding.forward(table.forward(tokens.clone()), ids, pass.position_ids);
        self.stack.forward(x, pass)
    }
}
