//! What decides how a text goes on.

use thiserror::Error;

use super::constraints::Constraints;
use super::sampling::Sampling;

/// An id that no model has: as an end token, one that never comes. Configs write it -1.
pub const NO_TOKEN: u32 = u32::MAX;

/// How long to go on, and how to choose. The default is greedy, with 20 tokens at most.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// At most this many tokens are added.
    pub max_new_tokens: usize,
    /// Not before this many tokens are added may the text end.
    pub min_new_tokens: usize,
    /// The text ends after any of these tokens; with [`NO_TOKEN`] alone, never.
    pub eos: Vec<u32>,
    /// The token that a text begins with, for models that read another text; the model's own where
    /// `None`.
    pub start: Option<u32>,
    /// How a token is chosen.
    pub sampling: Sampling,
    /// Which tokens may be chosen, and which are made less likely.
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

/// A setting that makes no sense.
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
    /// Names the first that makes no sense.
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
