//! Runs that learn a task from labeled texts.

mod languages;
mod start;
mod texts;

use std::path::{Path, PathBuf};

use anyhow::Result;
use burn::tensor::Device;

use super::super::companions::{set_dtype, write_companions, write_tokenizer_files};
use super::super::model::model_folder;
use super::super::{Global, usage};
use super::args::TrainArgs;
use super::defaults::Defaults;
use super::growth::as_large;
use super::prepare::{Continued, Opened, absolute, restore};
use super::settings::{check_blocks, check_settings, frozen};
use super::start::note_new;
use super::test_text::moved;
use super::text_source::{default_out, move_validation};
use super::{classify, recipe};
use crate::datasets::labeled::{LabeledTask, LabeledTexts};
use crate::datasets::records::Records;
use crate::datasets::tokenizer::Tokenizer;
use crate::models::checkpoint::{self, HeadFor, ModelSpec};
use crate::models::precision::Precision;
use crate::pipeline::SentenceModules;
use crate::train::tuning::{TaskLengths, TaskSetup, head_for};
use crate::train::{
    RunDir, State, TaskSettings, TrainError, TrainJob, TrainSettings, ValidationSource,
};
use languages::{check_languages, set_first_tokens, texts_of, write_first_tokens};
use start::{LoadedStart, Start, read_by};
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
        languages: args.task.languages.languages(),
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
    let lengths = start.lengths(args, task.name)?;
    crate::device::require_format(&global.device, device, args.training.dtype).map_err(usage)?;
    let fingerprint = texts.fingerprint();
    let LoadedStart { spec, model, new } =
        start.load(global, args, lengths, &texts.train, device)?;
    start.check_target(task.name, lengths.target)?;
    check_blocks(args.training.checkpoint_blocks, &spec)?;
    check_languages(&task, &start.tokenizer)?;
    let tokenizers = texts_of(&task, start.tokenizer.clone(), from.as_deref())?;
    let setup = TaskSetup::new(task.name, &spec, &model, tokenizers, lengths).map_err(usage)?;
    let setup = setup.with_vectors(task.vectors.unwrap_or_default());
    let objective = setup.objective;
    if task.name == LabeledTask::TextToText && setup.objective.end.is_none() {
        let reason = "the vocabulary has no token that ends a text; choose --tokenizer bpe:N";
        return Err(usage(reason));
    }
    check_test(&task, &args.text.test, &texts.train.labels)?;
    let encoded = Encoded::new(setup, texts)?;

    let defaults = Defaults::task(args, encoded.train.len());
    let settings = TrainSettings {
        data: absolute(&files[0]),
        data_fingerprint: fingerprint,
        init_from: from.as_deref().map(absolute),
        task: Some(task),
        ..defaults.settings(global, args, lengths.input)
    };
    check_settings(args, &settings)?;
    let frozen = frozen(&settings, &spec, &model)?;
    if from.is_some() {
        note_new(global, &new);
    }
    let data = encoded.data(&settings);
    let is_embedder = settings.task.as_ref().is_some_and(|task| task.vectors.is_some());
    let modules = SentenceModules { max_length: Some(lengths.input), ..modules };
    let width = spec.architecture.backbone.d_output();
    let ModelSpec { family, mut config, .. } = spec;
    // The weights of a run are f32, whatever the initial model had.
    set_dtype(&mut config, Precision::F32);
    if settings.task.as_ref().is_some_and(|task| task.name == LabeledTask::TextToText) {
        set_first_tokens(&mut config, &objective);
    }
    let run = RunDir::create(&out, &settings, |folder| {
        checkpoint::write_config(folder, &config)?;
        recipe::write(folder, args, &settings)?;
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
        written.map_err(|error| TrainError::Burn(format!("{error:#}")))?;
        write_first_tokens(folder, &objective)
    })
    .map_err(classify)?;
    global.note(&format!(
        "{}: {} parameters{frozen}, {} steps of {} texts, in {}",
        family.name(),
        crate::system::count(crate::models::parameters::count(&model) as u64),
        settings.schedule.steps,
        settings.batch_size * settings.accumulate,
        out.display(),
    ));
    let (optimizer, state) = (settings.new_optimizer(&model), State::start(settings.dtype));
    Ok(TrainJob { run, settings, data, family, config, model, optimizer, state })
}

/// Checks that the model can be evaluated on these files, before it is trained.
fn check_test(task: &TaskSettings, files: &[PathBuf], labels: &[String]) -> Result<()> {
    if files.is_empty() {
        return Ok(());
    }
    let known = task.name.has_labels().then_some(labels);
    let records = Records::read(files).map_err(usage)?;
    LabeledTexts::read(&records, task.name, &task.columns, known).map_err(usage)?;
    Ok(())
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
    check_test(task, &opened.settings.test, &texts.train.labels)?;
    opened.run.keep_settings(&opened.settings).map_err(classify)?;
    let first = || match &opened.settings.init_from {
        Some(from) => {
            let dropout = opened.settings.dropout;
            let head = head_for(spec.family, task.name, &texts.train.labels);
            let head = HeadFor { dropout, ..head };
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
    let tokenizers = texts_of(task, tokenizer, Some(path))?;
    let setup = TaskSetup::new(task.name, &spec, &model, tokenizers, lengths).map_err(usage)?;
    let setup = setup.with_vectors(task.vectors.unwrap_or_default());
    let data = Encoded::new(setup, texts)?.data(&opened.settings);
    let ModelSpec { family, config, .. } = spec;
    let Opened { run, settings } = opened;
    Ok(TrainJob { run, settings, data, family, config, model, optimizer, state })
}
