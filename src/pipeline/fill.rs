//! Fill-mask: predicts masked tokens.

use std::path::Path;

use burn::tensor::{Device, Int, Tensor, TensorData};
use serde::{Deserialize, Serialize};

use super::preprocessor::{self, Opened, Preprocessor};
use super::scores::{best, softmax};
use super::{PipelineError, TextError};
use crate::datasets::tokenizer::{Encoding, Special, SpecialToken, SpecialTokens, TokenizerError};
use crate::models::backbones::Inputs;
use crate::models::checkpoint::{Model, TaskRequirement};
use crate::models::families::Task;
use crate::models::heads::MaskedLm;
use crate::models::parameters;
use crate::models::precision::Precision;

/// Predicts the tokens at the masks of a text.
#[derive(Debug)]
pub struct FillMask {
    preprocessor: Preprocessor,
    model: MaskedLm,
    mask: SpecialToken,
    padding: Option<u32>,
    device: Device,
}

/// A predicted token.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Filling {
    /// Its probability.
    pub score: f32,
    /// Its ID.
    pub token: u32,
    /// The token as text.
    pub token_str: String,
    /// The full text with this mask filled; other masks remain.
    pub sequence: String,
}

/// The candidate tokens for a mask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Targets {
    ids: Vec<u32>,
    /// The words that are not in the vocabulary.
    pub replaced: Vec<ReplacedWord>,
}

/// A target word that is not in the vocabulary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplacedWord {
    /// The word.
    pub word: String,
    /// Its first token, which replaces it.
    pub token: String,
}

/// The IDs and probabilities of tokens, for each mask of a text.
type Found = Vec<Vec<(u32, f32)>>;

/// Selects tokens from the probabilities of the whole vocabulary.
type Choose<'a> = &'a dyn Fn(&[f32]) -> Vec<(u32, f32)>;

/// The predicted tokens for each mask of each text.
type Filled = Vec<Vec<Vec<Filling>>>;

impl FillMask {
    /// Loads a model directory.
    ///
    /// # Errors
    ///
    /// Unreadable or invalid files; a model with another head; a tokenizer without a mask token.
    pub fn open(folder: &Path, device: &Device) -> Result<Self, PipelineError> {
        let requirement =
            TaskRequirement { name: "a masked language model", tasks: &[Task::MaskedLm] };
        let Opened { preprocessor, model, .. } =
            preprocessor::open(folder, device, requirement, |model| match model {
                Model::MaskedLm(model) => Some(model),
                _ => None,
            })?;
        let mask = preprocessor.tokenizer.special(Special::Mask).ok_or_else(|| {
            let reason = "the tokenizer has no mask token; `mask_token` defines it".into();
            PipelineError::File { path: folder.join("tokenizer_config.json"), reason }
        })?;
        let padding = preprocessor.tokenizer.special(Special::Padding).map(|token| token.id);
        Ok(Self { preprocessor, model, mask, padding, device: device.clone() })
    }

