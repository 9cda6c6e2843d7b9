//! Texts to vectors.

use std::path::Path;

use burn::tensor::Device;

use super::PipelineError;
use super::feed::{self, Feed};
use super::sentence::SentenceConfig;
use crate::datasets::tokenizer::{Encoding, Reader};
use crate::models::heads::{Embedder, EmbedderConfig};
use crate::models::parameters;
use crate::models::precision::Precision;
use crate::models::pretrained::{self, Blueprint, Hold, Wanted};

/// Gives every text a vector, such that texts of like meaning have vectors of like direction.
#[derive(Debug)]
pub struct TextEmbedder {
    feed: Feed,
    embedder: Embedder,
    width: usize,
}

/// What texts became.
#[derive(Debug, Clone, PartialEq)]
pub struct Embeddings {
    /// A vector for each text, in their order.
    pub vectors: Vec<Vec<f32>>,
    /// How many of the texts are longer than the model reads, so that their ends are left out.
    pub cut: usize,
}

impl TextEmbedder {
    /// Opens a model's directory, with what sentence-transformers wrote beside the model.
    ///
    /// # Errors
    ///
    /// Files that cannot be read or followed; a model that reads no texts, or two.
    pub fn open(folder: &Path, device: &Device) -> Result<Self, PipelineError> {
        let sentence = SentenceConfig::read(folder)?;
        let blueprint = Blueprint::read_for(folder, Wanted::HIDDEN_STATES, device)?;
        let feed = Feed::open(folder, &blueprint, sentence.max_length, device)?;
        let width = blueprint.architecture.d_output();
        let model =
            pretrained::load_as(folder, blueprint, (device, Hold::AsStored))?.into_backbone()?;
        Ok(Self { feed, embedder: Embedder::new(model, sentence.form), width })
    }

    /// How hidden states become a vector.
    pub fn form(&self) -> EmbedderConfig {
        self.embedder.form()
    }

    /// The same model with vectors of another form.
    pub fn with_form(self, form: EmbedderConfig) -> Self {
        Self { embedder: self.embedder.with_form(form), ..self }
    }

    /// The same model in another format; see [`parameters::cast`].
    pub fn cast(self, precision: Precision) -> Self {
        Self { embedder: parameters::cast(self.embedder, precision.dtype()), ..self }
    }

    /// The longest text that is read whole, in tokens; of a longer one the end is left out.
    pub fn max_length(&self) -> usize {
        self.feed.reader.max_length()
    }

    /// What turns texts into the tokens that the model reads.
    pub fn reader(&self) -> &Reader {
        &self.feed.reader
    }

    /// Token ids run from 0 to this, exclusive.
    pub fn vocab_size(&self) -> usize {
        self.feed.vocab_size()
    }

    /// How many numbers a vector has.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The vectors of texts, in their order. `done` hears how many are ready.
    ///
    /// Texts of like length share a forward pass; a text's vector does not depend on the others.
    ///
    /// # Errors
    ///
    /// A token that the model does not know; a device that fails.
    pub fn embed<T: AsRef<str>>(
        &self,
        texts: &[T],
        done: &mut dyn FnMut(usize),
    ) -> Result<Embeddings, PipelineError> {
        let encodings =
            self.feed.read(texts, |text| Ok(self.feed.reader.read(text.as_ref())?))?;
        let cut = encodings.iter().filter(|encoding| encoding.is_cut).count();
        Ok(Embeddings { vectors: self.vectors(&encodings, done)?, cut })
    }

    /// The vectors of texts that are tokens already, which the model must know.
    ///
    /// # Errors
    ///
    /// A device that fails.
    pub fn vectors(
        &self,
        encodings: &[Encoding],
        done: &mut dyn FnMut(usize),
    ) -> Result<Vec<Vec<f32>>, PipelineError> {
        let pass = &|tokens, _: &[&Encoding]| feed::rows(self.embedder.forward(&tokens));
        self.feed.run(encodings, done, pass)
    }

    /// The vector of one text.
    ///
    /// # Errors
    ///
    /// See [`TextEmbedder::embed`].
    pub fn embed_one(&self, text: &str) -> Result<Vec<f32>, PipelineError> {
        Ok(self.embed(&[text], &mut |_| {})?.vectors.remove(0))
    }
}
