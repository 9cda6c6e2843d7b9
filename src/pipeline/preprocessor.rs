//! Tokenization, batches, and the forward passes of pipelines.

use std::borrow::Borrow;
use std::path::Path;

use burn::tensor::{Device, Tensor};

use super::{PipelineError, TextError};
use crate::datasets::tokenizer::{Encoding, TextEncoder, Tokenizer};
use crate::models::backbones::{Inputs, TokenBatch};
use crate::models::checkpoint::{self, LoadDtype, Model, ModelSpec, TaskRequirement};
use crate::models::layers::embedding::padded_ids;
use crate::models::layers::mask::Padding;

/// Rows in one forward pass.
const BATCH: usize = 32;

/// Tokenizes texts for a model.
#[derive(Debug)]
pub(super) struct Preprocessor {
    pub(super) tokenizer: Tokenizer,
    pub(super) encoder: TextEncoder,
    device: Device,
    vocab_size: usize,
    n_types: usize,
    filler: u32,
}

/// A forward pass over a batch; returns one output for each row.
pub(super) type Pass<'a, T> = &'a dyn Fn(Inputs, &[&Encoding]) -> Result<Vec<T>, PipelineError>;

/// The same, called with the indices of the rows.
pub(super) type PassAt<'a, T> = &'a dyn Fn(Inputs, &[usize]) -> Result<Vec<T>, PipelineError>;

/// A loaded model with its specification and preprocessor.
pub(super) struct Opened<M> {
    pub(super) spec: ModelSpec,
    pub(super) preprocessor: Preprocessor,
    pub(super) model: M,
}

/// Loads a directory whose model has the head for a task.
pub(super) fn open<M>(
    folder: &Path,
    device: &Device,
    requirement: TaskRequirement,
    head: fn(Model) -> Option<M>,
) -> Result<Opened<M>, PipelineError> {
    let spec = ModelSpec::read_for(folder, requirement, device)?;
    let preprocessor = Preprocessor::open(folder, &spec, None, device)?;
    let loaded = checkpoint::load_as(folder, spec, device, LoadDtype::Checkpoint)?;
    let spec = loaded.spec;
    let wrong_head = || spec.wrong_head(requirement.name, |task| requirement.tasks.contains(&task));
    let model = head(loaded.model).ok_or_else(wrong_head)?;
    Ok(Opened { spec, preprocessor, model })
}

impl Preprocessor {
    /// Loads the tokenizer of a model directory. The maximum length is `longest`, else the
    /// tokenizer's, and at most the model's maximum number of positions.
    pub(super) fn open(
        folder: &Path,
        spec: &ModelSpec,
        longest: Option<usize>,
        device: &Device,
    ) -> Result<Self, PipelineError> {
        let vocab_size = spec.architecture.backbone.vocab_size();
        let tokenizer = Tokenizer::load(folder)?;
        let longest = longest.or(tokenizer.max_length()).unwrap_or(usize::MAX);
        let most = spec.architecture.backbone.max_positions().unwrap_or(usize::MAX);
        let encoder = tokenizer.text_encoder(longest.min(most))?;
        let filler = spec.config["pad_token_id"].as_u64().unwrap_or(0) as u32;
        Ok(Self {
            tokenizer,
            encoder,
            device: device.clone(),
            vocab_size,
            n_types: spec.architecture.backbone.n_types(),
            filler: if (filler as usize) < vocab_size { filler } else { 0 },
        })
    }

    /// Lowercases texts before tokenization.
    pub(super) fn lower_cased(self) -> Result<Self, PipelineError> {
        let tokenizer = self.tokenizer.lower_cased()?;
        let encoder = tokenizer.text_encoder(self.encoder.max_length())?;
        Ok(Self { tokenizer, encoder, ..self })
    }

    /// Token IDs are less than this.
    pub(super) fn vocab_size(&self) -> usize {
        self.vocab_size
    }

    pub(super) fn with_max_length(self, max_length: usize) -> Result<Self, PipelineError> {
        let max_length = max_length.min(self.encoder.max_length());
        Ok(Self { encoder: self.encoder.with_max_length(max_length)?, ..self })
    }

