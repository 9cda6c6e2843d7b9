//! The training loop: steps, validations and checkpoints.

use std::time::Instant;

use burn::data::dataloader::{DataLoaderIterator, Progress};
use burn::module::Module;
use burn::optim::GradientsParams;
use burn::train::{
    EventProcessorTraining, InferenceStep, Interrupter, LearnerEvent,
    SupervisedTrainingEventProcessor, TrainLoader, TrainStep, TrainingItem, ValidLoader,
};
use zoo_kernels::seed::mix;

use crate::adamw::Update;
use crate::checkpoint::{BestLoss, Snapshot};
use crate::error::TrainError;
use crate::gradients::{accumulate, gradient_norm};
use crate::lm_model::{LmModel, LossSum, StepBatch, StepReport};
use crate::log::{Log, LogLine};
use crate::strategy::{RunProgress, StepStrategy, Stop};

type Processor = SupervisedTrainingEventProcessor<LmModel>;

/// The state of the training loop.
pub(crate) struct StepLoop<'a> {
    strategy: &'a StepStrategy,
    progress: &'a mut RunProgress,
    reporter: Reporter,
    /// The step of the newest checkpoint.
    saved_step: Option<usize>,
}

impl<'a> StepLoop<'a> {
    pub(crate) fn new(
        strategy: &'a StepStrategy,
        progress: &'a mut RunProgress,
        reporter: Reporter,
    ) -> Self {
        let step = progress.state.step;
        Self { strategy, progress, reporter, saved_step: (step > 0).then_some(step) }
    }

    pub(crate) fn into_processor(self) -> Processor {
        self.reporter.processor
    }

    /// Runs to the last step, or until the run is stopped.
    pub(crate) fn go(
        &mut self,
        mut model: LmModel,
        train: &TrainLoader<LmModel>,
        valid: &ValidLoader<LmModel>,
    ) -> LmModel {
        let result = self.rounds(&mut model, train, valid);
        if let Err(error) = result {
            self.progress.stopped = Some(Stop::Failed(error));
        }
        model
    }

    fn rounds(
        &mut self,
        model: &mut LmModel,
        train: &TrainLoader<LmModel>,
        valid: &ValidLoader<LmModel>,
    ) -> Result<(), TrainError> {
        let settings = &self.strategy.settings;
        let steps = settings.schedule.steps;
        let mut log = Log::open(&self.strategy.run.metrics(), self.progress.state.step)?;
        let mut batches = train.iter();
        while self.progress.state.step < steps {
            let round = settings.round(self.progress.state.step);
            // burn-train counts rounds from 1 and calls them epochs.
            let epoch = round.start / settings.eval_interval + 1;
            self.reporter
                .train(LearnerEvent::StartSplit { epoch_number: epoch, total_items: round.len() });
            while self.progress.state.step < round.end {
                self.step(model, batches.as_mut(), &mut log)?;
                let step = self.progress.state.step;
                if self.reporter.interrupter.should_stop() {
                    self.save(model)?;
                    return self.stopped();
                }
                // The last step of a round is saved after its validation.
                if step.is_multiple_of(settings.checkpoint_interval) && step < round.end {
                    self.save(model)?;
                }
            }
            self.reporter.train(LearnerEvent::EndSplit(epoch));
            self.validate(model, valid, &mut log, epoch)?;
            self.reporter.train(LearnerEvent::EndEpoch(epoch));
            let step = self.progress.state.step;
            let is_due = step.is_multiple_of(settings.checkpoint_interval);
            if is_due || step == steps || self.reporter.interrupter.should_stop() {
                self.save(model)?;
            }
            if self.reporter.interrupter.should_stop() && step < steps {
                return self.stopped();
            }
        }
        Ok(())
    }

    /// One step: forward and backward passes, clipping, the update, and the log.
    fn step(
        &mut self,
        model: &mut LmModel,
        batches: &mut dyn DataLoaderIterator<StepBatch>,
        log: &mut Log,
    ) -> Result<(), TrainError> {
        let settings = &self.strategy.settings;
        let began = Instant::now();
        let step = self.progress.state.step;
        let mut passes = Vec::with_capacity(settings.accumulate);
        for _ in 0..settings.accumulate {
            passes.push(match batches.next() {
                Some(Ok(batch)) => batch,
                Some(Err(error)) => return Err(TrainError::Burn(error.to_string())),
                None => return Err(TrainError::Burn("the batches ended early".to_string())),
            });
        }
        let (loss, gradients, norm) = self.gradients(model, &passes)?;
        let scale = self.progress.state.loss_scale;
        let gradient_scale = match settings.clip {
            Some(limit) if norm > limit => limit / (norm + 1e-6) / scale.factor,
            _ => 1.0 / scale.factor,
        };
        let rate = settings.schedule.rate(step);
        let update = Update { rate, gradient_scale };
        *model = self.progress.optimizer.step(model.clone(), gradients, update);

        let seconds = began.elapsed().as_secs_f64();
        let state = &mut self.progress.state;
        state.step += 1;
        state.loss_scale = scale.kept();
        state.tokens += settings.tokens_per_step() as u64;
        state.train_seconds += seconds;
        let tokens_per_second = settings.tokens_per_step() as f64 / seconds;
        log.write(&LogLine::Train {
            step: state.step,
            tokens: state.tokens,
            loss: loss.mean(),
            lr: rate,
            grad_norm: norm,
            tokens_per_second,
            seconds: state.train_seconds,
            memory: crate::process::memory(),
        })?;
        let report = StepReport { loss, gradient_norm: norm, rate, tokens_per_second };
        self.report(report);
        Ok(())
    }

