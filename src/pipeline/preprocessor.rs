//! From texts to batches, and through a model.

use std::borrow::Borrow;
use std::path::Path;

use burn::tensor::{Device, Tensor};

use super::{PipelineError, TextError};
use crate::datasets::tokenizer::{Encoding, TextEncoder, Tokenizer};
use crate::models::arch::Tokens;
use crate::models::checkpoint::{self, LoadDtype, Model, ModelSpec, TaskRequirement};
use crate::models::layers::embedding::padded_ids;
use crate::models::layers::mask::Padding;

/// Rows of one forward pass.
const BATCH: usize = 32;

/// Reads texts for one model.
#[derive(Debug)]
pub(super) struct Preprocessor {
    pub(super) tokenizer: Tokenizer,
    pub(super) encoder: TextEncoder,
    device: Device,
    vocab_size: usize,
    n_types: usize,
    filler: u32,
}

/// What one forward pass gives: an answer for each of its rows.
pub(super) type Pass<'a, T> = &'a dyn Fn(Tokens, &[&Encoding]) -> Result<Vec<T>, PipelineError>;

/// The same that receives the indices of its rows.
pub(super) type PassAt<'a, T> = &'a dyn Fn(Tokens, &[usize]) -> Result<Vec<T>, PipelineError>;

/// A model of texts with all that surrounds it.
pub(super) struct Opened<M> {
    pub(super) spec: ModelSpec,
    pub(super) preprocessor: Preprocessor,
    pub(super) model: M,
}

/// Opens a directory whose model has the head for a task.
pub(super) fn open<M>(
    folder: &Path,
    device: &Device,
    requirement: TaskRequirement,
    head: fn(Model) -> Option<M>,
) -> Result<Opened<M>, PipelineError> {
    let spec = ModelSpec::read_for(folder, requirement, device)?;
    let preprocessor = Preprocessor::open(folder, &spec, None, device)?;
    let loaded = checkpoint::load_as(folder, spec, (device, LoadDtype::Checkpoint))?;
    let spec = loaded.spec;
    let wrong_head = || spec.wrong_head(requirement.name, |task| requirement.tasks.contains(&task));
    let model = head(loaded.model).ok_or_else(wrong_head)?;
    Ok(Opened { spec, preprocessor, model })
}

impl Preprocessor {
    /// Opens the tokenizer beside a model. The longest text is what is given, or else what the
    /// tokenizer says, and in any case no longer than the model reads.
    pub(super) fn open(
        folder: &Path,
        spec: &ModelSpec,
        longest: Option<usize>,
        device: &Device,
    ) -> Result<Self, PipelineError> {
        let vocab_size = spec.architecture.vocab_size();
        let tokenizer = Tokenizer::load(folder)?;
        let longest = longest.or(tokenizer.max_length()).unwrap_or(usize::MAX);
        let most = spec.architecture.max_positions().unwrap_or(usize::MAX);
        let encoder = tokenizer.text_encoder(longest.min(most))?;
        let filler = spec.config["pad_token_id"].as_u64().unwrap_or(0) as u32;
        Ok(Self {
            tokenizer,
            encoder,
            device: device.clone(),
            vocab_size,
            n_types: spec.architecture.n_types(),
            filler: if (filler as usize) < vocab_size { filler } else { 0 },
        })
    }

    /// The same for texts in small letters.
    pub(super) fn lower_cased(self) -> Result<Self, PipelineError> {
        let tokenizer = self.tokenizer.lower_cased()?;
        let encoder = tokenizer.text_encoder(self.encoder.max_length())?;
        Ok(Self { tokenizer, encoder, ..self })
    }

    /// Token ids run from 0 to this, exclusive.
    pub(super) fn vocab_size(&self) -> usize {
        self.vocab_size
    }

    pub(super) fn with_max_length(self, max_length: usize) -> Result<Self, PipelineError> {
        let max_length = max_length.min(self.encoder.max_length());
        Ok(Self { encoder: self.encoder.with_max_length(max_length)?, ..self })
    }

    /// What reading makes of each text, if the model knows all of its tokens.
    pub(super) fn encode<T>(
        &self,
        texts: &[T],
        read: impl Fn(&T) -> Result<Encoding, TextError>,
    ) -> Result<Vec<Encoding>, PipelineError> {
        let read_one = |text: &T| Ok(vec![read(text)?]);
        Ok(self.encode_windows(texts, read_one)?.into_iter().flatten().collect())
    }

    /// The same of texts that are read in pieces.
    pub(super) fn encode_windows<T>(
        &self,
        texts: &[T],
        read: impl Fn(&T) -> Result<Vec<Encoding>, TextError>,
    ) -> Result<Vec<Vec<Encoding>>, PipelineError> {
        each(texts, |text| {
            let windows = read(text)?;
            windows.iter().try_for_each(|window| check(&window.ids, self.vocab_size))?;
            Ok(windows)
        })
    }

