//! Texts to vectors.

use std::path::Path;

use burn::tensor::Device;

use super::PipelineError;
use super::sentence::SentenceConfig;
use crate::datasets::tokenizer::{Encoding, Reader, Tokenizer};
use crate::models::arch::Tokens;
use crate::models::heads::{Embedder, EmbedderConfig};
use crate::models::layers::embedding::token_ids;
use crate::models::layers::mask::Padding;
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

impl TextEmbedder {
    /// Opens a model's directory, with what sentence-transformers wrote beside the model; `form`
    /// overrides it.
    ///
    /// # Errors
    ///
    /// Files that cannot be read or followed; a model that has a head.
    pub fn open(
        folder: &Path,
        form: Option<EmbedderConfig>,
        device: &Device,
    ) -> Result<Self, PipelineError> {
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
            embedder: Embedder::new(model, form.unwrap_or(sentence.form)),
            reader,
            device: device.clone(),
            vocab_size,
            n_types,
            filler,
            max_length,
        })
    }

    /// The form that the directory asks for.
    ///
    /// # Errors
    ///
    /// Files that cannot be read or followed.
    pub fn form(folder: &Path) -> Result<EmbedderConfig, PipelineError> {
        Ok(SentenceConfig::read(folder)?.form)
    }

    /// The longest text that is read whole, in tokens; of a longer one the end is left out.
    pub fn max_length(&self) -> usize {
        self.max_length
    }

    /// How many of the texts are longer, so that their ends are not read.
    ///
    /// # Errors
    ///
    /// What the tokenizer says.
    pub fn count_cut<T: AsRef<str>>(&self, texts: &[T]) -> Result<usize, PipelineError> {
        let is_cut = |text: &T| Ok(self.reader.read(text.as_ref())?.is_cut);
        let cut = texts.iter().map(is_cut).collect::<Result<Vec<bool>, PipelineError>>()?;
        Ok(cut.into_iter().filter(|is_cut| *is_cut).count())
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
    ) -> Result<Vec<Vec<f32>>, PipelineError> {
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
        Ok(vectors)
    }

    fn pass(&self, rows: &[&Encoding]) -> Result<Vec<Vec<f32>>, PipelineError> {
        let width = rows.iter().map(|row| row.ids.len()).max().unwrap_or(0).max(1);
        let vocab_size = self.vocab_size;
        if let Some(&id) =
            rows.iter().flat_map(|row| &row.ids).find(|&&id| id as usize >= vocab_size)
        {
            return Err(PipelineError::Vocabulary { id, vocab_size });
        }
        let fill = |values: fn(&Encoding) -> &Vec<u32>, filler: u32| {
            let padded = rows.iter().flat_map(|row| {
                let values = values(row);
                let missing = std::iter::repeat_n(&filler, width - values.len());
                values.iter().chain(missing).copied().collect::<Vec<u32>>()
            });
            token_ids(&padded.collect::<Vec<u32>>(), rows.len(), &self.device)
        };
        let is_token = |row: &&Encoding| (0..width).map(|i| i < row.ids.len()).collect();
        let tokens = Tokens {
            ids: fill(|row| &row.ids, self.filler),
            types: (self.n_types > 1).then(|| fill(|row| &row.types, 0)),
            padding: Padding::from_rows(rows.iter().map(is_token).collect()),
        };
        let vectors = self.embedder.forward(&tokens);
        let width = vectors.dims()[1];
        let values = vectors
            .try_into_vec_as::<f32>()
            .map_err(|error| PipelineError::Device(error.to_string()))?;
        Ok(values.chunks_exact(width).map(<[f32]>::to_vec).collect())
    }
}
