//! What a backbone takes and computes, which decides the heads that it supports.

use thiserror::Error;

/// What a backbone takes and computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    /// The kind of input.
    pub input: Modality,
    /// The positions that a final hidden state depends on.
    pub visibility: Visibility,
    /// How it generates text; `None` if it does not.
    pub generation: Option<Generation>,
    /// The input of its decoder.
    pub decoder: DecoderInput,
}

/// The kind of a backbone's input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Modality {
    /// Texts.
    Text,
    /// Images.
    Images,
}

/// The positions of its own sequence that a final hidden state depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Visibility {
    /// Its own position and all previous ones.
    Causal,
    /// All positions.
    Bidirectional,
}

/// How a backbone generates text, token by token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Generation {
    /// It continues a text.
    Causal,
    /// It generates a target text from a source text.
    FromSource,
}

/// The input of a backbone's decoder, beside that of its encoder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecoderInput {
    /// It has no second input.
    None,
    /// A text, by default the encoder's input, shifted right by one position.
    Shifted,
    /// A text.
    Required,
}

/// A backbone lacks a capability that a head needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{head} needs {needed}, and the backbone is {found}")]
pub struct UnsupportedBackbone {
    /// The head.
    pub head: &'static str,
    /// The backbones that it supports.
    pub needed: &'static str,
    /// The kind of the backbone.
    pub found: &'static str,
}

impl Capabilities {
    /// Whether it has an encoder and a decoder, each with an input of its own.
    pub fn has_decoder_input(self) -> bool {
        self.decoder != DecoderInput::None
    }
}