    /// How many texts are longer than what is read.
    pub(super) fn cut<T: AsRef<str>>(&self, texts: &[T]) -> Result<usize, PipelineError> {
        let cut = each(texts, |text| Ok(self.encoder.encode(text.as_ref())?.is_cut))?;
        Ok(cut.into_iter().filter(|is_cut| *is_cut).count())
    }

    /// Runs a model over encodings, and gives its answers in their order. `done` hears how many are
    /// ready.
    ///
    /// Rows of like length share a pass; an answer does not depend on the other rows.
    pub(super) fn run<T>(
        &self,
        encodings: &[Encoding],
        done: &mut dyn FnMut(usize),
        pass: Pass<'_, T>,
    ) -> Result<Vec<T>, PipelineError> {
        self.run_at(encodings, done, &|tokens, rows| {
            let rows: Vec<&Encoding> = rows.iter().map(|&index| &encodings[index]).collect();
            pass(tokens, &rows)
        })
    }

    /// The same where a pass receives the indices of its rows.
    pub(super) fn run_at<E: Borrow<Encoding>, T>(
        &self,
        texts: &[E],
        done: &mut dyn FnMut(usize),
        pass: PassAt<'_, T>,
    ) -> Result<Vec<T>, PipelineError> {
        let encodings: Vec<&Encoding> = texts.iter().map(E::borrow).collect();
        let mut order: Vec<usize> = (0..encodings.len()).collect();
        order.sort_by_key(|&index| std::cmp::Reverse(encodings[index].ids.len()));
        let mut answers: Vec<Option<T>> = encodings.iter().map(|_| None).collect();
        let mut ready = 0;
        for batch in order.chunks(BATCH) {
            let rows: Vec<&Encoding> = batch.iter().map(|&index| encodings[index]).collect();
            for (&index, answer) in batch.iter().zip(pass(self.tokens(&rows), batch)?) {
                answers[index] = Some(answer);
            }
            ready += batch.len();
            done(ready);
        }
        Ok(answers.into_iter().flatten().collect())
    }

    /// The same of texts in pieces: the answers for the pieces of each text.
    pub(super) fn run_windows<T>(
        &self,
        windows: &[Vec<Encoding>],
        pass: Pass<'_, T>,
    ) -> Result<Vec<Vec<T>>, PipelineError> {
        let all: Vec<Encoding> = windows.iter().flatten().cloned().collect();
        let mut answers = self.run(&all, &mut |_| {}, pass)?.into_iter();
        Ok(windows.iter().map(|of| answers.by_ref().take(of.len()).collect()).collect())
    }

    fn tokens(&self, rows: &[&Encoding]) -> Tokens {
        let ids: Vec<&[u32]> = rows.iter().map(|row| row.ids.as_slice()).collect();
        let types: Vec<&[u32]> = rows.iter().map(|row| row.types.as_slice()).collect();
        let lengths: Vec<usize> = ids.iter().map(|row| row.len()).collect();
        Tokens {
            ids: padded_ids(&ids, self.filler, &self.device),
            types: (self.n_types > 1).then(|| padded_ids(&types, 0, &self.device)),
            padding: Padding::right(&lengths),
        }
    }
}

/// What becomes of each text; says which one has no answer.
pub(super) fn each<T, U>(
    texts: &[T],
    answer: impl Fn(&T) -> Result<U, TextError>,
) -> Result<Vec<U>, PipelineError> {
    let answer =
        |(index, text)| answer(text).map_err(|source| PipelineError::Text { index, source });
    texts.iter().enumerate().map(answer).collect()
}

/// Refuses ids that a model with so many tokens does not know.
pub(super) fn check(ids: &[u32], vocab_size: usize) -> Result<(), TextError> {
    match ids.iter().find(|&&id| id as usize >= vocab_size) {
        Some(&id) => Err(TextError::Vocabulary { id, vocab_size }),
        None => Ok(()),
    }
}

/// A tensor's values, on the host.
pub(super) fn values<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>, PipelineError> {
    tensor.try_into_vec_as::<f32>().map_err(|error| PipelineError::Device(error.to_string()))
}

/// A vector for each row.
pub(super) fn rows(tensor: Tensor<2>) -> Result<Vec<Vec<f32>>, PipelineError> {
    let width = tensor.dims()[1];
    Ok(values(tensor)?.chunks_exact(width).map(<[f32]>::to_vec).collect())
}

/// A vector for each token of each row, without what only fills the rows up.
pub(super) fn token_rows(
    tensor: Tensor<3>,
    encodings: &[&Encoding],
) -> Result<Vec<Vec<Vec<f32>>>, PipelineError> {
    let [_, length, width] = tensor.dims();
    let of_tokens = |(row, encoding): (&[f32], &&Encoding)| {
        row.chunks_exact(width).take(encoding.ids.len()).map(<[f32]>::to_vec).collect()
    };
    let values = values(tensor)?;
    Ok(values.chunks_exact(length * width).zip(encodings).map(of_tokens).collect())
}
