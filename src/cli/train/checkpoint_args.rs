//! The flags of `zoo train` for validations and checkpoints.

use super::task_args::length;

/// Validations, checkpoints and logs.
#[derive(clap::Args)]
pub(super) struct CheckpointArgs {
    /// Steps between validations over the whole split [default: 200; with --task, those of an
    /// epoch]
    #[arg(long, value_name = "N", help_heading = "Validation")]
    pub(super) eval_interval: Option<usize>,
    /// Validate before the first step, too
    #[arg(long, help_heading = "Validation")]
    pub(super) eval_at_start: bool,
    /// End the run after N validations in a row without a better model, by the task's score or
    /// else by the loss
    #[arg(long, value_name = "N", help_heading = "Validation")]
    pub(super) patience: Option<usize>,
    /// Keep the best model of all validations in the run's directory, by the task's score or else
    /// by the loss, instead of the last
    #[arg(long, help_heading = "Validation")]
    pub(super) keep_best: bool,
    /// Keep the models of the last N checkpoints in checkpoints/step-STEP in the run's directory
    #[arg(
        long,
        value_name = "N",
        help_heading = "Run",
        value_parser = length
    )]
    pub(super) keep_last: Option<usize>,
    /// Steps between checkpoints [default: --eval-interval]
    #[arg(long, value_name = "N", help_heading = "Run")]
    pub(super) checkpoint_interval: Option<usize>,
    /// Write TensorBoard event files to tensorboard/ in the run's directory
    #[arg(long, help_heading = "Run")]
    pub(super) tensorboard: bool,
}
