//! Texts to vectors.

use std::path::Path;

use burn::tensor::Device;

use super::PipelineError;
use super::sentence::SentenceConfig;
use crate::datasets::tokenizer::{Encoding, Reader, Tokenizer};
use crate::models::arch::Tokens;
use crate::models::heads::{Embedder, EmbedderConfig};
use crate::models::layers::embedding::padded_ids;
use crate::models::layers::mask::Padding;
use crate::models::parameters;
use crate::models::precision::Precision;
use crate::models::pretrained::{self, Blueprint};

/// Texts of one forward pass.
const BATCH: usize = 32;

/// Gives every text a vector, such that texts of like meaning have vectors of like direction.
#[derive(Debug)]
pub struct TextEmbedder {
    embedder: Embedder,
    reader: Reader,
    device: Device,
    vocab_size: usize,
    n_types: usize,
    filler: u32,
    max_length: usize,
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
    /// Files that cannot be read or followed; a model that has a head.
    pub fn open(folder: &Path, device: &Device) -> Result<Self, PipelineError> {
        let sentence = SentenceConfig::read(folder)?;
        let blueprint = Blueprint::read(folder)?;
        let (vocab_size, stacks) =
            (blueprint.architecture.vocab_size(), blueprint.architecture.stacks());
        let longest = stacks[0].max_positions;
        let n_types = stacks[0].embedding.n_types;
        let filler = blueprint.config["pad_token_id"].as_u64().unwrap_or(0) as u32;
        let max_length = sentence.max_length.map_or(longest, |length| length.min(longest));
        let reader = Tokenizer::load(folder)?.reader(max_length)?;
        let model = pretrained::load_as(folder, blueprint, device)?.into_backbone()?;
        Ok(Self {
            embedder: Embedder::new(model, sentence.form),
            reader,
            device: device.clone(),
            vocab_size,
            n_types,
            filler,
            max_length,
        })
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
        self.max_length
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
        let read = |text: &T| Ok(self.reader.read(text.as_ref())?);
        let encodings: Vec<Encoding> =
            texts.iter().map(read).collect::<Result<_, PipelineError>>()?;
        let mut order: Vec<usize> = (0..texts.len()).collect();
        order.sort_by_key(|&index| std::cmp::Reverse(encodings[index].ids.len()));
        let mut vectors = vec![Vec::new(); texts.len()];
        let mut ready = 0;
        for batch in order.chunks(BATCH) {
            let rows: Vec<&Encoding> = batch.iter().map(|&index| &encodings[index]).collect();
            for (&index, vector) in batch.iter().zip(self.pass(&rows)?) {
                vectors[index] = vector;
            }
            ready += batch.len();
            done(ready);
        }
        let cut = encodings.iter().filter(|encoding| encoding.is_cut).count();
        Ok(Embeddings { vectors, cut })
    }

    fn pass(&self, rows: &[&Encoding]) -> Result<Vec<Vec<f32>>, PipelineError> {
        let vocab_size = self.vocab_size;
        if let Some(&id) =
            rows.iter().flat_map(|row| &row.ids).find(|&&id| id as usize >= vocab_size)
        {
            return Err(PipelineError::Vocabulary { id, vocab_size });
        }
        let ids: Vec<&[u32]> = rows.iter().map(|row| row.ids.as_slice()).collect();
        let types: Vec<&[u32]> = rows.iter().map(|row| row.types.as_slice()).collect();
        let lengths: Vec<usize> = ids.iter().map(|row| row.len()).collect();
        let tokens = Tokens {
            ids: padded_ids(&ids, self.filler, &self.device),
            types: (self.n_types > 1).then(|| padded_ids(&types, 0, &self.device)),
            padding: Padding::right(&lengths),
        };
        let vectors = self.embedder.forward(&tokens);
        let width = vectors.dims()[1];
        let values = vectors
            .try_into_vec_as::<f32>()
            .map_err(|error| PipelineError::Device(error.to_string()))?;
        Ok(values.chunks_exact(width).map(<[f32]>::to_vec).collect())
    }
}
