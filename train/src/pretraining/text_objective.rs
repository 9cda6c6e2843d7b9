//! What a model learns from running text.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use zoo_datasets::batch::{Corruption, Denoising, MaskUnit, Masking, Noise, SpanCorruption};
use zoo_datasets::tokenizer::{Frame, Special, Tokenizer};
use zoo_models::checkpoint::Model;
use zoo_models::families::Task;

use crate::error::TrainError;

/// An objective on running text, with its settings.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TextObjective {
    /// The next token; an encoder-decoder continues the first half of each window.
    NextToken,
    /// Hidden tokens, from all others.
    Masked {
        /// The share of the tokens.
        share: f64,
        /// What is hidden.
        unit: MaskUnit,
    },
    /// Spans that sentinels stand for.
    SpanCorruption(Noise),
    /// A text whose sentences are in another order, and whose spans are masked.
    Denoising(Noise),
}

impl TextObjective {
    /// BERT's masked tokens.
    pub const MASKED: Self = Self::Masked { share: Masking::SHARE, unit: MaskUnit::Token };

    /// The objective of a model of which nothing else is known; `None` if it learns nothing from
    /// running text.
    pub fn of(model: &Model) -> Option<Self> {
        match model {
            Model::CausalLm(_) | Model::Seq2SeqLm(_) => Some(Self::NextToken),
            Model::MaskedLm(_) => Some(Self::MASKED),
            _ => None,
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::NextToken => "next-token",
            Self::Masked { .. } => "masked",
            Self::SpanCorruption(_) => "span-corruption",
            Self::Denoising(_) => "denoising",
        }
    }

    /// Whether a model with this head can learn it.
    pub fn fits(self, head: Task) -> bool {
        match self {
            Self::NextToken => head.is_generative(),
            Self::Masked { .. } => head == Task::MaskedLm,
            Self::SpanCorruption(_) | Self::Denoising(_) => head == Task::Seq2SeqLm,
        }
    }

    /// Whether a tokenizer has the tokens that stand for hidden ones.
    pub fn has_tokens(self, tokenizer: &Tokenizer) -> bool {
        match self {
            Self::NextToken => true,
            Self::Masked { .. } | Self::Denoising(_) => tokenizer.special(Special::Mask).is_some(),
            Self::SpanCorruption(_) => !tokenizer.sentinels().is_empty(),
        }
    }

    /// The first invalid setting, with its flag and the reason.
    pub fn problem(self) -> Option<String> {
        let inside = |flag: &str, value: f64| {
            let is_inside = value > 0.0 && value < 1.0;
            (!is_inside).then(|| format!("{flag} is {value}; it must be between 0 and 1"))
        };
        match self {
            Self::NextToken => None,
            Self::Masked { share, .. } => inside("--mask-share", share),
            Self::SpanCorruption(noise) | Self::Denoising(noise) => {
                let Noise { density, mean_span } = noise;
                // The probability of a span of length 0 must not underflow.
                let is_span = (1.0..=MAX_SPAN).contains(&mean_span);
                let reason = format!("it must be at least 1 and at most {MAX_SPAN}");
                inside("--noise-density", density)
                    .or((!is_span).then(|| format!("--mean-span is {mean_span}; {reason}")))
            }
        }
    }

    /// The masking of a text; `None` for another objective.
    ///
    /// # Errors
    ///
    /// The tokenizer has no mask token.
    pub fn masking(
        self,
        tokenizer: &Tokenizer,
        vocab_size: usize,
    ) -> Result<Option<Masking>, TrainError> {
        let Self::Masked { share, unit } = self else { return Ok(None) };
        let vocab_size = tokenizer.vocab_size().min(vocab_size);
        Ok(Some(Masking {
            mask: mask(tokenizer)?,
            random: 0..vocab_size as u32,
            share,
            unit,
            boundaries: Arc::new(tokenizer.boundaries()),
        }))
    }

    /// The corruption of a text for sequences of `context` tokens; `None` for another objective.
    ///
    /// # Errors
    ///
    /// The tokenizer has no mask token, or not as many sentinels as a text has spans.
    pub fn corruption(
        self,
        tokenizer: &Tokenizer,
        context: usize,
    ) -> Result<Option<Corruption>, TrainError> {
        let corruption = match self {
            Self::NextToken | Self::Masked { .. } => return Ok(None),
            Self::SpanCorruption(noise) => {
                let frame = tokenizer.frame().map_err(TrainError::data)?;
                let sentinels = tokenizer.sentinels();
                Corruption::Spans(SpanCorruption { noise, sentinels, frame })
            }
            Self::Denoising(noise) => Corruption::Denoising(Denoising {
                noise,
                mask: mask(tokenizer)?,
                boundaries: Arc::new(tokenizer.boundaries()),
                frame: tokenizer.frame().map_err(TrainError::data)?,
            }),
        };
        let Some(window) = corruption.window(context) else {
            let name = self.name();
            return Err(TrainError::Data(format!("--context is {context}, too short for {name}")));
        };
        if let Corruption::Spans(SpanCorruption { noise, sentinels, .. }) = &corruption {
            let (spans, known) = (SpanCorruption::spans(*noise, window), sentinels.len());
            if known == 0 {
                return Err(TrainError::Data(
                    "the tokenizer has no sentinel tokens <extra_id_0>, <extra_id_1> …, which \
                     span-corruption needs; choose another --objective"
                        .to_string(),
                ));
            }
            if spans > known {
                return Err(TrainError::Data(format!(
                    "--context {context} takes {spans} sentinel tokens, and the tokenizer has \
                     {known}; choose a smaller --context or a larger --mean-span"
                )));
            }
        }
        Ok(Some(corruption))
    }

    /// The number of sentinels that a new tokenizer needs for sequences of `context` tokens: T5's
    /// 100, or more.
    pub fn new_sentinels(self, context: usize) -> usize {
        let Self::SpanCorruption(noise) = self else { return 0 };
        let frame = Frame { before: Vec::new(), after: vec![0] };
        let window = SpanCorruption { noise, sentinels: Vec::new(), frame }.window(context);
        window.map_or(0, |window| SpanCorruption::spans(noise, window)).max(SENTINELS)
    }
}

/// The longest mean of spans, in tokens.
const MAX_SPAN: f64 = 500.0;

/// The number of T5's sentinels.
const SENTINELS: usize = 100;

fn mask(tokenizer: &Tokenizer) -> Result<u32, TrainError> {
    let found = tokenizer.special(Special::Mask).map(|token| token.id);
    let missing = "the tokenizer has no mask token, which the objective needs";
    found.ok_or_else(|| TrainError::Data(missing.to_string()))
}
