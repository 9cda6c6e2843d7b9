//! Writing texts: the choice of a token, and the loops around it.

mod batch;
mod beam;
mod config;
mod constraints;
mod decode;
mod logprobs;
mod options;
mod request;
mod sampling;
mod speculative;
mod writer;

pub use batch::Batch;
pub use beam::{Beams, EarlyStopping, Forbidden, Hypothesis, beam_search};
pub use config::{GenerationConfig, Limit};
pub use constraints::{Constraints, History};
pub use decode::{Flow, GenerateError, generate};
pub use logprobs::{ScoredPrompt, Scoring, TokenLogprob, TokenLogprobs};
pub use options::{NO_TOKEN, Options, OptionsError};
pub use request::{Event, Finish, Prompt, Request, Ticket};
pub use sampling::{Sampler, Sampling};
pub use speculative::{Drafted, speculate};
pub use writer::{Memory, Passage, Writer, writer};
