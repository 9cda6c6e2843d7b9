//! From flags to a training job: all input is validated before anything is written.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Result;
use burn::tensor::Device;

use super::super::companions::{set_dtype, write_companions};
use super::super::model::model_folder;
use super::super::{Global, usage};
use super::args::TrainArgs;
use super::defaults::Defaults;
use super::growth::as_large;
use super::start::Start;
use super::text_data::{check_length, check_size, text_data};
use super::vocabulary::{TokenizerChoice, default_of_text};
use super::{classify, tasks};
use crate::datasets::batch::LmDataset;
use crate::datasets::labeled::Columns;
use crate::datasets::locate::SearchPath;
use crate::datasets::text::{Corpus, TextSource};
use crate::datasets::tokenizer::Tokenizer;
use crate::models::checkpoint::{self, Model, ModelSpec, Pretrained};
use crate::models::families::Family;
use crate::models::precision::Precision;
use crate::train::{AdamW, RunDir, State, TrainError, TrainJob, TrainSettings};

/// A training job and its number of steps.
pub(super) struct Prepared {
    pub(super) job: TrainJob,
    /// The text of language modeling.
    pub(super) text: Option<Arc<LmDataset>>,
    pub(super) steps: usize,
}

pub(super) fn prepare(global: &Global, args: &TrainArgs) -> Result<Prepared> {
    let device = global.device()?.autodiff();
    if args.task.task.is_none() && args.task.columns.columns() != Columns::default() {
        return Err(usage("a column needs a --task"));
    }
    let of_text = |(job, text): (TrainJob, Arc<LmDataset>)| (job, Some(text));
    let (job, text) = match (&args.resume, args.task.task) {
        (Some(path), _) => {
            let opened = open(global, args, path, &device)?;
            match opened.settings.task.is_some() {
                true => (tasks::resume(global, args, opened, path, &device)?, None),
                false => of_text(resume(global, args, opened, path, &device)?),
            }
        }
        (None, Some(task)) => (tasks::begin(global, args, task, &device)?, None),
        (None, None) => of_text(begin(global, args, &device)?),
    };
    let steps = job.settings.schedule.steps;
    Ok(Prepared { job, text, steps })
}

/// A run to resume, with its settings.
pub(super) struct Opened {
    pub(super) run: RunDir,
    pub(super) settings: TrainSettings,
}

/// Opens a run to resume it.
fn open(global: &Global, args: &TrainArgs, path: &Path, device: &Device) -> Result<Opened> {
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
    Ok(Opened { run, settings })
}

/// The model of a run, its optimizer and its state.
pub(super) struct Continued {
    pub(super) model: Model,
    pub(super) optimizer: AdamW,
    pub(super) state: State,
}

/// Restores the newest checkpoint of a run; the beginning, with the model that `first` gives, if it
/// has none.
pub(super) fn restore(
    global: &Global,
    opened: &Opened,
    device: &Device,
    first: impl FnOnce() -> Result<Model>,
) -> Result<Continued> {
    let Opened { run, settings } = opened;
    let continued = match run.restore(settings.optimizer, device)? {
        Some(restored) => {
            run.publish_newest(&restored.state, settings.keep)?;
            let (model, optimizer, mut state) =
                (restored.model, restored.optimizer, restored.state);
            let since_best = &mut state.validations.since_best;
            if settings.patience.is_some_and(|patience| *since_best >= patience) {
                // A run that ended early and goes on has its patience again.
                *since_best = 0;
            }
            Continued { model, optimizer, state }
        }
        // Stopped before its first checkpoint: the same seed gives the same initialization.
        None => Continued {
            model: first()?,
            optimizer: AdamW::new(settings.optimizer),
            state: State::start(settings.dtype),
        },
    };
    let (step, steps) = (continued.state.step, settings.schedule.steps);
    if step < steps {
        global.note(&format!("resuming after step {step}/{steps}"));
    } else {
        global.note(&format!("all {steps} steps are done; a larger --steps extends the run"));
    }
    Ok(continued)
}

