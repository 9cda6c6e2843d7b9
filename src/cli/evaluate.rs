//! `zoo evaluate`

mod head;
mod images;
mod masked;
mod text;

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Parser;
use serde_json::{Value, json};

use super::model::ModelArgs;
use super::train::{ColumnArgs, LanguageArgs, default_loss, length};
use super::{Global, usage};
use crate::datasets::labeled::{Columns, LabeledTask, LabeledTexts};
use crate::datasets::records::Records;
use crate::datasets::tokenizer::Tokenizer;
use crate::models::checkpoint::{self, LoadDtype, ModelSpec};
use crate::models::families::Task;
use crate::pipeline::{SentenceModules, TextEmbedder};
use crate::train::tuning::{Evaluation, Languages, ScoreInterval};
use crate::train::tuning::{TaskLengths, TaskSetup, TaskTexts};
use crate::train::{SentenceVectors, TaskSettings};
use head::{is_for, task_of};

/// The longest text by default, in tokens.
const LONGEST: usize = 512;

/// Measure a model on labeled texts or images, or a language model on running text.
#[derive(clap::Args)]
#[command(
    after_help = "The model's head decides the task: classification (also of several labels, and \
                  regression), tagging, question answering, text-to-text, sentence embedding, image \
                  classification; a language model is measured on plain text: a causal one by its \
                  perplexity, a masked one by its pseudo-perplexity, which masks each token alone. \
                  The columns are found by their names, or are those of \
                  the run that trained the model. The scores have 95 % intervals over \
                  resampled examples. Shares are in percent.\n\nExamples:\n  \
                  zoo evaluate runs/x test.csv\n  \
                  zoo evaluate ./bert-base-NER --json test.conll\n  \
                  zoo evaluate ./opus-mt-en-de pairs.tsv --text-column en --label-column de\n  \
                  zoo evaluate runs/photos photos/test\n  \
                  zoo evaluate ./gpt2 book.txt\n  \
                  zoo evaluate ./bert-base-cased --max-length 64 page.txt"
)]
pub(crate) struct EvaluateArgs {
    #[command(flatten)]
    model: ModelArgs,
    /// Files, patterns or folders of labeled texts; folders of images by class, of which the test
    /// split is measured; a .txt file of running text for a language model
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    columns: ColumnArgs,
    /// The task, where the head is for several, such as ranking [default: the run's, or the head's]
    #[arg(long, value_name = "TASK")]
    task: Option<LabeledTask>,
    /// The longest text in tokens; longer ones are truncated, and running text is cut into windows
    /// [default: the run's, or the model's, at most 512; for running text 1024, or 128 if masked]
    #[arg(long, value_name = "N", value_parser = length)]
    max_length: Option<usize>,
    /// A prefix of every text [default: the run's]
    #[arg(long, value_name = "TEXT")]
    prefix: Option<String>,
    /// The longest target text in tokens [default: the run's, or 128]
    #[arg(long, value_name = "N", value_parser = length)]
    max_target_length: Option<usize>,
    #[command(flatten)]
    languages: LanguageArgs,
}

pub(super) fn run(global: &Global, args: &EvaluateArgs) -> Result<()> {
    let folder = args.model.model.folder(global)?;
    let spec = ModelSpec::read(&folder)?;
    let of_head = match TextEmbedder::is_meant(&folder) || spec.task == Task::BaseModel {
        true => Some(LabeledTask::SentenceEmbedding),
        false => task_of(&spec),
    };
    let of_run = run_settings(&folder).map(|run| run.task.name);
    let task = args.task.or(of_run.filter(|task| is_for(*task, &spec))).or(of_head);
    if let Some(task) = task.filter(|task| !is_for(*task, &spec)) {
        return Err(usage(format!(
            "the model's head, {}, is not for {task}",
            spec.config["architectures"][0]
        )));
    }
    match task {
        Some(task) => print(global, task, &evaluation(global, args, &folder, spec, task)?),
        None if spec.task == Task::CausalLm => text::run(global, args, &folder, spec),
        None if spec.task == Task::MaskedLm => masked::run(global, args, &folder, spec),
        None => Err(usage(format!(
            "zoo evaluate cannot measure a model with the head {}",
            spec.config["architectures"][0]
        ))),
    }
}

