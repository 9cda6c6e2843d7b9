//! Runs that learn a task from labeled data.

mod images;
mod languages;
mod new_run;
mod start;
mod texts;

use std::path::{Path, PathBuf};

use anyhow::Result;
use burn::tensor::Device;

use super::super::companions::{write_companions, write_tokenizer_files};
use super::super::model::model_folder;
use super::super::{Global, usage};
use super::args::TrainArgs;
use super::classify;
use super::defaults::Defaults;
use super::prepare::{Continued, Opened, absolute, restore};
use super::settings::{check_blocks, check_settings};
use super::test_text::moved;
use super::text_source::{default_out, move_validation};
use crate::datasets::labeled::LabeledTask;
use crate::datasets::tokenizer::Tokenizer;
use crate::models::checkpoint::ModelSpec;
use crate::pipeline::SentenceModules;
use crate::train::tuning::{TaskLengths, TaskSetup};
use crate::train::{TaskSettings, TrainError, TrainJob, TrainSettings, ValidationSource};
use languages::{check_languages, set_first_tokens, texts_of, write_first_tokens};
use new_run::{NewRun, check_data, first_model};
use start::{Start, read_by};
use texts::{Encoded, Texts, check_test};

/// Creates a new run.
pub(super) fn begin(
    global: &Global,
    args: &TrainArgs,
    task: LabeledTask,
    device: &Device,
) -> Result<TrainJob> {
    let from = args.init_from.as_deref().map(|model| model_folder(global, model)).transpose()?;
    let task = task_settings(args, task)?;
    match task.name {
        LabeledTask::ImageClassification => {
            images::begin(global, args, task, from.as_deref(), device)
        }
        _ => begin_texts(global, args, task, from.as_deref(), device),
    }
}

/// The task of a new run.
fn task_settings(args: &TrainArgs, name: LabeledTask) -> Result<TaskSettings> {
    let is_image = name == LabeledTask::ImageClassification;
    if let Some(flag) = args.images.given().filter(|_| !is_image) {
        return Err(usage(format!("{flag} is for --task image-classification, not for {name}")));
    }
    if args.vectors.is_some() && name != LabeledTask::SentenceEmbedding {
        return Err(usage(format!("the flags of sentence vectors have no meaning for {name}")));
    }
    if args.task.class_weights.is_some() && !is_image && name != LabeledTask::Classification {
        return Err(usage(format!(
            "--class-weights is for classification and image-classification, not for {name}"
        )));
    }
    let absolute_files = |files: &[PathBuf]| -> Vec<PathBuf> {
        files.iter().map(|path| PathBuf::from(absolute(path))).collect()
    };
    let folder = images::validation_folder(args).filter(|_| is_image);
    let validation = match folder.map_or_else(|| args.task.validation(), Ok).map_err(usage)? {
        ValidationSource::Files(files) => ValidationSource::Files(absolute_files(&files)),
        other => other,
    };
    let files: Vec<PathBuf> = args.text.data.iter().map(PathBuf::from).collect();
    Ok(TaskSettings {
        name,
        files: absolute_files(&files),
        validation,
        columns: args.task.columns.columns(),
        prefix: args.task.prefix.clone(),
        max_target_length: args.task.max_target_length,
        class_weights: args.task.class_weights.clone(),
        augment: args.images.augment.clone(),
        vectors: None,
        languages: args.task.languages.languages(),
    })
}

