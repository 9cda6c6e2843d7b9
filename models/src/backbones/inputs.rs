//! The inputs of a backbone.

use burn::tensor::{Int, Tensor};

use crate::layers::mask::Padding;

/// A batch of texts.
#[derive(Debug, Clone)]
pub struct Tokens {
    /// `[batch, seq]`, each below the vocabulary size.
    pub ids: Tensor<2, Int>,
    /// `[batch, seq]`, for models with token types; `None` means type 0.
    pub types: Option<Tensor<2, Int>>,
    /// Which positions are padding.
    pub padding: Padding,
}

impl Tokens {
    /// Texts without token types.
    ///
    /// # Shapes
    ///
    /// - `ids`: `[batch, seq]`
    pub fn new(ids: Tensor<2, Int>, padding: Padding) -> Self {
        Self { ids, types: None, padding }
    }
}

/// The input of a backbone.
#[expect(clippy::large_enum_variant, reason = "a pass has one instance")]
#[derive(Debug, Clone)]
pub enum Input {
    /// Texts.
    Tokens(Tokens),
    /// Images, `[batch, channels, height, width]`.
    Pixels(Tensor<4>),
}
