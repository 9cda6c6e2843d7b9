//! Runs that learn a task from labeled texts.

mod start;
mod texts;

use std::path::{Path, PathBuf};

use anyhow::Result;
use burn::tensor::Device;

use super::super::companions::{set_dtype, write_companions, write_tokenizer_files};
use super::super::model::model_folder;
use super::super::{Global, usage};
use super::args::TrainArgs;
use super::classify;
use super::defaults::Defaults;
use super::growth::as_large;
use super::prepare::{Continued, Opened, absolute, check_blocks, default_out, restore};
use crate::datasets::labeled::LabeledTask;
use crate::datasets::tokenizer::Tokenizer;
use crate::models::checkpoint::{self, ModelSpec};
use crate::models::precision::Precision;
use crate::pipeline::SentenceModules;
use crate::train::tuning::{TaskLengths, TaskSetup};
use crate::train::{
    AdamW, RunDir, State, TaskSettings, TrainError, TrainJob, TrainSettings, ValidationSource,
};
use start::{LoadedStart, Start, head, read_by};
use texts::{Encoded, Texts};

/// Creates a new run.
pub(super) fn begin(
    global: &Global,
    args: &TrainArgs,
    task: LabeledTask,
    device: &Device,
) -> Result<TrainJob> {
    let from = args.init_from.as_deref().map(|model| model_folder(global, model)).transpose()?;
    let files: Vec<PathBuf> = args.text.data.iter().map(PathBuf::from).collect();
    let absolute_files = |files: &[PathBuf]| -> Vec<PathBuf> {
        files.iter().map(|path| PathBuf::from(absolute(path))).collect()
    };
    let validation = match args.task.validation().map_err(usage)? {
        ValidationSource::Files(files) => ValidationSource::Files(absolute_files(&files)),
        share => share,
    };
    let mut task = TaskSettings {
        name: task,
        files: absolute_files(&files),
        validation,
        columns: args.task.columns.columns(),
        prefix: args.task.prefix.clone(),
        max_target_length: args.task.max_target_length,
        vectors: None,
    };
    if args.vectors.is_some() && task.name != LabeledTask::SentenceEmbedding {
        return Err(usage(format!(
            "the flags of sentence vectors have no meaning for {}",
            task.name
        )));
    }
    let texts = Texts::read(&task, global.seed(), None)?;
    let start = Start::new(global, args, from.as_deref(), &texts, device)?;
    let modules = args.vectors.modules(start.modules);
    if task.name == LabeledTask::SentenceEmbedding {
        task.vectors = Some(args.vectors.vectors(&modules, &texts.train)?);
    }
    let out = args.out.clone().unwrap_or_else(|| default_out(args, &files[0], start.family));
    if out.exists() {
        return Err(classify(TrainError::Exists(out)));
    }
    let lengths = TaskLengths { input: start.context(args)?, target: task.max_target_length };
    crate::device::require_format(&global.device, device, args.training.dtype).map_err(usage)?;
    let fingerprint = texts.fingerprint();
    let LoadedStart { spec, model, new } =
        start.load(global, args, lengths, &texts.train, device)?;
    start.check_target(task.name, lengths.target)?;
    check_blocks(args.training.checkpoint_blocks, &spec)?;
    let tokenizer = start.tokenizer.clone();
    let setup = TaskSetup::new(task.name, &spec, &model, tokenizer, lengths, &task.prefix);
    let setup = setup.map_err(usage)?.with_vectors(task.vectors.unwrap_or_default());
    if task.name == LabeledTask::TextToText && setup.objective.end.is_none() {
        let reason = "the vocabulary has no token that ends a text; choose --tokenizer bpe:N";
        return Err(usage(reason));
    }
    let encoded = Encoded::new(setup, texts)?;

    let defaults = Defaults::task(args, encoded.train.len());
    let settings = TrainSettings {
        data: absolute(&files[0]),
        data_fingerprint: fingerprint,
        init_from: from.as_deref().map(absolute),
        task: Some(task),
        ..defaults.settings(global, args, lengths.input)
    };
    if let Some(problem) = settings.problem() {
        return Err(usage(problem));
    }
    if !new.is_empty() && from.is_some() {
        global.note(&format!("new parameters, trained from scratch: {}", new.join(", ")));
    }
    let data = encoded.data(&settings);
    let is_embedder = settings.task.as_ref().is_some_and(|task| task.vectors.is_some());
    let modules = SentenceModules { max_length: Some(lengths.input), ..modules };
    let width = spec.architecture.backbone.d_output();
    let ModelSpec { family, mut config, .. } = spec;
    // The weights of a run are f32, whatever the initial model had.
    set_dtype(&mut config, Precision::F32);
    let run = RunDir::create(&out, &settings, |folder| {
        checkpoint::write_config(folder, &config)?;
        let copied = from.iter().try_for_each(|from| match is_embedder {
            // What makes sentence vectors is no part of a model with another head.
            false => write_tokenizer_files(global, from, folder),
            true => write_companions(global, from, folder),
        });
        let written = copied.and_then(|()| match from.is_some() && args.growth.is_none() {
            true => Ok(()),
            false => start.tokenizer.save(folder).map_err(Into::into),
        });
        let written = written.and_then(|()| match is_embedder {
            true => Ok(modules.write(folder, width)?),
            false => Ok(()),
        });
        written.map_err(|error| TrainError::Burn(format!("{error:#}")))
    })
    .map_err(classify)?;
    global.note(&format!(
        "{}: {} parameters, {} steps of {} texts, in {}",
        family.name(),
        crate::system::count(crate::models::parameters::count(&model) as u64),
        settings.schedule.steps,
        settings.batch_size * settings.accumulate,
        out.display(),
    ));
    let (optimizer, state) = (AdamW::new(settings.optimizer), State::start(settings.dtype));
    Ok(TrainJob { run, settings, data, family, config, model, optimizer, state })
}

