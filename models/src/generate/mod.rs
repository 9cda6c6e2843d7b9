//! Continuing texts: the choice of a token, and the loop around it.

mod decode;
mod sampling;
mod writer;

pub use decode::{Event, GenerateError, Options, Prompt, generate};
pub use sampling::{Sampler, Sampling, SamplingError};
pub use writer::{Passage, Writer};