    /// The text of the mask token, such as `[MASK]`.
    pub fn mask(&self) -> &str {
        &self.mask.text
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

    /// The `top_k` most probable tokens for each mask of each text.
    ///
    /// # Errors
    ///
    /// A text without a mask, or with a token outside the model's vocabulary; a device failure.
    pub fn fill<T: AsRef<str>>(
        &self,
        texts: &[T],
        top_k: usize,
    ) -> Result<Vec<Vec<Vec<Filling>>>, PipelineError> {
        let choose = |scores: &[f32]| {
            best(scores, top_k).into_iter().map(|id| (id as u32, scores[id])).collect()
        };
        self.filled(texts, &choose)
    }

    /// The `top_k` most probable tokens for each mask of one text.
    ///
    /// # Errors
    ///
    /// See [`FillMask::fill`].
    pub fn fill_one(&self, text: &str, top_k: usize) -> Result<Vec<Vec<Filling>>, PipelineError> {
        Ok(self.fill(&[text], top_k)?.remove(0))
    }

    /// The `top_k` most probable targets for each mask of each text; the softmax is over the whole
    /// vocabulary.
    ///
    /// # Errors
    ///
    /// See [`FillMask::fill`].
    pub fn fill_among<T: AsRef<str>>(
        &self,
        texts: &[T],
        targets: &Targets,
        top_k: usize,
    ) -> Result<Vec<Vec<Vec<Filling>>>, PipelineError> {
        let choose = |scores: &[f32]| {
            let among: Vec<f32> = targets.ids.iter().map(|&id| scores[id as usize]).collect();
            let chosen = best(&among, top_k).into_iter();
            chosen.map(|index| (targets.ids[index], among[index])).collect()
        };
        self.filled(texts, &choose)
    }

    /// The tokens of words. A word that is not in the vocabulary is replaced by its first token.
    ///
    /// # Errors
    ///
    /// A word without a known token.
    pub fn targets<T: AsRef<str>>(&self, words: &[T]) -> Result<Targets, PipelineError> {
        let mut targets = Targets { ids: Vec::new(), replaced: Vec::new() };
        let unknown = self.preprocessor.tokenizer.special(Special::Unknown).map(|token| token.id);
        for word in words.iter().map(AsRef::as_ref).filter(|word| !word.is_empty()) {
            let id = match self.preprocessor.tokenizer.id(word) {
                Some(id) => id,
                None => {
                    let first = self.preprocessor.tokenizer.encode(word)?.first().copied();
                    let known = first.filter(|id| Some(*id) != unknown).ok_or_else(|| {
                        PipelineError::InvalidRequest(format!(
                            "the tokenizer has no token for {word:?}"
                        ))
                    })?;
                    let token = self.preprocessor.tokenizer.token(known)?;
                    targets.replaced.push(ReplacedWord { word: word.to_owned(), token });
                    known
                }
            };
            if !targets.ids.contains(&id) {
                targets.ids.push(id);
            }
        }
        if targets.ids.is_empty() {
            return Err(PipelineError::InvalidRequest("the targets contain no word".into()));
        }
        let known = preprocessor::check(&targets.ids, self.preprocessor.vocab_size());
        known.map_err(|error| PipelineError::InvalidRequest(error.to_string()))?;
        Ok(targets)
    }

    fn filled<T: AsRef<str>>(
        &self,
        texts: &[T],
        choose: Choose<'_>,
    ) -> Result<Filled, PipelineError> {
        let encodings = self.preprocessor.encode(texts, |text| self.read(text.as_ref()))?;
        let found: Vec<Found> =
            self.preprocessor
                .run(&encodings, &mut |_| {}, &|inputs, rows| self.pass(&inputs, rows, choose))?;
        let answers: Vec<_> = encodings.iter().zip(&found).collect();
        preprocessor::each(&answers, |(encoding, found)| Ok(self.fillings(encoding, found)?))
    }

    fn read(&self, text: &str) -> Result<Encoding, TextError> {
        let encoding = self.preprocessor.encoder.encode(text)?;
        let (mask, max_length) = (self.mask.text.clone(), self.max_length());
        if encoding.ids.contains(&self.mask.id) {
            return Ok(encoding);
        }
        let is_beyond = encoding.is_cut && text.contains(&mask);
        Err(if is_beyond {
            TextError::MaskIsCut { mask, max_length }
        } else {
            TextError::NoMask { mask }
        })
    }

    /// Computes logits at the masks only: logits of every position would need gigabytes.
    fn pass(
        &self,
        inputs: &Inputs,
        rows: &[&Encoding],
        choose: Choose<'_>,
    ) -> Result<Vec<Found>, PipelineError> {
        let hidden = self.model.backbone.forward(inputs);
        let [batch, length, d_model] = hidden.dims();
        let masks: Vec<Vec<usize>> = rows.iter().map(|row| self.masks(row)).collect();
        let positions: Vec<i64> = (masks.iter().enumerate())
            .flat_map(|(row, masks)| masks.iter().map(move |mask| (row * length + mask) as i64))
            .collect();
        let count = positions.len();
        let positions =
            Tensor::<1, Int>::from_data(TensorData::new(positions, [count]), &self.device);
        let hidden = hidden.reshape([batch * length, d_model]).select(0, positions);
        let logits = self.model.logits(hidden.unsqueeze_dim(0)).squeeze_dim::<2>(0);
        let mut chosen =
            preprocessor::rows(logits)?.into_iter().map(|logits| choose(&softmax(&logits)));
        Ok(masks.iter().map(|masks| chosen.by_ref().take(masks.len()).collect()).collect())
    }

    fn masks(&self, encoding: &Encoding) -> Vec<usize> {
        (0..encoding.ids.len()).filter(|&index| encoding.ids[index] == self.mask.id).collect()
    }

    fn fillings(
        &self,
        encoding: &Encoding,
        found: &Found,
    ) -> Result<Vec<Vec<Filling>>, TokenizerError> {
        let tokenizer = &self.preprocessor.tokenizer;
        // Omitting special tokens would also remove the other masks.
        let special =
            if found.len() == 1 { SpecialTokens::LeftOut } else { SpecialTokens::Written };
        let filling = |index: usize, &(token, score): &(u32, f32)| {
            let mut ids = encoding.ids.clone();
            ids[index] = token;
            ids.retain(|id| Some(*id) != self.padding);
            Ok(Filling {
                score,
                token,
                token_str: tokenizer.decode_with(&[token], SpecialTokens::Written)?,
                sequence: tokenizer.decode_with(&ids, special)?,
            })
        };
        let of_mask = |(index, found): (usize, &Vec<(u32, f32)>)| {
            found.iter().map(|found| filling(index, found)).collect()
        };
        self.masks(encoding).into_iter().zip(found).map(of_mask).collect()
    }
}
