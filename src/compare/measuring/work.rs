//! The measurements, run in a subprocess.

use std::time::{Duration, Instant};

use burn::module::Module;
use burn::tensor::Device;
use zoo_kernels::memory;

use super::{Measured, Measurement, What};
use crate::compare::job::optimizer;
use crate::compare::objective::ObjectiveKind;
use crate::datasets::task::TokenTable;
use crate::models::checkpoint::{Model, ModelSpec};
use crate::models::families;
use crate::models::generate::{BatchScheduler, Options, Request, as_generative};
use crate::system;
use crate::train::{
    AdamW, BatchLoss, BatchSize, Pass, Rows, StepAt, TextBatch, TextTargets, TrainStep, text_loss,
};

/// Tokens that are generated in a measurement of generation.
pub const WRITTEN: usize = 32;

/// The minimum and maximum number of repetitions; fewer where they take [`TOO_LONG`].
const TIMES: (usize, usize) = (3, 100);

/// The time after which repetition stops, once the minimum is reached.
const ENOUGH: Duration = Duration::from_secs(1);

/// The time after which repetition stops, even below the minimum.
const TOO_LONG: Duration = Duration::from_secs(20);

/// Runs a measurement. `device` is the device that the measurement names.
///
/// # Errors
///
/// The model cannot be built, or does not support the workload.
pub fn work(measurement: Measurement, device: &Device) -> Result<Measured, String> {
    let before = system::memory();
    let family = families::find(&measurement.architecture).map_err(|error| error.to_string())?;
    let model_spec = ModelSpec::new(family, measurement.config.clone());
    let model_spec = model_spec.map_err(|error| error.to_string())?;
    let vocab_size = model_spec.architecture.backbone.vocab_size();
    let batch =
        Measurand { objective: measurement.objective, length: measurement.length, vocab_size };
    let (seconds, tokens) = match measurement.what {
        What::Training => {
            memory::keep();
            training(&model_spec, batch, &device.clone().autodiff())
        }
        What::Reading => reading(&model_spec, batch, device),
        What::Writing => writing(&model_spec, batch, device)?,
    };
    let bytes = system::peak_memory().zip(before);
    let bytes = bytes.map(|(peak, before)| peak.saturating_sub(before));
    Ok(Measured { seconds, tokens: tokens / seconds, bytes, measurement })
}

/// The input of a measurement.
#[derive(Clone, Copy)]
struct Measurand {
    objective: ObjectiveKind,
    length: usize,
    vocab_size: usize,
}

impl Measurand {
    /// Arbitrary tokens: the cost does not depend on them.
    fn tokens(self) -> Vec<u32> {
        let first = TokenTable::PADDING as usize + 1;
        let count = self.vocab_size.saturating_sub(first).max(1);
        (0..self.length).map(|position| (first + position * 7 % count) as u32).collect()
    }

    /// One sequence with a target at every position; an encoder-decoder has a source and a text of
    /// the same length.
    fn batch(self) -> TextBatch {
        let text = Rows::new(&[self.tokens()], TokenTable::PADDING);
        let source = (self.objective == ObjectiveKind::Writes).then(|| text.clone());
        let n_targets = if self.objective == ObjectiveKind::Pooled { 1 } else { self.length };
        TextBatch { source, text, targets: TextTargets::Classes(vec![0; n_targets]) }
    }
}

/// The pass of a batch that is already built.
#[derive(Debug)]
struct FixedPass<'a>(&'a TextBatch);

impl Pass for FixedPass<'_> {
    fn loss(&self, model: &Model) -> BatchLoss {
        text_loss::loss(model, self.0)
    }

    fn size(&self) -> BatchSize {
        self.0.size()
    }
}

fn training(model_spec: &ModelSpec, of: Measurand, device: &Device) -> (f64, f64) {
    let batch = of.batch();
    let mut step = TrainStep::new(AdamW::new(optimizer(0.1)));
    let mut model = Some(model_spec.initialized(0, device));
    let seconds = timed(|| {
        let Some(current) = model.take() else { return };
        let at = StepAt { rate: 1e-4, seed: 0 };
        let stepped = step.step(current, &[Box::new(FixedPass(&batch))], at);
        // Diverging weights take as long.
        model = Some(stepped.map_or_else(|failed| *failed.model, |stepped| stepped.model));
        let _ = device.sync();
    });
    (seconds, batch.size().tokens as f64)
}

fn reading(model_spec: &ModelSpec, of: Measurand, device: &Device) -> (f64, f64) {
    let batch = of.batch();
    let model = model_spec.initialized(0, device).valid();
    let seconds = timed(|| {
        let _ = text_loss::loss(&model, &batch).read();
    });
    (seconds, batch.size().tokens as f64)
}

fn writing(model_spec: &ModelSpec, of: Measurand, device: &Device) -> Result<(f64, f64), String> {
    let model = model_spec.initialized(0, device).valid();
    let Some(model) = as_generative(&model) else {
        return Err(format!("{} does not generate text", model_spec.family.name()));
    };
    let options = Options { max_new_tokens: WRITTEN, eos: Vec::new(), ..Options::default() };
    let request = Request { prompt: of.tokens(), options, stream: 0 };
    let mut batch = BatchScheduler::new(model);
    batch.submit(request).map_err(|error| error.to_string())?;
    let mut times = Vec::new();
    while !batch.is_empty() {
        let began = Instant::now();
        batch.step().map_err(|error| error.to_string())?;
        times.push(began.elapsed().as_secs_f64());
    }
    // The first step is the prefill.
    Ok((median(times.split_off(1)), 1.0))
}

/// The median time of several repetitions. The first is a warm-up that allocates memory and
/// compiles kernels; it does not count.
fn timed(mut work: impl FnMut()) -> f64 {
    let began = Instant::now();
    work();
    // The warm-up does not matter in a time this long.
    if began.elapsed() > TOO_LONG {
        return began.elapsed().as_secs_f64();
    }
    let (began, mut times) = (Instant::now(), Vec::new());
    let (least, most) = TIMES;
    while times.len() < most
        && began.elapsed() < TOO_LONG
        && (times.len() < least || began.elapsed() < ENOUGH)
    {
        let once = Instant::now();
        work();
        times.push(once.elapsed().as_secs_f64());
    }
    median(times)
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or(f64::NAN)
}
