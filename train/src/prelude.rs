//! The names that most training programs need: `use zoo_train::prelude::*;`.

pub use crate::adamw::{AdamW, AdamWConfig, Update};
pub use crate::checkpoint::{Restored, State};
pub use crate::display::{Display, Verbosity};
pub use crate::error::TrainError;
pub use crate::gradients::{accumulate, gradient_norm};
pub use crate::job::{Ending, TrainJob, TrainOutcome};
pub use crate::language_modeling::LanguageModeling;
pub use crate::log::LogLine;
pub use crate::loss_scale::LossScale;
pub use crate::objective::{BatchLoss, LossSum, Objective, Pass};
pub use crate::optimizer::{Optimizer, OptimizerConfig};
pub use crate::run_dir::RunDir;
pub use crate::schedule::{Decay, Schedule};
pub use crate::settings::{Keep, TrainSettings};
pub use crate::train_data::{LmData, TrainData};
pub use crate::train_loop::{Callbacks, TrainLength, TrainLoop};
pub use crate::train_step::{StepAt, TrainStep};
pub use burn::train::Interrupter;