/// The evaluation of a model on labeled texts or images.
fn evaluation(
    global: &Global,
    args: &EvaluateArgs,
    folder: &Path,
    spec: ModelSpec,
    task: LabeledTask,
) -> Result<Evaluation> {
    match task {
        LabeledTask::ImageClassification => images::run(global, args, folder, spec),
        _ => labeled(global, args, folder, spec, task),
    }
}

fn labeled(
    global: &Global,
    args: &EvaluateArgs,
    folder: &Path,
    spec: ModelSpec,
    task: LabeledTask,
) -> Result<Evaluation> {
    let run = run_settings(folder).filter(|run| run.task.name == task);
    let columns = columns(args, run.as_ref());
    if task == LabeledTask::Regression && spec.labels.len() != 1 {
        return Err(usage(format!(
            "the model has {} numbers for each text, and zoo evaluate measures one",
            spec.labels.len()
        )));
    }
    let known = task.has_labels().then_some(&spec.labels[..]);
    let records = Records::read(&args.files).map_err(usage)?;
    let texts = LabeledTexts::read(&records, task, &columns, known).map_err(usage)?;

    let device = global.device()?;
    let precision = args.model.dtype.on(global, &device)?;
    let mut tokenizer = Tokenizer::load(folder)?;
    let mut vectors = run.as_ref().and_then(|run| run.task.vectors).unwrap_or_default();
    let mut of_modules = None;
    if task == LabeledTask::SentenceEmbedding {
        let backbone = &spec.architecture.backbone;
        let modules = SentenceModules::read(folder, backbone, &device).map_err(usage)?;
        if modules.is_lower_cased {
            tokenizer = tokenizer.lower_cased()?;
        }
        let SentenceModules { pooling, is_unit, max_length, .. } = modules;
        let loss = if run.is_some() { vectors.loss } else { default_loss(&texts) };
        vectors = SentenceVectors { pooling, is_unit, loss };
        of_modules = max_length;
    }
    let positions = spec.architecture.backbone.max_positions();
    let longest = [positions, tokenizer.max_length(), of_modules].into_iter().flatten().min();
    let of_run = run.as_ref().map(|run| run.context);
    let target = run.as_ref().map(|run| run.task.max_target_length);
    let target = args.max_target_length.or(target).unwrap_or(128);
    let target = target.min(positions.unwrap_or(usize::MAX));
    // A decoder has source and target in one row.
    let shared = if spec.task == Task::CausalLm { target } else { 0 };
    let longest = longest.unwrap_or(usize::MAX).saturating_sub(shared).max(1);
    let input = args.max_length.or(of_run).unwrap_or(LONGEST).min(longest);
    let of_run = run.map(|run| run.task);
    let prefix = args.prefix.clone().or(of_run.as_ref().map(|task| task.prefix.clone()));
    let prefix = prefix.unwrap_or_default();
    let named = args.languages.languages();
    let of_run = of_run.map(|task| task.languages).unwrap_or_default();
    let languages = Languages {
        source: named.source.or(of_run.source),
        target: named.target.or(of_run.target),
    };
    let loaded = checkpoint::load_as(folder, spec, &device, LoadDtype::Checkpoint)?;
    let model = loaded.model.cast(precision);
    let lengths = TaskLengths { input, target };
    let texts_of = TaskTexts { prefix, languages, ..TaskTexts::new(tokenizer) };
    let texts_of = match task {
        LabeledTask::TextToText => texts_of.with_target_of(folder)?,
        _ => texts_of,
    };
    let setup = TaskSetup::new(task, &loaded.spec, &model, texts_of, lengths).map_err(usage)?;
    let setup = setup.with_vectors(vectors);
    let bar = global.bar(texts.examples.len() as u64, "texts");
    let evaluation = setup.evaluate(&model, texts, &mut |done| bar.set_position(done as u64));
    bar.finish_and_clear();
    Ok(evaluation?)
}

