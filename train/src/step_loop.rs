//! What a run of burn-train does beside its steps: validations, checkpoints, the log, the dashboard.

use std::ops::ControlFlow;

use burn::data::dataloader::{DataLoaderIterator, Progress};
use burn::module::Module;
use burn::train::{
    EventProcessorTraining, InferenceStep, Interrupter, LearnerEvent,
    SupervisedTrainingEventProcessor, TrainingItem, ValidLoader,
};
use zoo_models::checkpoint::Model;

use crate::checkpoint::{Snapshot, State};
use crate::ema::Ema;
use crate::error::TrainError;
use crate::learned_model::LearnedModel;
use crate::log::{Log, LogLine};
use crate::objective::{LossSum, Pass};
use crate::settings::Keep;
use crate::strategy::{StepStrategy, Stop};
use crate::train_loop::{Callbacks, StepReport, TrainLoop};
use crate::validations::Validations;

type Processor = SupervisedTrainingEventProcessor<LearnedModel>;

/// The callbacks of a run in a run directory.
pub(crate) struct RunCallbacks<'a> {
    pub(crate) strategy: &'a StepStrategy,
    pub(crate) validations: &'a mut Validations,
    pub(crate) reporter: Reporter,
    pub(crate) log: Log,
    pub(crate) batches: Box<dyn DataLoaderIterator<Box<dyn Pass>> + 'a>,
    pub(crate) validation: &'a ValidLoader<LearnedModel>,
    /// The averages of the weights.
    pub(crate) ema: &'a mut Option<Ema>,
    /// The step of the newest checkpoint.
    pub(crate) saved_step: Option<usize>,
    /// Why the run ended before its last step.
    pub(crate) stopped: Option<Stop>,
}

impl Callbacks<'static> for RunCallbacks<'_> {
    type Error = TrainError;

    fn pass(&mut self) -> Result<Box<dyn Pass>, TrainError> {
        match self.batches.next() {
            Some(pass) => pass.map_err(|error| TrainError::Burn(error.to_string())),
            None => Err(TrainError::Burn("the batches ended early".to_string())),
        }
    }

    fn rate(&self, run: &TrainLoop) -> f64 {
        self.strategy.settings.schedule.rate(run.progress.step)
    }

    fn before_step(&mut self, run: &TrainLoop) {
        let round = self.strategy.settings.round(run.progress.step);
        if run.progress.step == round.start || self.reporter.epoch.is_none() {
            // burn-train counts rounds from 1 and calls them epochs.
            let epoch_number = round.start / self.strategy.settings.eval_interval + 1;
            self.reporter.epoch = Some(epoch_number);
            let total_items = round.len();
            self.reporter.train(LearnerEvent::StartSplit { epoch_number, total_items });
        }
    }

    fn after_step(
        &mut self,
        run: &TrainLoop,
        model: &Model,
        report: StepReport,
    ) -> Result<ControlFlow<()>, TrainError> {
        if let Some(ema) = self.ema {
            ema.add(run.progress.step, model);
        }
        let settings = &self.strategy.settings;
        let (step, steps) = (run.progress.step, settings.schedule.steps);
        self.log.write(&LogLine::Train {
            step,
            tokens: run.progress.tokens,
            loss: report.loss.mean(),
            lr: report.rate,
            grad_norm: report.gradient_norm,
            tokens_per_second: report.tokens_per_second,
            seconds: run.progress.time.as_secs_f64(),
            memory: crate::process::memory(),
        })?;
        let round = settings.round(step - 1);
        let progress = Progress::new(step - round.start, round.len(), Some("steps".to_string()));
        let item = TrainingItem::new(report, progress, Some(step), None);
        self.reporter.train(LearnerEvent::ProcessedItem(item));

        let is_due = step.is_multiple_of(settings.checkpoint_interval);
        let must_stop = self.reporter.interrupter.should_stop();
        if step < round.end {
            if is_due || must_stop {
                self.save(run, model)?;
            }
            return if must_stop { self.stop() } else { Ok(ControlFlow::Continue(())) };
        }
        // The last step of a round is saved after its validation.
        let epoch = self.reporter.epoch.take().unwrap_or(1);
        self.reporter.train(LearnerEvent::EndSplit(epoch));
        let is_best = self.validate(run, model, epoch)?;
        self.reporter.train(LearnerEvent::EndEpoch(epoch));
        let must_stop = self.reporter.interrupter.should_stop();
        let is_kept = is_best && settings.keep == Keep::Best;
        let is_late = self.is_out_of_patience();
        if is_due || is_kept || is_late || step == steps || must_stop {
            self.save(run, model)?;
        }
        match step < steps {
            true if must_stop => self.stop(),
            true if is_late => {
                self.stopped = Some(Stop::Early);
                Ok(ControlFlow::Break(()))
            }
            _ => Ok(ControlFlow::Continue(())),
        }
    }

