//! Feature extraction: the hidden states of a text's tokens.

use std::path::Path;

use burn::tensor::Device;
use serde::{Deserialize, Serialize};

use super::preprocessor::{self, Preprocessor};
use super::{PipelineError, sentence};
use crate::models::backbones::Modality;
use crate::models::checkpoint::{self, LoadDtype, Model, ModelSpec, TaskRequirement};
use crate::models::parameters;
use crate::models::precision::Precision;

/// Computes the final hidden state of every token, for a model with any head.
#[derive(Debug)]
pub struct FeatureExtraction {
    preprocessor: Preprocessor,
    model: Model,
}

/// The tokens of a text and their hidden states.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Features {
    /// The tokens as in the vocabulary, including special tokens.
    pub tokens: Vec<String>,
    /// One vector for each token.
    pub vectors: Vec<Vec<f32>>,
}

impl FeatureExtraction {
    /// Loads a model directory.
    ///
    /// # Errors
    ///
    /// Unreadable or invalid files; an image model, or an encoder-decoder whose decoder needs its
    /// own input.
    pub fn open(folder: &Path, device: &Device) -> Result<Self, PipelineError> {
        let folder = &sentence::transformer_folder(folder)?;
        let spec = ModelSpec::read_for(folder, TaskRequirement::HIDDEN_STATES, device)?;
        if spec.architecture.backbone.capabilities().input == Modality::Images {
            return Err(spec.wrong_head("an encoder or a decoder of texts", |_| false).into());
        }
        let preprocessor = Preprocessor::open(folder, &spec, None, device)?;
        let model = checkpoint::load_as(folder, spec, device, LoadDtype::Checkpoint)?.model;
        Ok(Self { preprocessor, model })
    }

    /// Converts the model to another precision; see [`parameters::cast`].
    pub fn cast(self, precision: Precision) -> Self {
        Self { model: parameters::cast(self.model, precision.dtype()), ..self }
    }

    /// Sets the maximum length in tokens; longer texts are truncated.
    ///
    /// # Errors
    ///
    /// A length that leaves no room besides the special tokens.
    pub fn with_max_length(self, max_length: usize) -> Result<Self, PipelineError> {
        Ok(Self { preprocessor: self.preprocessor.with_max_length(max_length)?, ..self })
    }

    /// The maximum length of a text in tokens; longer texts are truncated.
    pub fn max_length(&self) -> usize {
        self.preprocessor.encoder.max_length()
    }

    /// The number of these texts that are truncated.
    ///
    /// # Errors
    ///
    /// Text that the tokenizer rejects.
    pub fn cut<T: AsRef<str>>(&self, texts: &[T]) -> Result<usize, PipelineError> {
        self.preprocessor.cut(texts)
    }

    /// The tokens of each text and their hidden states.
    ///
    /// # Errors
    ///
    /// Text that the tokenizer rejects; a token outside the model's vocabulary; a device failure.
    pub fn extract<T: AsRef<str>>(&self, texts: &[T]) -> Result<Vec<Features>, PipelineError> {
        let encodings = self
            .preprocessor
            .encode(texts, |text| Ok(self.preprocessor.encoder.encode(text.as_ref())?))?;
        let vectors = self.preprocessor.run(&encodings, &mut |_| {}, &|inputs, rows| {
            let hidden = self.model.hidden(&inputs);
            let hidden = hidden
                .ok_or_else(|| PipelineError::InvalidRequest("the model needs two texts".into()))?;
            preprocessor::token_rows(hidden, rows)
        })?;
        let texts: Vec<_> = encodings.iter().zip(vectors).collect();
        preprocessor::each(&texts, |(encoding, vectors)| {
            let tokens = encoding.ids.iter().map(|&id| self.preprocessor.tokenizer.token(id));
            Ok(Features { tokens: tokens.collect::<Result<_, _>>()?, vectors: vectors.clone() })
        })
    }

    /// The tokens of one text and their hidden states.
    ///
    /// # Errors
    ///
    /// See [`FeatureExtraction::extract`].
    pub fn extract_one(&self, text: &str) -> Result<Features, PipelineError> {
        Ok(self.extract(&[text])?.remove(0))
    }
}
