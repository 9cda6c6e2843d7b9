//! Sampling parameters of a request.

use super::error::ApiError;
use super::fields::Fields;
use crate::models::generate::{GenerationConfig, Options};

/// Sampling parameters, if the request specifies them.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Choice {
    pub(super) temperature: Option<f64>,
    pub(super) top_p: Option<f64>,
    pub(super) top_k: Option<i64>,
    pub(super) min_p: Option<f64>,
    pub(super) presence_penalty: Option<f64>,
    pub(super) frequency_penalty: Option<f64>,
    pub(super) repetition_penalty: Option<f64>,
    pub(super) seed: Option<i64>,
    pub(super) min_tokens: Option<usize>,
}

impl Choice {
    /// Reads the fields from a request.
    pub(super) fn read(fields: &mut Fields) -> Result<Self, ApiError> {
        Ok(Self {
            temperature: fields.number("temperature", 0.0..=2.0)?,
            top_p: fields.number("top_p", 0.0..=1.0)?,
            top_k: fields.integer("top_k", -1..=i64::MAX)?,
            min_p: fields.number("min_p", 0.0..=1.0)?,
            presence_penalty: fields.number("presence_penalty", -2.0..=2.0)?,
            frequency_penalty: fields.number("frequency_penalty", -2.0..=2.0)?,
            repetition_penalty: fields.number("repetition_penalty", 0.01..=100.0)?,
            seed: fields.integer("seed", i64::MIN..=i64::MAX)?,
            min_tokens: fields.count_from("min_tokens", 0)?,
        })
    }

    /// The options for a model with this config.
    pub(super) fn options(&self, config: &GenerationConfig, seed: u64) -> Options {
        let mut options = config.options.clone();
        let sampling = &mut options.sampling;
        // Without a temperature, sampling uses 1.0, as in OpenAI's API.
        let default = if sampling.temperature == 0.0 { 1.0 } else { sampling.temperature };
        sampling.temperature = self.temperature.unwrap_or(default);
        if let Some(top_p) = self.top_p {
            // 0 keeps only the most probable token.
            sampling.top_p = top_p.max(f64::MIN_POSITIVE);
        }
        if let Some(top_k) = self.top_k {
            // 0 and -1 keep all tokens.
            sampling.top_k = usize::try_from(top_k).ok().filter(|&top_k| top_k > 0);
        }
        if let Some(min_p) = self.min_p {
            sampling.min_p = min_p;
        }
        sampling.seed = seed;
        let constraints = &mut options.constraints;
        let set = |to: &mut f64, from: Option<f64>| *to = from.unwrap_or(*to);
        set(&mut constraints.presence_penalty, self.presence_penalty);
        set(&mut constraints.frequency_penalty, self.frequency_penalty);
        set(&mut constraints.repetition_penalty, self.repetition_penalty);
        options
    }

    /// The minimum number of new tokens; `usual` if the request does not specify it.
    pub(super) fn min_new_tokens(&self, usual: usize, most: usize) -> Result<usize, ApiError> {
        match self.min_tokens {
            Some(least) if least > most => {
                let message =
                    format!("min_tokens is {least}, but at most {most} tokens are generated");
                Err(ApiError::field("min_tokens", message))
            }
            Some(least) => Ok(least),
            None => Ok(usual.min(most)),
        }
    }
}