    /// Encodes each text; fails on tokens outside the model's vocabulary.
    pub(super) fn encode<T>(
        &self,
        texts: &[T],
        read: impl Fn(&T) -> Result<Encoding, TextError>,
    ) -> Result<Vec<Encoding>, PipelineError> {
        let read_one = |text: &T| Ok(vec![read(text)?]);
        Ok(self.encode_windows(texts, read_one)?.into_iter().flatten().collect())
    }

    /// The same for texts that are split into windows.
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

    /// The number of texts that are truncated.
    pub(super) fn cut<T: AsRef<str>>(&self, texts: &[T]) -> Result<usize, PipelineError> {
        let cut = each(texts, |text| Ok(self.encoder.encode(text.as_ref())?.is_cut))?;
        Ok(cut.into_iter().filter(|is_cut| *is_cut).count())
    }

    /// Runs a model over encodings and returns the outputs in order. `done` is called with the
    /// number of finished rows.
    ///
    /// Rows of similar length share a forward pass; an output does not depend on the other rows.
    pub(super) fn run<T>(
        &self,
        encodings: &[Encoding],
        done: &mut dyn FnMut(usize),
        pass: Pass<'_, T>,
    ) -> Result<Vec<T>, PipelineError> {
        self.run_at(encodings, done, &|inputs, rows| {
            let rows: Vec<&Encoding> = rows.iter().map(|&index| &encodings[index]).collect();
            pass(inputs, &rows)
        })
    }

    /// The same, with a pass that receives the indices of its rows.
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
            for (&index, answer) in batch.iter().zip(pass(self.inputs(&rows), batch)?) {
                answers[index] = Some(answer);
            }
            ready += batch.len();
            done(ready);
        }
        Ok(answers.into_iter().flatten().collect())
    }

    /// The same for texts in windows: the outputs for the windows of each text.
    pub(super) fn run_windows<T>(
        &self,
        windows: &[Vec<Encoding>],
        pass: Pass<'_, T>,
    ) -> Result<Vec<Vec<T>>, PipelineError> {
        let all: Vec<Encoding> = windows.iter().flatten().cloned().collect();
        let mut answers = self.run(&all, &mut |_| {}, pass)?.into_iter();
        Ok(windows.iter().map(|of| answers.by_ref().take(of.len()).collect()).collect())
    }

    fn inputs(&self, rows: &[&Encoding]) -> Inputs {
        let ids: Vec<&[u32]> = rows.iter().map(|row| row.ids.as_slice()).collect();
        let types: Vec<&[u32]> = rows.iter().map(|row| row.types.as_slice()).collect();
        let lengths: Vec<usize> = ids.iter().map(|row| row.len()).collect();
        Inputs::text(TokenBatch {
            source: padded_ids(&ids, self.filler, &self.device).into(),
            types: (self.n_types > 1).then(|| padded_ids(&types, 0, &self.device)),
            padding: Padding::right(&lengths),
        })
    }
}

/// Maps each text; an error contains the index of its text.
pub(super) fn each<T, U>(
    texts: &[T],
    answer: impl Fn(&T) -> Result<U, TextError>,
) -> Result<Vec<U>, PipelineError> {
    let answer =
        |(index, text)| answer(text).map_err(|source| PipelineError::Text { index, source });
    texts.iter().enumerate().map(answer).collect()
}

/// Rejects token IDs outside the model's vocabulary.
pub(super) fn check(ids: &[u32], vocab_size: usize) -> Result<(), TextError> {
    match ids.iter().find(|&&id| id as usize >= vocab_size) {
        Some(&id) => Err(TextError::Vocabulary { id, vocab_size }),
        None => Ok(()),
    }
}

/// Copies a tensor's values to the host.
pub(super) fn values<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>, PipelineError> {
    tensor.try_into_vec_as::<f32>().map_err(|error| PipelineError::Device(error.to_string()))
}

/// One vector for each row.
pub(super) fn rows(tensor: Tensor<2>) -> Result<Vec<Vec<f32>>, PipelineError> {
    let width = tensor.dims()[1];
    Ok(values(tensor)?.chunks_exact(width).map(<[f32]>::to_vec).collect())
}

/// One vector for each token of each row, without padding.
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
