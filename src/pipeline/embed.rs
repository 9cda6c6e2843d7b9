//! Text embeddings.

use std::path::{Path, PathBuf};

use burn::tensor::Device;

use super::preprocessor::{self, Preprocessor};
use super::prompted::{Prompt, PromptEncoder, PromptedText, ReadyPrompt};
use super::sentence::{self, EmbeddingSteps, Letters, SentenceFiles};
use super::{PipelineError, TextError};
use crate::models::checkpoint::{self, LoadDtype, ModelSpec, TaskRequirement};
use crate::models::heads::pooling::Pooling;
use crate::models::heads::{Dense, Embedder, Length, Level, Step};
use crate::models::parameters;
use crate::models::precision::Precision;

/// Computes text embeddings: texts with similar meaning have vectors with similar directions.
#[derive(Debug)]
pub struct TextEmbedder {
    preprocessor: Preprocessor,
    encoder: PromptEncoder,
    prompt: ReadyPrompt,
    embedder: Embedder,
    d_model: usize,
    width: usize,
}

/// The embeddings of texts.
#[derive(Debug, Clone, PartialEq)]
pub struct Embeddings {
    /// One embedding for each text, in order.
    pub vectors: Vec<Vec<f32>>,
    /// The number of texts that exceeded the maximum length and were truncated.
    pub cut: usize,
}

impl TextEmbedder {
    /// Whether a directory contains an embedding model: it has the module list that
    /// sentence-transformers writes.
    pub fn is_meant(folder: &Path) -> bool {
        sentence::has_modules(folder)
    }

    /// The files of sentence-transformers in a model directory: lists, configs, and the weights of
    /// modules.
    pub fn files(folder: &Path) -> Vec<PathBuf> {
        sentence::files(folder)
    }

    /// Loads a model directory with its sentence-transformers files. The model's default prompt is
    /// prepended to texts.
    ///
    /// # Errors
    ///
    /// Unreadable or invalid files; an image model, or an encoder-decoder whose decoder needs its
    /// own input.
    pub fn open(folder: &Path, device: &Device) -> Result<Self, PipelineError> {
        let files = SentenceFiles::read(folder)?;
        let folder = &files.transformer;
        let spec = ModelSpec::read_for(folder, TaskRequirement::HIDDEN_STATES, device)?;
        let EmbeddingSteps { steps, width } = files.steps(&spec.architecture.backbone, device)?;
        let mut preprocessor = Preprocessor::open(folder, &spec, files.texts.max_length, device)?;
        if files.texts.letters == Letters::Small {
            preprocessor = preprocessor.lower_cased()?;
        }
        let encoder = PromptEncoder {
            tokenizer: preprocessor.tokenizer.clone(),
            encoder: preprocessor.encoder.clone(),
            prompts: files.model.prompts,
        };
        let prompt = encoder.prompt(Prompt::Default)?;
        let d_model = spec.architecture.backbone.d_output();
        let model =
            checkpoint::load_as(folder, spec, device, LoadDtype::Checkpoint)?.into_base_model()?;
        Ok(Self {
            preprocessor,
            encoder,
            prompt,
            embedder: Embedder::new(model, steps),
            d_model,
            width,
        })
    }

    /// Sets the prompt that is prepended to each text.
    ///
    /// # Errors
    ///
    /// A prompt name that the model does not define; a prompt that the tokenizer rejects.
    pub fn with_prompt(self, prompt: Prompt<'_>) -> Result<Self, PipelineError> {
        Ok(Self { prompt: self.encoder.prompt(prompt)?, ..self })
    }

    /// Sets the pooling of hidden states.
    ///
    /// # Errors
    ///
    /// A layer after the pooling expects a different number of features.
    pub fn with_pooling(self, pooling: Pooling) -> Result<Self, PipelineError> {
        let embedder = self.embedder.with_pooling(pooling);
        let (mut tokens, mut width) = (self.d_model, 0);
        for step in embedder.steps() {
            match step {
                Step::Pool(pool) => width = pool.ways.len() * tokens,
                Step::Dense(Dense { linear, level, .. }) => {
                    let features = if *level == Level::Tokens { &mut tokens } else { &mut width };
                    fits(*features, linear.d_input())?;
                    *features = linear.d_output();
                }
                Step::Norm(norm) => fits(width, norm.width())?,
                Step::Cut(cut) => width = width.min(cut.width),
                Step::Layers(_) | Step::Unit(_) => {}
            }
        }
        Ok(Self { embedder, width, ..self })
    }

    /// Sets the normalization of the embeddings' length.
    pub fn with_length(self, length: Length) -> Self {
        Self { embedder: self.embedder.with_length(length), ..self }
    }

    /// Converts the model to another precision; see [`parameters::cast`].
    pub fn cast(self, precision: Precision) -> Self {
        Self { embedder: parameters::cast(self.embedder, precision.dtype()), ..self }
    }

    /// The maximum length of a text in tokens; longer texts are truncated.
    pub fn max_length(&self) -> usize {
        self.encoder.max_length()
    }

    /// The encoder from texts to the model's input tokens.
    pub fn encoder(&self) -> &PromptEncoder {
        &self.encoder
    }

    /// Token IDs are less than this.
    pub fn vocab_size(&self) -> usize {
        self.preprocessor.vocab_size()
    }

    /// The number of elements of an embedding.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The embeddings of texts, in order. `done` is called with the number of finished texts.
    ///
    /// Texts of similar length share a forward pass; an embedding does not depend on the other
    /// texts.
    ///
    /// # Errors
    ///
    /// A token outside the model's vocabulary; a device failure.
    pub fn embed<T: AsRef<str>>(
        &self,
        texts: &[T],
        done: &mut dyn FnMut(usize),
    ) -> Result<Embeddings, PipelineError> {
        let texts = preprocessor::each(texts, |text| -> Result<PromptedText, TextError> {
            let text = self.encoder.encode(text.as_ref(), &self.prompt)?;
            preprocessor::check(&text.encoding.ids, self.vocab_size())?;
            Ok(text)
        })?;
        let cut = texts.iter().filter(|text| text.encoding.is_cut).count();
        Ok(Embeddings { vectors: self.vectors(&texts, done)?, cut })
    }

    /// The embeddings of tokenized texts; all tokens must be in the model's vocabulary.
    ///
    /// # Errors
    ///
    /// A device failure.
    pub fn vectors(
        &self,
        texts: &[PromptedText],
        done: &mut dyn FnMut(usize),
    ) -> Result<Vec<Vec<f32>>, PipelineError> {
        self.preprocessor.run_at(texts, done, &|inputs, rows| {
            let prompts: Vec<usize> = rows.iter().map(|&row| texts[row].prompt_tokens).collect();
            preprocessor::rows(self.embedder.forward(&inputs, &prompts))
        })
    }

    /// The embedding of one text.
    ///
    /// # Errors
    ///
    /// See [`TextEmbedder::embed`].
    pub fn embed_one(&self, text: &str) -> Result<Vec<f32>, PipelineError> {
        Ok(self.embed(&[text], &mut |_| {})?.vectors.remove(0))
    }
}

/// Checks that the output of a pooling has the features that the next layer expects.
fn fits(features: usize, d_input: usize) -> Result<(), PipelineError> {
    if features != d_input {
        return Err(PipelineError::InvalidRequest(format!(
            "a layer after the pooling expects {d_input} features, but the pooling has {features}"
        )));
    }
    Ok(())
}
