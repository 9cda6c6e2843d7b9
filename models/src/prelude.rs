//! The names that most programs need: `use zoo_models::prelude::*;`.

pub use crate::backbones::{Backbone, Inputs, TokenBatch, TokenSource};
pub use crate::checkpoint::{LoadDtype, Model, ModelSpec, Output, load, save};
pub use crate::families::{Architecture, FAMILIES, Family, Size, Task, find};
pub use crate::generate::{Flow, Options, generate};
pub use crate::heads::CausalLm;
pub use crate::layers::embedding::token_ids;
pub use crate::layers::mask::Padding;
pub use crate::layers::observer::Observer;
pub use crate::layers::recorder::Recorder;
pub use crate::precision::Precision;
