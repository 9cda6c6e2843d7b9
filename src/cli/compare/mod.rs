//! `zoo compare` and `zoo sweep`.

mod args;
mod command;
mod progress;
mod runs;
mod sweep;
mod weights;
mod work;

pub(super) use command::{CompareArgs, run};
pub(super) use sweep::{SweepArgs, run as sweep};
pub(super) use work::work;
