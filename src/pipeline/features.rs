//! Texts to the hidden states of their tokens.

use std::path::Path;

use burn::tensor::Device;
use serde::{Deserialize, Serialize};

use super::preprocessor::{self, Preprocessor};
use super::{PipelineError, sentence};
use crate::models::arch::Input;
use crate::models::checkpoint::{self, LoadDtype, Model, ModelInput, ModelSpec, TaskRequirement};
use crate::models::families::Architecture;
use crate::models::parameters;
use crate::models::precision::Precision;

/// Gives every token of a text its final hidden state, whichever head the model has.
#[derive(Debug)]
pub struct FeatureExtraction {
    preprocessor: Preprocessor,
    model: Model,
}

/// The tokens of a text with their hidden states.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Features {
    /// The tokens as the vocabulary writes them, special tokens included.
    pub tokens: Vec<String>,
    /// A vector for each token.
    pub vectors: Vec<Vec<f32>>,
}

impl FeatureExtraction {
    /// Opens a model's directory.
    ///
    /// # Errors
    ///
    /// Files that cannot be read or followed; a model of images, or one whose decoder needs a text of its own.
    pub fn open(folder: &Path, device: &Device) -> Result<Self, PipelineError> {
        let folder = &sentence::transformer_folder(folder)?;
        let spec = ModelSpec::read_for(folder, TaskRequirement::HIDDEN_STATES, device)?;
        if matches!(spec.architecture, Architecture::ImageEncoder(..)) {
            return Err(spec.wrong_head("an encoder or a decoder of texts", |_| false).into());
        }
        let preprocessor = Preprocessor::open(folder, &spec, None, device)?;
        let model = checkpoint::load_as(folder, spec, (device, LoadDtype::Checkpoint))?.model;
        Ok(Self { preprocessor, model })
    }

    /// The same model in another format; see [`parameters::cast`].
    pub fn cast(self, precision: Precision) -> Self {
        Self { model: parameters::cast(self.model, precision.dtype()), ..self }
    }

    /// The same model for texts of at most this many tokens.
    ///
    /// # Errors
    ///
    /// A length that leaves no room beside the special tokens.
    pub fn with_max_length(self, max_length: usize) -> Result<Self, PipelineError> {
        Ok(Self { preprocessor: self.preprocessor.with_max_length(max_length)?, ..self })
    }

    /// The longest text that is read whole, in tokens.
    pub fn max_length(&self) -> usize {
        self.preprocessor.encoder.max_length()
    }

    /// How many of these texts are longer, so that their ends are left out.
    ///
    /// # Errors
    ///
    /// A text that the tokenizer cannot read.
    pub fn cut<T: AsRef<str>>(&self, texts: &[T]) -> Result<usize, PipelineError> {
        self.preprocessor.cut(texts)
    }

    /// The tokens of each text with their hidden states.
    ///
    /// # Errors
    ///
    /// A text that the tokenizer cannot read, or with a token that the model does not know; a
    /// device that fails.
    pub fn extract<T: AsRef<str>>(&self, texts: &[T]) -> Result<Vec<Features>, PipelineError> {
        let encodings = self
            .preprocessor
            .encode(texts, |text| Ok(self.preprocessor.encoder.encode(text.as_ref())?))?;
        let vectors = self.preprocessor.run(&encodings, &mut |_| {}, &|tokens, rows| {
            let input = ModelInput::new(Input::Tokens(tokens));
            let hidden = self.model.hidden(&input);
            let hidden =
                hidden.ok_or_else(|| PipelineError::InvalidRequest("it has two texts".into()))?;
            preprocessor::token_rows(hidden, rows)
        })?;
        let texts: Vec<_> = encodings.iter().zip(vectors).collect();
        preprocessor::each(&texts, |(encoding, vectors)| {
            let tokens = encoding.ids.iter().map(|&id| self.preprocessor.tokenizer.token(id));
            Ok(Features { tokens: tokens.collect::<Result<_, _>>()?, vectors: vectors.clone() })
        })
    }

    /// The tokens of one text with their hidden states.
    ///
    /// # Errors
    ///
    /// See [`FeatureExtraction::extract`].
    pub fn extract_one(&self, text: &str) -> Result<Features, PipelineError> {
        Ok(self.extract(&[text])?.remove(0))
    }
}