    fn not_finite(&self, run: &TrainLoop, value: f64) -> TrainError {
        self.not_finite_in("training", value, run.progress.step + 1)
    }
}

impl RunCallbacks<'_> {
    fn not_finite_in(&self, split: &'static str, loss: f64, step: usize) -> TrainError {
        let checkpoint = self.saved_step.unwrap_or(0);
        let path = self.strategy.run.path().to_path_buf();
        TrainError::NotFinite { split, loss, step, checkpoint, path }
    }

    /// Validates the model before the first step of a run, and keeps it as the best so far.
    pub(crate) fn validate_at_start(
        &mut self,
        run: &TrainLoop,
        model: &Model,
    ) -> Result<(), TrainError> {
        self.validate(run, model, 1)?;
        match self.strategy.settings.keep {
            Keep::Best => self.save(run, model),
            Keep::Last => Ok(()),
        }
    }

    /// Whether no validation was better for longer than the run's patience.
    fn is_out_of_patience(&self) -> bool {
        let patience = self.strategy.settings.patience;
        patience.is_some_and(|patience| self.validations.since_best >= patience)
    }

    /// Computes the loss over the whole validation split, and the scores of the objective. Whether
    /// the model is the best so far.
    fn validate(
        &mut self,
        run: &TrainLoop,
        model: &Model,
        epoch_number: usize,
    ) -> Result<bool, TrainError> {
        let total_items = self.validation.num_items();
        self.reporter.valid(LearnerEvent::StartSplit { epoch_number, total_items });
        let model = self.ema.as_ref().map_or_else(|| model.valid(), |ema| ema.model.clone());
        let model = LearnedModel { model: model.cast(self.strategy.settings.dtype) };
        let mut loss = LossSum::ZERO;
        let mut batches = self.validation.iter();
        while let Some(batch) = batches.next() {
            let batch = batch.map_err(|error| TrainError::Burn(error.to_string()))?;
            let computed = InferenceStep::step(&model, batch);
            loss.add(computed);
            let item = TrainingItem::new(computed, batches.progress(), None, None);
            self.reporter.valid(LearnerEvent::ProcessedItem(item));
        }
        let step = run.progress.step;
        if !loss.mean().is_finite() {
            return Err(self.not_finite_in("validation", loss.mean(), step));
        }
        let scores = self.strategy.data.scores(&model.model)?;
        self.log.write(&LogLine::Valid {
            step,
            tokens: run.progress.tokens,
            loss: loss.mean(),
            targets: loss.targets,
            scores: scores.iter().map(|score| (score.name.clone(), score.value)).collect(),
            seconds: run.progress.time.as_secs_f64(),
        })?;
        let is_best = self.validations.add(step, loss.mean(), scores);
        self.reporter.valid(LearnerEvent::EndSplit(epoch_number));
        Ok(is_best)
    }

    fn save(&mut self, run: &TrainLoop, model: &Model) -> Result<(), TrainError> {
        let snapshot = Snapshot {
            family: self.strategy.family,
            config: &self.strategy.config,
            model: self.ema.as_ref().map_or(model, |ema| &ema.model),
            unaveraged: self.ema.is_some().then_some(model),
            optimizer: &run.step.optimizer,
            state: &State::of(run, self.validations),
        };
        self.strategy.run.checkpoint(snapshot, &self.strategy.settings).map_err(|source| {
            TrainError::Checkpoint { checkpoint: self.saved_step.unwrap_or(0), source }
        })?;
        self.saved_step = Some(run.progress.step);
        Ok(())
    }

    /// Handles an interruption. The reason is read from the interrupter, because burn-train's
    /// dashboard does not keep it.
    fn stop(&mut self) -> Result<ControlFlow<()>, TrainError> {
        match self.reporter.interrupter.error() {
            Some(error) => Err(TrainError::Burn(error.to_string())),
            None => {
                self.stopped = Some(Stop::Interrupted);
                Ok(ControlFlow::Break(()))
            }
        }
    }
}

/// Reports events to burn-train and receives its interruptions.
pub(crate) struct Reporter {
    pub(crate) processor: Processor,
    pub(crate) interrupter: Interrupter,
    /// The round that has started, as burn-train counts them.
    pub(crate) epoch: Option<usize>,
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
