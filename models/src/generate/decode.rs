//! Generates continuations of a batch of prompts.

use thiserror::Error;

use super::generative_model::GenerativeModel;
use super::options::{Options, OptionsError};
use super::request::{Event, Prompt, Request, check_prompt};
use super::scheduler::BatchScheduler;

/// How generation proceeds after a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// Continue the text.
    Continue,
    /// End this text.
    EndText,
    /// End all texts.
    EndAll,
}

/// Why a prompt cannot be continued.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum GenerateError {
    /// The prompt is empty.
    #[error("prompt {row} has no tokens; give at least one character")]
    Empty {
        /// The prompt's index in the batch.
        row: usize,
    },
    /// A token id outside of the model's vocabulary.
    #[error("token id {token} is out of range; the model has {vocab_size} tokens")]
    OutOfRange {
        /// The token.
        token: u32,
        /// The size of the vocabulary.
        vocab_size: usize,
    },
    /// The prompt is longer than the model's context.
    #[error("the prompt has {length} tokens and the model's context is {context}; shorten it")]
    TooLong {
        /// The length of the prompt in tokens.
        length: usize,
        /// The maximum sequence length in tokens.
        context: usize,
    },
    /// An invalid setting.
    #[error(transparent)]
    Options(#[from] OptionsError),
    /// A draft model with another vocabulary.
    #[error(
        "the draft model has {draft} tokens and the model {vocab_size}; they must share a tokenizer"
    )]
    Draft {
        /// The size of the model's vocabulary.
        vocab_size: usize,
        /// The size of the draft model's vocabulary.
        draft: usize,
    },
    /// Log-probabilities requested for the source of an encoder-decoder.
    #[error(
        "an encoder-decoder does not predict its prompt, so the prompt has no log-probabilities"
    )]
    Source,
    /// A logit that is not finite.
    #[error("the model's logits are not finite; its weights may be corrupt")]
    NotFinite,
}

impl Request {
    /// Checks that a model can continue the prompt.
    ///
    /// # Errors
    ///
    /// An empty prompt, a prompt longer than the context, a token id out of range.
    pub fn check(&self, model: &dyn GenerativeModel) -> Result<(), GenerateError> {
        check_prompt(model, 0, self)
    }
}

impl GenerateError {
    /// Whether the error concerns one prompt, so that others can still be continued.
    pub fn is_of_prompt(&self) -> bool {
        matches!(self, Self::Empty { .. } | Self::OutOfRange { .. } | Self::TooLong { .. })
    }
}

/// Continues every prompt and returns the generated tokens, one list per prompt.
///
/// A decoder-only model continues the prompt; an encoder-decoder generates a target text for it.
/// `receive` is called with every token as it is chosen and returns how to proceed; the prompt's
/// index is [`RequestId::index`](super::RequestId::index). See [`BatchScheduler`] for requests that
/// arrive over time.
///
/// # Errors
///
/// An empty prompt, a prompt longer than the context, a token id out of range, invalid options,
/// non-finite logits.
pub fn generate(
    model: &dyn GenerativeModel,
    prompts: &[Prompt],
    options: &Options,
    receive: &mut dyn FnMut(&Event) -> Flow,
) -> Result<Vec<Vec<u32>>, GenerateError> {
    let mut scheduler = BatchScheduler::new(model);
    for (prompt, stream) in prompts.iter().zip(0..) {
        scheduler.submit(Request { prompt: prompt.clone(), options: options.clone(), stream })?;
    }
    let mut added: Vec<Vec<u32>> = vec![Vec::new(); prompts.len()];
    while !scheduler.is_empty() {
        for event in scheduler.step()? {
            added[event.request_id.index()].push(event.token);
            match receive(&event) {
                Flow::Continue => {}
                Flow::EndText => scheduler.cancel(event.request_id),
                Flow::EndAll => return Ok(added),
            }
        }
    }
    Ok(added)
}
