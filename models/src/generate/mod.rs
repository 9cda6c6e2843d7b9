//! Text generation: sampling, constraints, and the decoding loops.

mod beam;
mod config;
mod constraints;
mod decode;
mod generative_model;
mod logprobs;
mod options;
mod request;
mod sampling;
mod scheduler;
mod speculative;

pub use beam::{Beams, EarlyStopping, Forbidden, Hypothesis, beam_search};
pub use config::{GenerationConfig, GenerationFields, Limit};
pub use constraints::{Constraints, History};
pub use decode::{Flow, GenerateError, generate};
pub use generative_model::{
    GenerationState, GenerativeModel, Prefilled, SequenceState, as_generative,
};
pub use logprobs::{ScoredPrompt, Scoring, TokenLogprob, TokenLogprobs};
pub use options::{NO_TOKEN, Options, OptionsError};
pub use request::{Event, Finish, Prompt, Request, RequestId};
pub use sampling::{Sampler, Sampling, TokenProbability};
pub use scheduler::BatchScheduler;
pub use speculative::{SpeculativeModels, SpeculativeStats, speculate};
