//! From flags to a training job: all input is validated before anything is written.

use std::path::Path;
use std::sync::Arc;

use anyhow::Result;
use burn::tensor::Device;

use super::super::companions::{set_dtype, write_companions, write_tokenizer_files};
use super::super::model::model_folder;
use super::super::{Global, usage};
use super::args::TrainArgs;
use super::defaults::Defaults;
use super::growth::as_large;
use super::running_text::LmText;
use super::settings::{check_blocks, check_settings, frozen};
use super::start::{Existing, Start, note_new};
use super::test_text::{Test, TestText, moved};
use super::text_data::{check_length, check_size, text_data};
use super::text_source::{LmSource, default_out};
use super::vocabulary::{TokenizerChoice, default_of_text};
use super::{classify, recipe, tasks};
use crate::datasets::batch::LmDataset;
use crate::datasets::labeled::Columns;
use crate::datasets::tokenizer::Tokenizer;
use crate::models::checkpoint::{self, Model, ModelSpec, Pretrained};
use crate::models::precision::Precision;
use crate::train::{Optimizer, RunDir, State, TrainError, TrainJob, TrainSettings};

/// A training job and its number of steps.
pub(super) struct Prepared {
    pub(super) job: TrainJob,
    /// The evaluation after training.
    pub(super) test: Option<Test>,
    /// The text of language modeling.
    pub(super) text: Option<Arc<LmDataset>>,
    pub(super) steps: usize,
}

