//! Texts to vectors.

use std::path::{Path, PathBuf};

use burn::tensor::Device;

use super::preprocessor::{self, Preprocessor};
use super::prompted::{Prompt, PromptEncoder, PromptedText, ReadyPrompt};
use super::sentence::{self, Letters, SentenceFiles};
use super::{PipelineError, TextError};
use crate::models::checkpoint::{self, LoadDtype, ModelSpec, TaskRequirement};
use crate::models::heads::pooling::Pooling;
use crate::models::heads::{Dense, Embedder, Length, Level, Step};
use crate::models::parameters;
use crate::models::precision::Precision;

/// Gives every text a vector, such that texts of like meaning have vectors of like direction.
#[derive(Debug)]
pub struct TextEmbedder {
    preprocessor: Preprocessor,
    encoder: PromptEncoder,
    prompt: ReadyPrompt,
    embedder: Embedder,
    d_model: usize,
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
    /// Whether a directory says that its model is for vectors: it has the list of modules that
    /// sentence-transformers writes.
    pub fn is_meant(folder: &Path) -> bool {
        sentence::has_modules(folder)
    }

    /// What sentence-transformers wrote beside a model, from its directory: lists, configs, and the
    /// weights of modules.
    pub fn files(folder: &Path) -> Vec<PathBuf> {
        sentence::files(folder)
    }

    /// Opens a model's directory, with what sentence-transformers wrote beside the model. The model's
    /// default prompt is put before texts.
    ///
    /// # Errors
    ///
    /// Files that cannot be read or followed; a model of images, or one whose decoder needs a text of its own.
    pub fn open(folder: &Path, device: &Device) -> Result<Self, PipelineError> {
        let files = SentenceFiles::read(folder)?;
        let folder = &files.transformer;
        let spec = ModelSpec::read_for(folder, TaskRequirement::HIDDEN_STATES, device)?;
        let (steps, width) = files.steps(&spec.architecture, device)?;
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
        let d_model = spec.architecture.d_output();
        let model = checkpoint::load_as(folder, spec, (device, LoadDtype::Checkpoint))?
            .into_base_model()?;
        Ok(Self {
            preprocessor,
            encoder,
            prompt,
            embedder: Embedder::new(model, steps),
            d_model,
            width,
        })
    }

    /// The same model with another prompt before each text.
    ///
    /// # Errors
    ///
    /// A name that the model does not have; a prompt that the tokenizer cannot read.
    pub fn with_prompt(self, prompt: Prompt<'_>) -> Result<Self, PipelineError> {
        Ok(Self { prompt: self.encoder.prompt(prompt)?, ..self })
    }

    /// The same model with another choice of the hidden states that stand for a text.
    ///
    /// # Errors
    ///
    /// A layer behind that wants the features of the model's own choice.
    pub fn with_pooling(self, pooling: Pooling) -> Result<Self, PipelineError> {
        let embedder = self.embedder.with_pooling(pooling);
        let (mut tokens, mut width) = (self.d_model, 0);
        for step in embedder.steps() {
            match step {
                Step::Pool(pool) => width = pool.ways.len() * tokens,
                Step::Dense(Dense { linear, level, .. }) => {
                    let [d_input, d_output] = linear.weight.lazy_shape().dims();
                    let features = if *level == Level::Tokens { &mut tokens } else { &mut width };
                    fits(*features, d_input)?;
                    *features = d_output;
                }
                Step::Norm(norm) => fits(width, norm.width())?,
                Step::Cut(cut) => width = width.min(cut.width),
                Step::Layers(_) | Step::Unit(_) => {}
            }
        }
        Ok(Self { embedder, width, ..self })
    }

    /// The same model with vectors of another length.
    pub fn with_length(self, length: Length) -> Self {
        Self { embedder: self.embedder.with_length(length), ..self }
    }

    /// The same model in another format; see [`parameters::cast`].
    pub fn cast(self, precision: Precision) -> Self {
        Self { embedder: parameters::cast(self.embedder, precision.dtype()), ..self }
    }

    /// The longest text that is read whole, in tokens; of a longer one the end is left out.
    pub fn max_length(&self) -> usize {
        self.encoder.max_length()
    }

    /// What turns texts into the tokens that the model reads.
    pub fn encoder(&self) -> &PromptEncoder {
        &self.encoder
    }

    /// Token ids run from 0 to this, exclusive.
    pub fn vocab_size(&self) -> usize {
        self.preprocessor.vocab_size()
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
        let texts = preprocessor::each(texts, |text| -> Result<PromptedText, TextError> {
            let text = self.encoder.encode(text.as_ref(), &self.prompt)?;
            preprocessor::check(&text.encoding.ids, self.vocab_size())?;
            Ok(text)
        })?;
        let cut = texts.iter().filter(|text| text.encoding.is_cut).count();
        Ok(Embeddings { vectors: self.vectors(&texts, done)?, cut })
    }

    /// The vectors of texts that are tokens already, which the model must know.
    ///
    /// # Errors
    ///
    /// A device that fails.
    pub fn vectors(
        &self,
        texts: &[PromptedText],
        done: &mut dyn FnMut(usize),
    ) -> Result<Vec<Vec<f32>>, PipelineError> {
        self.preprocessor.run_at(texts, done, &|tokens, rows| {
            let prompts: Vec<usize> = rows.iter().map(|&row| texts[row].prompt_tokens).collect();
            preprocessor::rows(self.embedder.forward(&tokens, &prompts))
        })
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

/// Refuses a choice of hidden states whose features do not fit a layer.
fn fits(features: usize, d_input: usize) -> Result<(), PipelineError> {
    if features != d_input {
        return Err(PipelineError::InvalidRequest(format!(
            "a layer behind the pooling reads {d_input} features, and this pooling gives {features}"
        )));
    }
    Ok(())
}