/// Creates a new run that learns from texts.
fn begin_texts(
    global: &Global,
    args: &TrainArgs,
    mut task: TaskSettings,
    from: Option<&Path>,
    device: &Device,
) -> Result<TrainJob> {
    let texts = Texts::read(&task, global.seed(), None)?;
    let start = Start::new(global, args, from, &texts, device)?;
    let modules = args.vectors.modules(start.modules);
    if task.name == LabeledTask::SentenceEmbedding {
        task.vectors = Some(args.vectors.vectors(&modules, &texts.train)?);
    }
    let out = args.out.clone();
    let out = out.unwrap_or_else(|| default_out(args, &task.files[0], start.family));
    if out.exists() {
        return Err(classify(TrainError::Exists(out)));
    }
    let lengths = start.lengths(args, task.name)?;
    crate::device::require_format(&global.device, device, args.training.dtype).map_err(usage)?;
    let fingerprint = texts.fingerprint();
    let mut loaded = start.load(global, args, lengths, &texts.train, device)?;
    start.check_target(task.name, lengths.target)?;
    check_blocks(args.training.checkpoint_blocks, &loaded.spec)?;
    check_languages(&task, &start.tokenizer)?;
    let tokenizers = texts_of(&task, start.tokenizer.clone(), from)?;
    let setup = TaskSetup::new(task.name, &loaded.spec, &loaded.model, tokenizers, lengths);
    let setup = setup.map_err(usage)?.with_vectors(task.vectors.unwrap_or_default());
    let objective = setup.objective;
    if task.name == LabeledTask::TextToText && setup.objective.end.is_none() {
        let reason = "the vocabulary has no token that ends a text; choose --tokenizer bpe:N";
        return Err(usage(reason));
    }
    check_test(&task, &args.text.test, &texts.train.labels)?;
    let encoded = Encoded::new(setup, texts)?;

    let defaults = Defaults::task(args, encoded.train.len());
    let settings = TrainSettings {
        data: absolute(&task.files[0]),
        data_fingerprint: fingerprint,
        init_from: from.map(absolute),
        task: Some(task),
        ..defaults.settings(global, args, lengths.input)
    };
    check_settings(args, &settings)?;
    let data = encoded.data(&settings)?;
    let is_embedder = settings.task.as_ref().is_some_and(|task| task.vectors.is_some());
    let modules = SentenceModules { max_length: Some(lengths.input), ..modules };
    let width = loaded.spec.architecture.backbone.d_output();
    if settings.task.as_ref().is_some_and(|task| task.name == LabeledTask::TextToText) {
        set_first_tokens(&mut loaded.spec.config, &objective);
    }
    let run = NewRun { out, settings, start: loaded, data, unit: "texts" };
    run.create(global, args, |folder| {
        match from {
            // What makes sentence vectors is no part of a model with another head.
            Some(from) if !is_embedder => write_tokenizer_files(global, from, folder)?,
            Some(from) => write_companions(global, from, folder)?,
            None => {}
        }
        if from.is_none() || !args.growth.is_none() {
            start.tokenizer.save(folder)?;
        }
        if is_embedder {
            modules.write(folder, width)?;
        }
        Ok(write_first_tokens(folder, &objective)?)
    })
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
    if !args.text.text_file.is_empty() {
        return Err(usage("--text-file is for running text; name moved files with --data"));
    }
    if let [first, ..] = &args.text.data[..] {
        task.files = args.text.data.iter().map(|file| absolute(Path::new(file)).into()).collect();
        opened.settings.data = absolute(Path::new(first));
    }
    move_validation(args, &mut task.validation)?;
    moved(&args.text.test, &mut opened.settings.test);
    let task = task.clone();
    if task.name == LabeledTask::ImageClassification {
        return images::resume(global, opened, path, device);
    }
    let spec = ModelSpec::read(path)?;
    let labels = task.name.has_labels().then_some(&spec.labels[..]);
    let texts = Texts::read(&task, opened.settings.seed, labels)?;
    check_data(&opened.settings, texts.fingerprint())?;
    check_test(&task, &opened.settings.test, &texts.train.labels)?;
    opened.run.keep_settings(&opened.settings).map_err(classify)?;
    let first = || first_model(&opened, &task, &spec, &texts.train.labels, device);
    let Continued { model, optimizer, state } = restore(global, &opened, device, first)?;
    let lengths = TaskLengths { input: opened.settings.context, target: task.max_target_length };
    let mut tokenizer = Tokenizer::load(path)?;
    if task.vectors.is_some() {
        let modules = SentenceModules::read(path, &spec.architecture.backbone, device)?;
        tokenizer = read_by(&modules, tokenizer)?;
    }
    let tokenizers = texts_of(&task, tokenizer, Some(path))?;
    let setup = TaskSetup::new(task.name, &spec, &model, tokenizers, lengths);
    let setup = setup.map_err(usage)?.with_vectors(task.vectors.unwrap_or_default());
    let data = Encoded::new(setup, texts)?.data(&opened.settings)?;
    let ModelSpec { family, config, .. } = spec;
    let Opened { run, settings } = opened;
    Ok(TrainJob { run, settings, data, family, config, model, optimizer, state })
}
