//! Heads: what a skeleton is asked to do.

mod backbone;
mod causal_lm;
pub mod cross_entropy;

pub use backbone::Backbone;
pub use causal_lm::CausalLm;
