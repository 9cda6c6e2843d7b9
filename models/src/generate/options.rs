//! Generation options of one text.

use thiserror::Error;

use super::constraints::Constraints;
use super::sampling::Sampling;

/// A token id that no model has, as an end token that never occurs; -1 in configs.
pub const NO_TOKEN: u32 = u32::MAX;

/// Length limits, sampling and constraints. The default is greedy decoding of at most 20 tokens.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// The maximum number of generated tokens.
    pub max_new_tokens: usize,
    /// The minimum number of generated tokens before an end token.
    pub min_new_tokens: usize,
    /// The end tokens; with [`NO_TOKEN`] alone, no token ends the text.
    pub eos: Vec<u32>,
    /// The start token of an encoder-decoder's text; the model's own if `None`.
    pub start: Option<u32>,
    /// How a token is chosen.
    pub sampling: Sampling,
    /// Forbidden, forced and penalized tokens.
    pub constraints: Constraints,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            max_new_tokens: 20,
            min_new_tokens: 0,
            eos: Vec::new(),
            start: None,
            sampling: Sampling::default(),
            constraints: Constraints::default(),
        }
    }
}

/// An invalid setting.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{setting} is {value}; {rule}")]
pub struct OptionsError {
    /// Its name in `generation_config.json`.
    pub setting: &'static str,
    pub(super) value: String,
    pub(super) rule: String,
}

impl OptionsError {
    pub(super) fn new(setting: &'static str, value: impl ToString, rule: &str) -> Self {
        Self { setting, value: value.to_string(), rule: rule.into() }
    }
}

impl Options {
    /// Checks the settings.
    ///
    /// # Errors
    ///
    /// The error names the first invalid setting.
    pub fn validate(&self) -> Result<(), OptionsError> {
        self.sampling.validate()?;
        self.constraints.validate()?;
        if self.min_new_tokens > self.max_new_tokens {
            let rule = format!("it must be at most max_new_tokens, {}", self.max_new_tokens);
            return Err(OptionsError::new("min_new_tokens", self.min_new_tokens, &rule));
        }
        Ok(())
    }
}
