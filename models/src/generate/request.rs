//! Generation requests and their events.

use super::GenerateError;
use super::generative_model::{GenerativeModel, SequenceState};
use super::logprobs::TokenLogprobs;
use super::options::Options;

/// The prompt tokens, at least one.
pub type Prompt = Vec<u32>;

/// A prompt to be continued. Sampling depends only on the seed in its options and on `stream`, not
/// on other requests.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// The prompt.
    pub prompt: Prompt,
    /// The generation options.
    pub options: Options,
    /// The random stream, which distinguishes texts that share a seed.
    pub stream: u64,
}

/// The id of a submitted request; ids count from 0 in the order of submission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RequestId(pub(super) u64);

impl RequestId {
    /// The id of the only request of a single-text generation.
    pub(super) const FIRST: Self = Self(0);

    /// The index of the request, from 0.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A token was added to a text.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// The text's request.
    pub request_id: RequestId,
    /// The token; at the end of a text, this may be an end token.
    pub token: u32,
    /// Why the text ends here; `None` if it continues.
    pub finish: Option<Finish>,
    /// The token's log-probabilities, if [`Scoring::added`](super::Scoring::added) is set.
    pub logprobs: Option<TokenLogprobs>,
}

/// Why a text ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finish {
    /// The model generated an end token.
    Eos,
    /// The text reached its maximum length.
    Length,
}

/// The initial state of a request.
pub(super) fn prepare(model: &dyn GenerativeModel, request: &Request) -> SequenceState {
    let mut sequence = model.prepare(&request.prompt);
    if let Some(start) = request.options.start.filter(|_| !sequence.source.is_empty()) {
        sequence.text = vec![start];
    }
    sequence
}

/// Checks a request's prompt; `row` is its index in error messages.
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
