//! From flags to a training job: all input is validated before anything is written.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Result;
use burn::tensor::Device;

use super::super::companions::{set_dtype, write_companions};
use super::super::model::model_folder;
use super::super::{Global, usage};
use super::args::TrainArgs;
use super::classify;
use super::start::Start;
use crate::datasets::batch::{BatchAt, LmDataset};
use crate::datasets::locate::SearchPath;
use crate::datasets::text::{Corpus, TextSource};
use crate::datasets::tokenizer::{Tokenizer, Vocabulary};
use crate::models::checkpoint::{self, ModelSpec, Pretrained};
use crate::models::precision::Precision;
use crate::train::{
    AdamW, AdamWConfig, RunDir, Schedule, State, TrainError, TrainJob, TrainSettings,
};

/// Default of --steps: two minutes on two cores.
const DEFAULT_STEPS: usize = 1000;

/// A training job and its number of steps.
pub(super) struct Prepared {
    pub(super) job: TrainJob,
    pub(super) steps: usize,
}

pub(super) fn prepare(global: &Global, args: &TrainArgs) -> Result<Prepared> {
    let device = global.device()?.autodiff();
    let job = match &args.resume {
        Some(path) => resume(global, args, path, &device)?,
        None => begin(global, args, &device)?,
    };
    let steps = job.settings.schedule.steps;
    Ok(Prepared { job, steps })
}

/// Creates a new run.
fn begin(global: &Global, args: &TrainArgs, device: &Device) -> Result<TrainJob> {
    let source = match &args.text.text_file {
        Some(path) => TextSource::File(path.clone()),
        None => TextSource::parse(&args.text.data).map_err(usage)?,
    };
    let from = args.init_from.as_deref().map(|model| model_folder(global, model)).transpose()?;
    let start = match &from {
        Some(folder) => Start::from_model(folder, device)?,
        None => Start::from_family(&args.family)?,
    };
    let out = args.out.clone().unwrap_or_else(|| default_out(args, &source, &start));
    if out.exists() {
        return Err(classify(TrainError::Exists(out)));
    }
    let context = args.training.context.unwrap_or(start.default_context());
    let mut settings = settings(global, args, &source, context);
    settings.init_from = from.as_deref().map(absolute);
    crate::device::require_format(&global.device, device, settings.dtype).map_err(usage)?;
    if let Some(problem) = settings.problem() {
        return Err(usage(problem));
    }

    let corpus = Corpus::load(&source, &SearchPath::from_env()).map_err(usage)?;
    let tokenizer = match start.tokenizer()? {
        Some(tokenizer) => tokenizer,
        None => corpus.tokenizer(vocabulary(args.text.tokenizer.as_deref())?).map_err(usage)?,
    };
    let data = Arc::new(LmDataset::new(&corpus, tokenizer).map_err(usage)?);
    settings.data_fingerprint = data.fingerprint().to_string();
    check_size(&data, &settings)?;
    check_length(&data, &settings)?;

    let Pretrained { spec, model } = start.model(args, &settings, &data, device)?;
    if settings.checkpoint_blocks && spec.architecture.backbone.stacks().is_empty() {
        let name = spec.family.name();
        return Err(usage(format!("--checkpoint-blocks: {name} is recurrent and has no blocks")));
    }
    let ModelSpec { family, mut config, .. } = spec;
    // The weights of a run are f32, whatever the initial model had.
    set_dtype(&mut config, Precision::F32);
    let tokenizer = data.tokenizer();
    let run = RunDir::create(&out, &settings, |folder| {
        checkpoint::write_config(folder, &config)?;
        let written = match &from {
            Some(from) => write_companions(global, from, folder),
            None => tokenizer.save(folder).map_err(Into::into),
        };
        written.map_err(|error| TrainError::Burn(format!("{error:#}")))
    })
    .map_err(classify)?;
    let optimizer = AdamW::new(settings.optimizer);
    global.note(&format!(
        "{}: {} parameters, {} tokens per step, in {}",
        family.name(),
        crate::system::count(crate::models::parameters::count(&model) as u64),
        settings.tokens_per_step(),
        out.display(),
    ));
    let state = State::start(settings.dtype);
    let device = device.clone();
    Ok(TrainJob { run, settings, data, family, config, model, optimizer, state, device })
}