/// Creates a new run.
fn begin(global: &Global, args: &TrainArgs, device: &Device) -> Result<(TrainJob, Arc<LmDataset>)> {
    let source = match &args.text.text_file {
        Some(path) => TextSource::File(path.clone()),
        None => args.text.source().map_err(usage)?,
    };
    let from = args.init_from.as_deref().map(|model| model_folder(global, model)).transpose()?;
    let start = match &from {
        Some(folder) => Start::from_model(folder, device)?,
        None => Start::from_family(args.family())?,
    };
    let out = args.out.clone().unwrap_or_else(|| {
        let data = match &source {
            TextSource::File(path) => path.clone(),
            known => PathBuf::from(known.to_string()),
        };
        default_out(args, &data, start.family())
    });
    if out.exists() {
        return Err(classify(TrainError::Exists(out)));
    }
    let context = args.training.context.unwrap_or(start.default_context());
    let mut settings = Defaults::LANGUAGE_MODELING.settings(global, args, context);
    settings.data = match &source {
        // A run may be resumed in another working directory.
        TextSource::File(path) => absolute(path),
        known => known.to_string(),
    };
    settings.init_from = from.as_deref().map(absolute);
    crate::device::require_format(&global.device, device, settings.dtype).map_err(usage)?;
    if let Some(problem) = settings.problem() {
        return Err(usage(problem));
    }

    let corpus = Corpus::load(&source, &SearchPath::from_env()).map_err(usage)?;
    let tokenizer = match start.tokenizer(global, args)? {
        Some(tokenizer) => tokenizer,
        None => {
            let default = default_of_text(start.family());
            let flag = args.text.tokenizer.as_deref();
            let choice = TokenizerChoice::parse(global, flag, default)?;
            choice.build(start.family(), |vocabulary| corpus.tokenizer(vocabulary))?
        }
    };
    let data = Arc::new(LmDataset::new(&corpus, tokenizer).map_err(usage)?);
    settings.data_fingerprint = data.fingerprint().to_string();
    check_size(&data, &settings)?;
    check_length(&data, &settings)?;

    let Pretrained { spec, model } = start.model(global, args, &settings, &data, device)?;
    check_blocks(settings.checkpoint_blocks, &spec)?;
    let ModelSpec { family, mut config, .. } = spec;
    // The weights of a run are f32, whatever the initial model had.
    set_dtype(&mut config, Precision::F32);
    let tokenizer = data.tokenizer();
    let run = RunDir::create(&out, &settings, |folder| {
        checkpoint::write_config(folder, &config)?;
        let copied = from.iter().try_for_each(|from| write_companions(global, from, folder));
        let written = copied.and_then(|()| match from.is_some() && args.growth.is_none() {
            true => Ok(()),
            false => tokenizer.save(folder).map_err(Into::into),
        });
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
    let text = data.clone();
    let data = text_data(data, &model, &settings)?;
    Ok((TrainJob { run, settings, data, family, config, model, optimizer, state }, text))
}

/// Resumes a run of language modeling.
fn resume(
    global: &Global,
    args: &TrainArgs,
    mut opened: Opened,
    path: &Path,
    device: &Device,
) -> Result<(TrainJob, Arc<LmDataset>)> {
    if !args.text.data.is_empty() {
        return Err(usage(
            "--data: a run is resumed with its own data; name a moved text with --text-file",
        ));
    }
    let settings = &mut opened.settings;
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
        opened.run.move_data(&settings.data, &[]).map_err(classify)?;
    }
    let spec = ModelSpec::read(path)?;
    let first = || match &opened.settings.init_from {
        Some(from) => {
            let loaded = checkpoint::load(Path::new(from), device)?;
            Ok(as_large(loaded, &spec, opened.settings.seed, device)?.model)
        }
        None => Ok(spec.initialized(opened.settings.seed, device)),
    };
    let Continued { model, optimizer, state } = restore(global, &opened, device, first)?;
    let ModelSpec { family, config, .. } = spec;
    let Opened { run, settings } = opened;
    let text = data.clone();
    let data = text_data(data, &model, &settings)?;
    Ok((TrainJob { run, settings, data, family, config, model, optimizer, state }, text))
}

pub(super) fn default_out(args: &TrainArgs, data: &Path, family: &Family) -> PathBuf {
    let data = data.file_stem().unwrap_or_default().to_string_lossy();
    let size = if args.init_from.is_some() { "tuned" } else { &args.size.size };
    PathBuf::from("runs").join(format!("{}-{size}-{data}", family.name()))
}

/// Checks that a model that is to compute its blocks again has blocks.
pub(super) fn check_blocks(is_asked: bool, spec: &ModelSpec) -> Result<()> {
    match is_asked && spec.architecture.backbone.stacks().is_empty() {
        true => {
            let name = spec.family.name();
            Err(usage(format!("--checkpoint-blocks: {name} is recurrent and has no blocks")))
        }
        false => Ok(()),
    }
}

/// An absolute path, which stays valid in another working directory.
pub(super) fn absolute(path: &Path) -> String {
    std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf()).display().to_string()
}
