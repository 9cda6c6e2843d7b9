//! Settings that were not given.

use std::sync::Arc;

use anyhow::Result;

use super::super::{Global, usage};
use super::args::TrainArgs;
use super::prepare::absolute;
use super::text_data::shape;
use crate::datasets::batch::{LmDataset, TokenWindows};
use crate::train::{Decay, Keep, Schedule, TrainSettings};

/// Default settings of a kind of run.
pub(super) struct Defaults {
    pub(super) steps: usize,
    pub(super) batch_size: usize,
    pub(super) rate: f64,
    pub(super) decay: Decay,
    /// The final learning rate, as a share of the peak.
    pub(super) minimum: f64,
    pub(super) weight_decay: f64,
    pub(super) beta_2: f64,
    pub(super) eval_interval: usize,
    /// The longest warmup, in steps.
    pub(super) warmup: usize,
}

impl Defaults {
    /// Language modeling: two minutes on two cores.
    pub(super) const LANGUAGE_MODELING: Self = Self {
        steps: 1000,
        batch_size: 12,
        rate: 1e-3,
        decay: Decay::Cosine,
        minimum: 0.1,
        weight_decay: 0.1,
        beta_2: 0.99,
        eval_interval: 200,
        warmup: 100,
    };

    /// A task from labeled texts, in steps of these examples.
    pub(super) fn task(args: &TrainArgs, examples: usize) -> Self {
        let batch_size = args.training.batch_size.unwrap_or(32);
        let per_step = batch_size.saturating_mul(args.training.accumulate).max(1) as f64;
        let epoch = (examples as f64 / per_step).ceil().max(1.0) as usize;
        let steps =
            (args.task.epochs.unwrap_or(3.0) * examples as f64 / per_step).ceil().max(1.0) as usize;
        Self {
            steps,
            batch_size,
            rate: if args.init_from.is_some() { 5e-5 } else { 1e-3 },
            decay: Decay::Linear,
            minimum: 0.0,
            weight_decay: 0.01,
            beta_2: 0.999,
            eval_interval: epoch,
            warmup: usize::MAX,
        }
    }

    /// Language modeling for some passes over the training text.
    pub(super) fn epochs(epochs: f64, data: &Arc<LmDataset>, run: &TrainSettings) -> Result<Self> {
        let shape = shape(data.tokenizer(), run)?;
        let windows = TokenWindows::packed(data.clone(), shape, run.row_order());
        match windows.map_err(usage)?.steps(epochs, run.accumulate) {
            Some(steps) => Ok(Self { steps, ..Self::LANGUAGE_MODELING }),
            None => Err(usage(
                "--epochs: the generated stories have no end; choose --steps, or a --task",
            )),
        }
    }

    /// The settings of a run, without its data and the model's directory, which are set later.
    pub(super) fn settings(
        &self,
        global: &Global,
        args: &TrainArgs,
        context: usize,
    ) -> TrainSettings {
        let (training, optimizer, checkpoints) =
            (&args.training, &args.optimizer, &args.checkpoints);
        let steps = args.steps.unwrap_or(self.steps);
        let peak = optimizer.rate(self);
        let eval_interval = checkpoints.eval_interval.unwrap_or(self.eval_interval);
        TrainSettings {
            data: String::new(),
            data_fingerprint: String::new(),
            init_from: None,
            batch_size: training.batch_size.unwrap_or(self.batch_size),
            context,
            accumulate: training.accumulate,
            schedule: Schedule {
                peak,
                minimum: optimizer.min_lr.unwrap_or(peak * self.minimum),
                warmup: optimizer.warmup.unwrap_or((steps / 10).min(self.warmup)),
                steps,
                decay: optimizer.schedule.unwrap_or(self.decay),
            },
            optimizer: optimizer.config(self),
            layer_decay: optimizer.layer_decay,
            clip: (optimizer.clip != 0.0).then_some(optimizer.clip),
            eval_interval,
            checkpoint_interval: checkpoints.checkpoint_interval.unwrap_or(eval_interval),
            seed: global.seed(),
            dtype: training.dtype,
            task: None,
            objective: None,
            text: None,
            test: args.text.test.iter().map(|path| absolute(path).into()).collect(),
            keep: if checkpoints.keep_best { Keep::Best } else { Keep::Last },
            patience: checkpoints.patience,
            checkpoint_blocks: training.checkpoint_blocks,
            label_smoothing: training.label_smoothing,
            ema: training.ema,
            freeze: training.freeze.clone(),
            dropout: args.dropout.filter(|_| args.init_from.is_some()),
            eval_at_start: checkpoints.eval_at_start,
            keep_last: checkpoints.keep_last.unwrap_or(0),
            tensorboard: checkpoints.tensorboard,
        }
    }
}
