//! Requests for texts, and what comes of them.

use super::GenerateError;
use super::generative_model::{GenerativeModel, SequenceState};
use super::logprobs::TokenLogprobs;
use super::options::Options;

/// What to continue: a text's tokens, at least one.
pub type Prompt = Vec<u32>;

/// A prompt to be continued. Its draws depend on the seed in its options and on `stream`, and on
/// nothing beside it.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// What to continue.
    pub prompt: Prompt,
    /// How.
    pub options: Options,
    /// Tells texts apart that share a seed.
    pub stream: u64,
}

/// The id of a submitted request; ids count from 0 in the order of submission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RequestId(pub(super) u64);

impl RequestId {
    /// The only one where there is one text.
    pub(super) const FIRST: Self = Self(0);

    /// Its number, from 0 on.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A token was added to a text.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// The text's request.
    pub request_id: RequestId,
    /// The token; where the text ended with an end token, that.
    pub token: u32,
    /// Why the text ends here, if it does.
    pub finish: Option<Finish>,
    /// The token's log-probability, where scores of added tokens are requested.
    pub logprobs: Option<TokenLogprobs>,
}

/// Why a text ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finish {
    /// The model wrote an end token.
    Eos,
    /// It is as long as it may be.
    Length,
}

/// What stands before a request's first new token.
pub(super) fn prepare(model: &dyn GenerativeModel, request: &Request) -> SequenceState {
    let mut sequence = model.prepare(&request.prompt);
    if let Some(start) = request.options.start.filter(|_| !sequence.source.is_empty()) {
        sequence.text = vec![start];
    }
    sequence
}

/// Checks a request's prompt; `row` is what an error calls it.
pub(super) fn check_prompt(
    model: &dyn GenerativeModel,
    row: usize,
    request: &Request,
) -> Result<(), GenerateError> {
    let (context, vocab_size) = (model.prompt_limit(), model.vocab_size());
    let prompt = &request.prompt;
    if prompt.is_empty() {
        return Err(GenerateError::Empty { row });
    }
    if prompt.len() > context {
        return Err(GenerateError::TooLong { length: prompt.len(), context });
    }
    let mut tokens = prompt.iter().chain(&request.options.start);
    match tokens.find(|&&token| token as usize >= vocab_size) {
        Some(&token) => Err(GenerateError::OutOfRange { token, vocab_size }),
        None => Ok(()),
    }
}