/// Resumes a run.
pub(super) fn resume(
    global: &Global,
    args: &TrainArgs,
    mut opened: Opened,
    path: &Path,
    device: &Device,
) -> Result<TrainJob> {
    let Some(task) = &mut opened.settings.task else {
        return Err(usage("the run learns no task"));
    };
    if args.text.text_file.is_some() {
        return Err(usage("--text-file is for running text; name moved files with --data"));
    }
    if !args.text.data.is_empty() {
        task.files = args.text.data.iter().map(|file| absolute(Path::new(file)).into()).collect();
    }
    let task = task.clone();
    let task = &task;
    let spec = ModelSpec::read(path)?;
    let labels = task.name.has_labels().then_some(&spec.labels[..]);
    let texts = Texts::read(task, opened.settings.seed, labels)?;
    let found = texts.fingerprint();
    if found != opened.settings.data_fingerprint {
        return Err(classify(TrainError::OtherData {
            data: opened.settings.data.clone(),
            expected: opened.settings.data_fingerprint.clone(),
            found,
        }));
    }
    if let [first, ..] = &args.text.data[..] {
        let data = absolute(Path::new(first));
        opened.run.move_data(&data, &task.files).map_err(classify)?;
        opened.settings.data = data;
    }
    let first = || match &opened.settings.init_from {
        Some(from) => {
            let head = head(task.name, &texts.train.labels);
            let seed = opened.settings.seed;
            let loaded = checkpoint::load_with_head(Path::new(from), &head, seed, device)?;
            Ok(as_large(loaded.pretrained, &spec, seed, device)?.model)
        }
        None => Ok(spec.initialized(opened.settings.seed, device)),
    };
    let Continued { model, optimizer, state } = restore(global, &opened, device, first)?;
    let lengths = TaskLengths { input: opened.settings.context, target: task.max_target_length };
    let mut tokenizer = Tokenizer::load(path)?;
    if task.vectors.is_some() {
        let modules = SentenceModules::read(path, &spec.architecture.backbone, device)?;
        tokenizer = read_by(&modules, tokenizer)?;
    }
    let setup = TaskSetup::new(task.name, &spec, &model, tokenizer, lengths, &task.prefix);
    let setup = setup.map_err(usage)?.with_vectors(task.vectors.unwrap_or_default());
    let data = Encoded::new(setup, texts)?.data(&opened.settings);
    let ModelSpec { family, config, .. } = spec;
    let Opened { run, settings } = opened;
    Ok(TrainJob { run, settings, data, family, config, model, optimizer, state })
}