    /// The loss and the accumulated gradients of a step's passes, still scaled, and the unscaled
    /// gradient norm.
    fn gradients(
        &mut self,
        model: &LmModel,
        passes: &[StepBatch],
    ) -> Result<(LossSum, GradientsParams, f64), TrainError> {
        let step = self.progress.state.step;
        loop {
            let factor = self.progress.state.loss_scale.factor;
            // The state of the dropout generator cannot be saved, so it is reseeded in every step.
            self.strategy.device.seed(mix(self.strategy.settings.seed, step as u64));
            let mut loss = LossSum { nats: 0.0, targets: 0 };
            let mut gradients: Option<GradientsParams> = None;
            for pass in passes {
                let pass = StepBatch { loss_scale: factor, ..pass.clone() };
                let pass = TrainStep::step(model, pass);
                loss.nats += pass.item.loss.nats;
                loss.targets += pass.item.loss.targets;
                gradients = Some(match gradients {
                    Some(sum) => accumulate(model, sum, pass.grads),
                    None => pass.grads,
                });
            }
            let gradients = gradients.unwrap_or_default();
            let norm = gradient_norm(model, &gradients).unwrap_or(f64::NAN) / factor;
            if loss.nats.is_finite() && norm.is_finite() {
                return Ok((loss, gradients, norm));
            }
            match self.progress.state.loss_scale.lowered() {
                Some(lowered) if loss.nats.is_finite() => self.progress.state.loss_scale = lowered,
                _ => {
                    let loss = if loss.nats.is_finite() { norm } else { loss.mean() };
                    return Err(self.not_finite("training", loss, step + 1));
                }
            }
        }
    }

    fn not_finite(&self, split: &'static str, loss: f64, step: usize) -> TrainError {
        let checkpoint = self.saved_step.unwrap_or(0);
        let path = self.strategy.run.path().to_path_buf();
        TrainError::NotFinite { split, loss, step, checkpoint, path }
    }

    fn report(&mut self, report: StepReport) {
        let step = self.progress.state.step;
        let round = self.strategy.settings.round(step - 1);
        let progress = Progress::new(step - round.start, round.len(), Some("steps".to_string()));
        let item = TrainingItem::new(report, progress, Some(step), None);
        self.reporter.train(LearnerEvent::ProcessedItem(item));
    }

    /// Computes the loss over the whole validation split.
    fn validate(
        &mut self,
        model: &LmModel,
        valid: &ValidLoader<LmModel>,
        log: &mut Log,
        round: usize,
    ) -> Result<(), TrainError> {
        let total_items = valid.num_items();
        self.reporter.valid(LearnerEvent::StartSplit { epoch_number: round, total_items });
        let model = model.valid().cast(self.strategy.settings.dtype);
        let mut sum = LossSum { nats: 0.0, targets: 0 };
        let mut batches = valid.iter();
        while let Some(batch) = batches.next() {
            let batch = batch.map_err(|error| TrainError::Burn(error.to_string()))?;
            let loss = InferenceStep::step(&model, batch);
            sum.nats += loss.nats;
            sum.targets += loss.targets;
            let item = TrainingItem::new(loss, batches.progress(), None, None);
            self.reporter.valid(LearnerEvent::ProcessedItem(item));
        }
        if !sum.mean().is_finite() {
            return Err(self.not_finite("validation", sum.mean(), self.progress.state.step));
        }
        let state = &mut self.progress.state;
        state.valid_loss = Some(sum.mean());
        if state.best.is_none_or(|best| sum.mean() < best.loss) {
            state.best = Some(BestLoss { loss: sum.mean(), step: state.step });
        }
        log.write(&LogLine::Valid {
            step: state.step,
            tokens: state.tokens,
            loss: sum.mean(),
            targets: sum.targets,
            seconds: state.train_seconds,
        })?;
        self.reporter.valid(LearnerEvent::EndSplit(round));
        Ok(())
    }

    fn save(&mut self, model: &LmModel) -> Result<(), TrainError> {
        let snapshot = Snapshot {
            family: self.strategy.family,
            config: &self.strategy.config,
            model: &model.model,
            optimizer: &self.progress.optimizer,
            state: &self.progress.state,
        };
        self.strategy.run.checkpoint(snapshot).map_err(|source| TrainError::Checkpoint {
            checkpoint: self.saved_step.unwrap_or(0),
            source,
        })?;
        self.saved_step = Some(self.progress.state.step);
        Ok(())
    }

    /// Handles an interruption. The reason is read from the interrupter, because burn-train's
    /// dashboard does not keep it.
    fn stopped(&mut self) -> Result<(), TrainError> {
        match self.reporter.interrupter.error() {
            Some(error) => Err(TrainError::Burn(error.to_string())),
            None => {
                self.progress.stopped = Some(Stop::Interrupted);
                Ok(())
            }
        }
    }
}

/// Reports events to burn-train and receives its interruptions.
pub(crate) struct Reporter {
    pub(crate) processor: Processor,
    pub(crate) interrupter: Interrupter,
}

impl Reporter {
    fn train(&mut self, event: LearnerEvent<StepReport>) {
        let result = self.processor.process_train(event);
        self.interrupter.fail_on_error(result);
    }

    fn valid(&mut self, event: LearnerEvent<LossSum>) {
        let result = self.processor.process_valid(event);
        self.interrupter.fail_on_error(result);
    }
}