/// Resumes a run.
fn resume(global: &Global, args: &TrainArgs, path: &Path, device: &Device) -> Result<TrainJob> {
    let run = RunDir::open(path).map_err(classify)?;
    let mut settings = run.settings().map_err(classify)?;
    if let Some(seed) = global.seed
        && seed != settings.seed
    {
        return Err(usage(format!(
            "--seed is {seed}, and the run's is {}; a run is resumed with its own",
            settings.seed
        )));
    }
    crate::device::require_format(&global.device, device, settings.dtype).map_err(usage)?;
    if let Some(steps) = args.steps {
        if steps < settings.schedule.steps {
            return Err(usage(format!(
                "--steps is {steps}, but the run has {}; it can only be made longer",
                settings.schedule.steps
            )));
        }
        settings.schedule.steps = steps;
    }
    let source = match (&args.text.text_file, TextSource::parse(&settings.data)) {
        (Some(moved), _) => TextSource::File(moved.clone()),
        (None, Ok(source)) => source,
        (None, Err(_)) => TextSource::File(PathBuf::from(&settings.data)),
    };
    let corpus = Corpus::load(&source, &SearchPath::from_env()).map_err(|error| match source {
        TextSource::File(_) if args.text.text_file.is_none() => {
            usage(format!("{error}; if it was moved, name it with --text-file"))
        }
        _ => usage(error),
    })?;
    let data = Arc::new(LmDataset::new(&corpus, Tokenizer::load(path)?)?);
    if data.fingerprint() != settings.data_fingerprint {
        return Err(classify(TrainError::OtherData {
            data: source.to_string(),
            expected: settings.data_fingerprint.clone(),
            found: data.fingerprint().to_string(),
        }));
    }
    if let Some(moved) = &args.text.text_file {
        settings.data = absolute(moved);
        run.move_data(&settings.data).map_err(classify)?;
    }
    let spec = ModelSpec::read(path)?;
    let (model, optimizer, state) = match run.restore(settings.optimizer, device)? {
        Some(restored) => {
            run.publish_newest()?;
            (restored.model, restored.optimizer, restored.state)
        }
        None => {
            // Stopped before its first checkpoint: the same seed gives the same initialization.
            let model = match &settings.init_from {
                Some(from) => checkpoint::load(Path::new(from), device)?.into_generative()?,
                None => spec.initialized(settings.seed, device),
            };
            (model, AdamW::new(settings.optimizer), State::start(settings.dtype))
        }
    };
    let steps = settings.schedule.steps;
    if state.step < steps {
        global.note(&format!("resuming after step {}/{steps}", state.step));
    } else {
        global.note(&format!("all {steps} steps are done; a larger --steps extends the run"));
    }
    let ModelSpec { family, config, .. } = spec;
    let device = device.clone();
    Ok(TrainJob { run, settings, data, family, config, model, optimizer, state, device })
}

fn default_out(args: &TrainArgs, source: &TextSource, start: &Start) -> PathBuf {
    let data = match source {
        TextSource::File(path) => {
            path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
        }
        known => known.to_string(),
    };
    let size = if args.init_from.is_some() { "tuned" } else { &args.size.size };
    PathBuf::from("runs").join(format!("{}-{size}-{data}", start.family().name()))
}

fn vocabulary(kind: Option<&str>) -> Result<Vocabulary> {
    match kind.unwrap_or("char").split_once(':') {
        None if kind.is_none_or(|kind| kind == "char") => Ok(Vocabulary::Characters),
        Some(("bpe", size)) if size.parse::<usize>().is_ok() => {
            Ok(Vocabulary::Bpe(size.parse().unwrap_or_default()))
        }
        _ => Err(usage(format!(
            "--tokenizer {:?} is unknown; give char, or bpe:N such as bpe:1000",
            kind.unwrap_or_default()
        ))),
    }
}

/// An absolute path, which stays valid in another working directory.
fn absolute(path: &Path) -> String {
    std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf()).display().to_string()
}

/// The settings, without the data's fingerprint and the model's directory, which are set later.
fn settings(
    global: &Global,
    args: &TrainArgs,
    source: &TextSource,
    context: usize,
) -> TrainSettings {
    let training = &args.training;
    let steps = args.steps.unwrap_or(DEFAULT_STEPS);
    let data = match source {
        // A run may be resumed in another working directory.
        TextSource::File(path) => absolute(path),
        known => known.to_string(),
    };
    TrainSettings {
        data,
        data_fingerprint: String::new(),
        init_from: None,
        batch_size: training.batch_size,
        context,
        accumulate: training.accumulate,
        schedule: Schedule {
            peak: training.lr,
            minimum: training.min_lr.unwrap_or(training.lr / 10.0),
            warmup: training.warmup.unwrap_or((steps / 10).min(100)),
            steps,
        },
        optimizer: AdamWConfig {
            beta_1: training.beta1,
            beta_2: training.beta2,
            epsilon: training.epsilon,
            weight_decay: training.weight_decay,
        },
        clip: (training.clip != 0.0).then_some(training.clip),
        eval_interval: training.eval_interval,
        checkpoint_interval: training.checkpoint_interval.unwrap_or(training.eval_interval),
        seed: global.seed(),
        dtype: training.dtype,
        checkpoint_blocks: training.checkpoint_blocks,
    }
}

/// Checks that one forward pass fits into memory, before it is allocated.
fn check_size(data: &LmDataset, settings: &TrainSettings) -> Result<()> {
    let tokens = settings.batch_size as f64 * settings.context as f64;
    // Inputs and targets, and the logits of an encoder-decoder, which has half of the row as text.
    let least = tokens * (16.0 + 2.0 * data.tokenizer().vocab_size() as f64);
    match crate::system::total_memory() {
        Some(memory) if least > memory as f64 => Err(usage(format!(
            "--batch-size {} with --context {} takes at least {}, and this machine has {}",
            settings.batch_size,
            settings.context,
            crate::system::bytes(least as u64),
            crate::system::bytes(memory)
        ))),
        _ => Ok(()),
    }
}

/// Checks that the text is long enough, before training starts.
fn check_length(data: &LmDataset, settings: &TrainSettings) -> Result<()> {
    let at = BatchAt { seed: settings.seed, step: 0, micro_step: 0 };
    data.train_batch(at, settings.shape()).map_err(usage)?;
    data.valid_batches(settings.shape()).map_err(usage)?;
    Ok(())
}
