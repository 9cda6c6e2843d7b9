//! The process that measures.

use std::time::{Duration, Instant};

use burn::module::Module;
use burn::optim::GradientsParams;
use burn::tensor::Device;

use super::{Measured, Measurement, What};
use crate::compare::batch::{Batch, Rows};
use crate::compare::job::optimizer;
use crate::compare::objective::ObjectiveKind;
use crate::compare::task_model::TaskModel;
use crate::datasets::task::TokenTable;
use crate::models::checkpoint::ModelSpec;
use crate::models::families;
use crate::models::generate::{BatchScheduler, Options, Request, as_generative};
use crate::models::kernels::memory;
use crate::system;
use crate::train::adamw::{AdamW, Update};

/// Tokens that are written where writing is measured.
pub const WRITTEN: usize = 32;

/// What is measured is done so many times at least, if it does not take long, and at most.
const TIMES: (usize, usize) = (3, 100);

/// How long it is done again, once it was done often enough.
const ENOUGH: Duration = Duration::from_secs(1);

/// How long it is done again, however often it was done.
const TOO_LONG: Duration = Duration::from_secs(20);

/// Measures. `device` is the one that the measurement names.
///
/// # Errors
///
/// A model that cannot be made, or cannot do it.
pub fn work(measurement: Measurement, device: &Device) -> Result<Measured, String> {
    let before = system::memory();
    let family = families::find(&measurement.architecture).map_err(|error| error.to_string())?;
    let model_spec = ModelSpec::new(family, measurement.config.clone());
    let model_spec = model_spec.map_err(|error| error.to_string())?;
    let vocab_size = model_spec.architecture.vocab_size();
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

/// What a model reads while it is measured.
#[derive(Clone, Copy)]
struct Measurand {
    objective: ObjectiveKind,
    length: usize,
    vocab_size: usize,
}

impl Measurand {
    /// Tokens as good as any: what they are changes no cost.
    fn tokens(self) -> Vec<u32> {
        let first = TokenTable::PADDING as usize + 1;
        let count = self.vocab_size.saturating_sub(first).max(1);
        (0..self.length).map(|place| (first + place * 7 % count) as u32).collect()
    }

    /// One sequence, at all of whose places something is asked; an encoder-decoder writes as much as it
    /// reads.
    fn batch(self) -> Batch {
        let text = Rows::new(&[self.tokens()]);
        let source = (self.objective == ObjectiveKind::Writes).then(|| text.clone());
        let n_targets = if self.objective == ObjectiveKind::Pooled { 1 } else { self.length };
        Batch { source, text, targets: vec![0; n_targets] }
    }
}

fn training(model_spec: &ModelSpec, of: Measurand, device: &Device) -> (f64, f64) {
    let batch = of.batch();
    let mut optimizer = AdamW::new(optimizer(0.1));
    let mut model = Some(TaskModel { model: model_spec.initialized(0, device) });
    let seconds = timed(|| {
        let Some(taught) = model.take() else { return };
        let (loss, targets) = taught.loss(&batch);
        let gradients = (loss.clone() / targets as f64).backward();
        let gradients = GradientsParams::from_grads(gradients, &taught);
        // Read as in training, which waits until it is computed.
        let _ = loss.try_into_scalar::<f64>();
        let update = Update { rate: 1e-4, gradient_scale: 1.0 };
        model = Some(optimizer.step(taught, gradients, update));
        let _ = device.sync();
    });
    (seconds, batch.tokens() as f64)
}

fn reading(model_spec: &ModelSpec, of: Measurand, device: &Device) -> (f64, f64) {
    let batch = of.batch();
    let model = TaskModel { model: model_spec.initialized(0, device) }.valid();
    let seconds = timed(|| {
        let (loss, _) = model.loss(&batch);
        let _ = loss.try_into_scalar::<f64>();
    });
    (seconds, batch.tokens() as f64)
}

fn writing(model_spec: &ModelSpec, of: Measurand, device: &Device) -> Result<(f64, f64), String> {
    let model = TaskModel { model: model_spec.initialized(0, device) }.valid();
    let Some(model) = as_generative(&model.model) else {
        return Err(format!("{} does not write", model_spec.family.name()));
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
    // The first step reads what is there.
    Ok((median(times.split_off(1)), 1.0))
}

/// The median time of what is done several times; the first time does not count, when memory is got
/// and kernels are made.
fn timed(mut work: impl FnMut()) -> f64 {
    let began = Instant::now();
    work();
    // What takes this long is measured well the first time.
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
