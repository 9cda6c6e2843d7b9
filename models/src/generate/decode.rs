//! Continuing prompts, all at once.

use thiserror::Error;

use super::generative_model::GenerativeModel;
use super::options::{Options, OptionsError};
use super::request::{Event, Prompt, Request, check_prompt};
use super::scheduler::BatchScheduler;

/// What happens after a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// The text goes on.
    Continue,
    /// This text ends here.
    EndText,
    /// All texts end here.
    EndAll,
}

/// Why a prompt cannot be continued.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum GenerateError {
    /// Nothing to continue.
    #[error("prompt {row} has no tokens; give at least one character")]
    Empty {
        /// The prompt's place in the batch.
        row: usize,
    },
    /// A token that the model does not know.
    #[error("token id {token} is out of range; the model has {vocab_size} tokens")]
    OutOfRange {
        /// The token.
        token: u32,
        /// The size of the vocabulary.
        vocab_size: usize,
    },
    /// More tokens than the model has positions.
    #[error("the prompt has {length} tokens and the model's context is {context}; shorten it")]
    TooLong {
        /// Tokens of the prompt.
        length: usize,
        /// The longest sequence, in tokens.
        context: usize,
    },
    /// A setting that makes no sense.
    #[error(transparent)]
    Options(#[from] OptionsError),
    /// A draft that writes in other tokens.
    #[error("the draft has {draft} tokens and the model {vocab_size}; they must share a tokenizer")]
    Draft {
        /// The size of the model's vocabulary.
        vocab_size: usize,
        /// The size of the draft's.
        draft: usize,
    },
    /// Log-probabilities of a text that the model reads and does not continue.
    #[error(
        "an encoder-decoder does not predict its prompt, so the prompt has no log-probabilities"
    )]
    Source,
    /// A score that is not a number.
    #[error("the model's scores are not finite; its weights may be broken")]
    NotFinite,
}

impl Request {
    /// Checks that a model can continue the prompt.
    ///
    /// # Errors
    ///
    /// An empty prompt, one longer than the context, a token id out of range.
    pub fn check(&self, model: &dyn GenerativeModel) -> Result<(), GenerateError> {
        check_prompt(model, 0, self)
    }
}

impl GenerateError {
    /// Whether another prompt may be continued all the same.
    pub fn is_of_prompt(&self) -> bool {
        matches!(self, Self::Empty { .. } | Self::OutOfRange { .. } | Self::TooLong { .. })
    }
}

/// Continues every prompt and returns the tokens added, one list for each.
///
/// A decoder continues the prompt; an encoder-decoder writes what follows on it. `receive` sees every
/// token as it is chosen, its text's place among the prompts in [`RequestId::index`](super::RequestId::index),
/// and says how that text goes on. See [`BatchScheduler`] for texts that come one by one.
///
/// # Errors
///
/// An empty prompt, one longer than the context, a token id out of range, options that make no sense,
/// scores that are no numbers.
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