/// The evaluation of the model of a run on labeled texts or images, as JSON.
pub(super) fn of_run(global: &Global, run: &Path, files: &[PathBuf]) -> Result<Value> {
    #[derive(clap::Parser)]
    struct Command {
        #[command(flatten)]
        args: EvaluateArgs,
    }
    let verb = std::iter::once(Path::new("evaluate"));
    let files = files.iter().map(PathBuf::as_path);
    let Command { args } = Command::try_parse_from(verb.chain([run]).chain(files))?;
    let spec = ModelSpec::read(run)?;
    let Some(task) = run_settings(run).map(|run| run.task.name) else {
        return Err(usage("the run learns no task"));
    };
    as_json(task, &evaluation(global, &args, run, spec, task)?)
}

fn as_json(task: LabeledTask, evaluation: &Evaluation) -> Result<Value> {
    let mut value = serde_json::to_value(evaluation)?;
    value["task"] = json!(task);
    Ok(value)
}

/// The columns of the flags, otherwise of the run that trained the model.
fn columns(args: &EvaluateArgs, run: Option<&RunSettings>) -> Columns {
    let named = args.columns.columns();
    let of_run = run.map(|run| run.task.columns.clone()).unwrap_or_default();
    Columns {
        text: named.text.or(of_run.text),
        pair: named.pair.or(of_run.pair),
        label: named.label.or(of_run.label),
    }
}

/// The settings of a run that training depends on.
struct RunSettings {
    task: TaskSettings,
    context: usize,
}

/// The settings of the run in a folder, if it is one of a task.
fn run_settings(folder: &Path) -> Option<RunSettings> {
    let text = std::fs::read_to_string(folder.join("training/settings.json")).ok()?;
    let settings: crate::train::TrainSettings = serde_json::from_str(&text).ok()?;
    Some(RunSettings { context: settings.context, task: settings.task? })
}

fn print(global: &Global, task: LabeledTask, evaluation: &Evaluation) -> Result<()> {
    if global.json {
        return global.print_json(&as_json(task, evaluation)?);
    }
    let Evaluation { examples, loss, perplexity, scores, report } = evaluation;
    let mut lines = vec![format!("{examples} examples"), format!("{:<18}{loss:.4}", "loss")];
    lines.extend(perplexity.map(|value| format!("{:<18}{value:.3}", "perplexity")));
    for ScoreInterval { name, value, low, high } in scores {
        let interval = match low.zip(*high) {
            Some((low, high)) => format!("  95 % [{low:.2}, {high:.2}]"),
            None => String::new(),
        };
        lines.push(format!("{name:<18}{value:.2}{interval}"));
    }
    if let Some(report) = report {
        let width = report.classes.iter().map(|class| class.label.chars().count()).max();
        let width = width.unwrap_or(0).max(5);
        lines.push(format!("\n{:<width$}  precision  recall      f1  examples", "label"));
        for class in &report.classes {
            let [precision, recall, f1] =
                [class.score.precision, class.score.recall, class.score.f1].map(|s| 100.0 * s);
            lines.push(format!(
                "{:<width$}  {precision:>9.2}  {recall:>6.2}  {f1:>6.2}  {:>8}",
                class.label, class.support
            ));
        }
        let mut wrong: Vec<_> =
            report.confusion.iter().filter(|cell| cell.expected != cell.found).collect();
        wrong.sort_by_key(|cell| std::cmp::Reverse(cell.count));
        for cell in wrong.iter().take(10) {
            let name = |label: u32| &report.classes[label as usize].label;
            let (expected, found) = (name(cell.expected), name(cell.found));
            lines.push(format!("{:>6} × {expected} taken for {found}", cell.count));
        }
    }
    global.print(&lines.join("\n"))
}
