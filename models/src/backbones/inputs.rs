//! The inputs of a model: texts, as token ids or as vectors, and images.

use burn::tensor::{Device, Int, Tensor};

use crate::layers::embedding::EmbeddingTable;
use crate::layers::mask::Padding;
use crate::precision::to_f32;

/// The inputs of a model.
///
/// ```
/// use burn::tensor::Device;
/// use zoo_models::backbones::{Inputs, TokenBatch};
/// use zoo_models::layers::{embedding::token_ids, mask::Padding};
///
/// let ids = token_ids(&[5, 6, 7, 8, 9, 0], 2, &Device::flex());
/// let inputs = Inputs::text(TokenBatch::new(ids, Padding::right(&[3, 2])));
/// assert_eq!(inputs.tokens.unwrap().dims(), [2, 3]);
/// ```
#[derive(Debug, Clone)]
pub struct Inputs {
    /// Texts; of an encoder-decoder, those of the encoder.
    pub tokens: Option<TokenBatch>,
    /// Texts of the decoder of an encoder-decoder. If `None`, the decoder of models with heads
    /// other than a language model's receives the encoder's texts, shifted right by one position.
    /// Other models ignore it.
    pub decoder: Option<TokenBatch>,
    /// Images, `[batch, channels, height, width]`.
    pub pixels: Option<Tensor<4>>,
    /// The number of consecutive rows that are the choices of one question, for multiple choice;
    /// otherwise 1.
    pub choices: usize,
}

/// A batch of texts.
#[derive(Debug, Clone)]
pub struct TokenBatch {
    /// The tokens.
    pub source: TokenSource,
    /// `[batch, seq]`, for models with token types; `None` means type 0.
    pub types: Option<Tensor<2, Int>>,
    /// Which positions are padding.
    pub padding: Padding,
}

/// Tokens as ids, or as vectors in the place of those of the token embedding table: for learned
/// prompts, inputs of other modalities, and gradients with respect to the input.
///
/// The vectors are the input of everything that follows the table: the embedding scale, projections,
/// positions, token types, and the norm. transformers' `inputs_embeds` follow the scale in families
/// whose embedding layer applies it, such as BART and Gemma 3.
#[derive(Debug, Clone)]
pub enum TokenSource {
    /// `[batch, seq]`, each below the vocabulary size.
    Ids(Tensor<2, Int>),
    /// `[batch, seq, d_embedding]`
    Embeddings(Tensor<3>),
}

impl Inputs {
    /// Texts.
    pub fn text(tokens: TokenBatch) -> Self {
        Self { tokens: Some(tokens), decoder: None, pixels: None, choices: 1 }
    }

    /// The texts of an encoder and of its decoder.
    pub fn pair(source: TokenBatch, target: TokenBatch) -> Self {
        Self { decoder: Some(target), ..Self::text(source) }
    }

    /// Images.
    ///
    /// # Shapes
    ///
    /// - `pixels`: `[batch, channels, height, width]`, as the family's image processor scales them
    pub fn images(pixels: Tensor<4>) -> Self {
        Self { tokens: None, decoder: None, pixels: Some(pixels), choices: 1 }
    }

    /// The texts.
    ///
    /// # Panics
    ///
    /// Panics if there are none.
    pub fn expect_tokens(&self) -> &TokenBatch {
        self.tokens.as_ref().unwrap_or_else(|| panic!("a text model takes tokens, not pixels"))
    }

    /// The texts of the decoder.
    ///
    /// # Panics
    ///
    /// Panics if there are none.
    pub fn expect_decoder(&self) -> &TokenBatch {
        let Some(decoder) = &self.decoder else {
            panic!("an encoder-decoder needs a decoder input");
        };
        decoder
    }

    /// The images.
    ///
    /// # Panics
    ///
    /// Panics if there are none.
    pub fn expect_pixels(&self) -> &Tensor<4> {
        self.pixels.as_ref().unwrap_or_else(|| panic!("an image model takes pixels, not tokens"))
    }
}

impl TokenBatch {
    /// Texts without token types, as ids `[batch, seq]` or as vectors `[batch, seq, d_embedding]`.
    pub fn new(source: impl Into<TokenSource>, padding: Padding) -> Self {
        Self { source: source.into(), types: None, padding }
    }

    /// The numbers of rows and positions.
    pub fn dims(&self) -> [usize; 2] {
        self.source.dims()
    }
}

impl From<Tensor<2, Int>> for TokenSource {
    fn from(ids: Tensor<2, Int>) -> Self {
        Self::Ids(ids)
    }
}

impl From<Tensor<3>> for TokenSource {
    fn from(embeddings: Tensor<3>) -> Self {
        Self::Embeddings(embeddings)
    }
}

impl TokenSource {
    /// The numbers of rows and positions.
    pub fn dims(&self) -> [usize; 2] {
        match self {
            Self::Ids(ids) => ids.dims(),
            Self::Embeddings(embeddings) => {
                let [batch, seq, _] = embeddings.dims();
                [batch, seq]
            }
        }
    }

    /// The device that they are on.
    pub fn device(&self) -> Device {
        match self {
            Self::Ids(ids) => ids.device(),
            Self::Embeddings(embeddings) => embeddings.device(),
        }
    }

    /// The token ids; `None` for embeddings, which have none.
    pub fn ids(&self) -> Option<&Tensor<2, Int>> {
        match self {
            Self::Ids(ids) => Some(ids),
            Self::Embeddings(_) => None,
        }
    }

    /// The vectors of the tokens, `[batch, seq, d_embedding]`.
    ///
    /// # Panics
    ///
    /// Panics if embeddings do not have the width of the table.
    pub(super) fn vectors(&self, table: &EmbeddingTable) -> Tensor<3> {
        match self {
            Self::Ids(ids) => table.forward(ids.clone()),
            Self::Embeddings(embeddings) => {
                let ([_, _, found], width) = (embeddings.dims(), table.weight.lazy_shape()[1]);
                assert_eq!(found, width, "embeddings of {found} features instead of {width}");
                to_f32(embeddings.clone())
            }
        }
    }

    /// The same, `[seq, batch, d_embedding]`: sequence-major, so that each step is contiguous.
    pub(super) fn vectors_by_step(&self, table: &EmbeddingTable) -> Tensor<3> {
        match self {
            Self::Ids(ids) => table.forward(ids.clone().swap_dims(0, 1)),
            Self::Embeddings(_) => self.vectors(table).swap_dims(0, 1),
        }
    }
}