pub(super) fn prepare(global: &Global, args: &TrainArgs) -> Result<Prepared> {
    let device = global.device()?.autodiff();
    let columns = Columns { text: None, ..args.task.columns.columns() };
    if args.task.task.is_none() && columns != Columns::default() {
        return Err(usage("a column of a pair or a label needs a --task"));
    }
    // Clap drops a requirement that conflicts with another argument, such as the family.
    if !args.growth.is_none() && args.init_from.is_none() {
        return Err(usage("--add-tokens and --pad-to-multiple-of need a model: --init-from MODEL"));
    }
    let of_text = |TextRun { job, text, test }| {
        let steps = job.settings.schedule.steps;
        Prepared { job, test: test.map(Test::Text), text: Some(text), steps }
    };
    let of_task = |job: TrainJob| {
        let (steps, files) = (job.settings.schedule.steps, job.settings.test.clone());
        let test = (!files.is_empty()).then_some(Test::Labeled(files));
        Prepared { job, test, text: None, steps }
    };
    Ok(match (&args.resume, args.task.task) {
        (Some(path), _) => {
            let opened = open(global, args, path, &device)?;
            match opened.settings.task.is_some() {
                true => of_task(tasks::resume(global, args, opened, path, &device)?),
                false => of_text(resume(global, args, opened, path, &device)?),
            }
        }
        (None, Some(task)) => of_task(tasks::begin(global, args, task, &device)?),
        (None, None) => of_text(begin(global, args, &device)?),
    })
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
    pub(super) optimizer: Optimizer,
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
    let continued = match run.restore(settings, device)? {
        Some(restored) => {
            run.publish_newest(&restored.state, settings)?;
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
        None => {
            let model = first()?;
            let optimizer = settings.new_optimizer(&model);
            Continued { model, optimizer, state: State::start(settings.dtype) }
        }
    };
    let (step, steps) = (continued.state.step, settings.schedule.steps);
    if step < steps {
        global.note(&format!("resuming after step {step}/{steps}"));
    } else {
        global.note(&format!("all {steps} steps are done; a larger --steps extends the run"));
    }
    Ok(continued)
}

/// A run of language modeling.
struct TextRun {
    job: TrainJob,
    text: Arc<LmDataset>,
    test: Option<TestText>,
}

/// Creates a new run.
fn begin(global: &Global, args: &TrainArgs, device: &Device) -> Result<TextRun> {
    let source = args.source().map_err(usage)?;
    let from = args.init_from.as_deref().map(|model| model_folder(global, model)).transpose()?;
    let start = match &from {
        Some(folder) => Start::from_model(folder, global.seed(), args.dropout, device)?,
        None => Start::from_family(args.family())?,
    };
    let out = args.out.clone().unwrap_or_else(|| default_out(args, &source.data(), start.family()));
    if out.exists() {
        return Err(classify(TrainError::Exists(out)));
    }
    let known = start.tokenizer(global, args)?;
    let objective = args.objective.resolve(start.family(), start.head(), known.as_ref())?;
    let context = args.training.context.unwrap_or(start.default_context());
    let mut settings = Defaults::LANGUAGE_MODELING.settings(global, args, context);
    source.put_into(&mut settings);
    settings.init_from = from.as_deref().map(absolute);
    settings.objective = Some(objective);
    crate::device::require_format(&global.device, device, settings.dtype).map_err(usage)?;
    check_settings(args, &settings)?;

    let default = default_of_text(start.family());
    let choice = TokenizerChoice::parse(global, args.text.tokenizer.as_deref(), default)?;
    let text = LmText::read(global, &source)?;
    let tokenizer = match known {
        Some(tokenizer) => tokenizer,
        None => {
            let new =
                choice.build(start.family(), |vocabulary| text.tokenizer(global, vocabulary))?;
            Start::new_tokenizer(new, objective, context)?
        }
    };
    let data = text.encode(global, tokenizer)?;
    settings.data_fingerprint = data.fingerprint().to_string();
    check_size(&data, &settings)?;
    check_length(&data, &settings)?;
    if let Some(epochs) = args.task.epochs {
        settings.schedule =
            Defaults::epochs(epochs, &data, &settings)?.settings(global, args, context).schedule;
        if let Some(problem) = settings.problem() {
            return Err(usage(problem));
        }
    }
    let test = TestText::read(global, data.tokenizer(), &settings)?;

    let new = start.new_parameters();
    let Pretrained { spec, model } = start.model(global, args, &settings, &data, device)?;
    check_blocks(settings.checkpoint_blocks, &spec)?;
    let text = data.clone();
    let data = text_data(data, &spec, &model, &settings)?;
    let frozen = frozen(&settings, &spec, &model)?;
    let ModelSpec { family, mut config, .. } = spec;
    // The weights of a run are f32, whatever the initial model had.
    set_dtype(&mut config, Precision::F32);
    let tokenizer = text.tokenizer();
    let run = RunDir::create(&out, &settings, |folder| {
        checkpoint::write_config(folder, &config)?;
        recipe::write(folder, args, &settings)?;
        let copied = from.iter().try_for_each(|from| match new.is_empty() {
            true => write_companions(global, from, folder),
            false => write_tokenizer_files(global, from, folder),
        });
        let written = copied.and_then(|()| match from.is_some() && args.growth.is_none() {
            true => Ok(()),
            false => tokenizer.save(folder).map_err(Into::into),
        });
        written.map_err(|error| TrainError::Burn(format!("{error:#}")))
    })
    .map_err(classify)?;
    let optimizer = settings.new_optimizer(&model);
    note_new(global, &new);
    global.note(&format!(
        "{}: {} parameters{frozen}, {} tokens per step, in {}",
        family.name(),
        crate::system::count(crate::models::parameters::count(&model) as u64),
        settings.tokens_per_step(),
        out.display(),
    ));
    let state = State::start(settings.dtype);
    let job = TrainJob { run, settings, data, family, config, model, optimizer, state };
    Ok(TextRun { job, text, test })
}

/// Resumes a run of language modeling.
fn resume(
    global: &Global,
    args: &TrainArgs,
    mut opened: Opened,
    path: &Path,
    device: &Device,
) -> Result<TextRun> {
    let settings = &mut opened.settings;
    let source = LmSource::moved(args, settings)?;
    moved(&args.text.test, &mut settings.test);
    let text = LmText::read(global, &source).map_err(|error| match source {
        LmSource::Files(_) if args.text.files().is_empty() => usage(format!(
            "{error}; if it was moved, name it with --text-file, or with --validation"
        )),
        _ => error,
    })?;
    let data = text.encode(global, Tokenizer::load(path)?)?;
    if data.fingerprint() != settings.data_fingerprint {
        return Err(classify(TrainError::OtherData {
            data: source.data().display().to_string(),
            expected: settings.data_fingerprint.clone(),
            found: data.fingerprint().to_string(),
        }));
    }
    if !args.text.files().is_empty() || !args.task.validation.is_empty() {
        source.put_into(settings);
    }
    let test = TestText::read(global, data.tokenizer(), settings)?;
    opened.run.keep_settings(settings).map_err(classify)?;
    let spec = ModelSpec::read(path)?;
    let seed = opened.settings.seed;
    let first = || match &opened.settings.init_from {
        Some(from) => {
            let dropout = opened.settings.dropout;
            let existing = Existing::load(Path::new(from), seed, dropout, device)?;
            Ok(as_large(existing.into_pretrained(), &spec, seed, device)?.model)
        }
        None => Ok(spec.initialized(seed, device)),
    };
    let Continued { model, optimizer, state } = restore(global, &opened, device, first)?;
    let Opened { run, settings } = opened;
    let text = data.clone();
    let data = text_data(data, &spec, &model, &settings)?;
    let ModelSpec { family, config, .. } = spec;
    let job = TrainJob { run, settings, data, family, config, model, optimizer, state };
    Ok(TextRun { job, text, test })
}

/// An absolute path, which stays valid in another working directory.
pub(super) fn absolute(path: &Path) -> String {
    std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf()).display().to_string()
}
