//! The names that most training programs need: `use zoo_train::prelude::*;`.

pub use crate::adamw::{AdamW, AdamWConfig, Update};
pub use crate::checkpoint::{Restored, State};
pub use crate::display::{Display, Verbosity};
pub use crate::error::TrainError;
pub use crate::gradients::{accumulate, gradient_norm};
pub use crate::job::{Ending, TrainJob, TrainOutcome};
pub use crate::lm_model::{BatchLoss, LmModel, LossSum};
pub use crate::log::LogLine;
pub use crate::loss_scale::LossScale;
pub use crate::run_dir::RunDir;
pub use crate::schedule::Schedule;
pub use crate::settings::TrainSettings;
pub use burn::train::Interrupter;
