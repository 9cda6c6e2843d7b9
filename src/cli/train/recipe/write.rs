//! The recipe of a run.

use std::fs;
use std::path::Path;

use clap::{Args, Command};
use toml::{Table, Value};

use super::super::args::TrainArgs;
use super::super::prepare::absolute;
use super::{GivenFlag, key, section};
use crate::datasets::labeled::LabeledTask;
use crate::datasets::tokenizer::Vocabulary;
use crate::models::checkpoint::SaveError;
use crate::train::{
    LionConfig, MuonConfig, OptimizerConfig, RECIPE_FILE, SgdConfig, TrainError, TrainSettings,
    ValidationSource,
};

/// Flags that always name files.
const PATHS: [&str; 5] = ["init-from", "text-file", "data", "validation", "test"];

/// Writes all settings that made a run to its directory.
pub(in crate::cli::train) fn write(
    folder: &Path,
    args: &TrainArgs,
    settings: &TrainSettings,
) -> Result<(), TrainError> {
    let path = folder.join(RECIPE_FILE);
    let text = "# All settings that made this run. Start it again with: zoo train recipe.toml\n\n"
        .to_string()
        + &toml::to_string(&recipe(args, settings)).map_err(TrainError::data)?;
    fs::write(&path, text).map_err(|source| SaveError::Write { path, source }.into())
}

/// The flags that were given, and the settings that were decided where they were not.
fn recipe(args: &TrainArgs, settings: &TrainSettings) -> Table {
    let mut recipe = Table::new();
    for GivenFlag { section, key, values } in &args.given {
        let value = match &values[..] {
            [] => Value::Boolean(true),
            [one] => value(key, one),
            several => several.iter().map(|one| value(key, one)).collect::<Vec<_>>().into(),
        };
        insert(&mut recipe, section, key, value);
    }
    let flags = TrainArgs::augment_args(Command::new("train"));
    for Decided { key: own, value } in decided(args, settings) {
        let flag = flags.get_arguments().find(|flag| key(flag) == own);
        let section = flag.and_then(section).unwrap_or_else(|| "run".to_string());
        insert(&mut recipe, &section, own, value);
    }
    recipe
}

fn insert(recipe: &mut Table, section: &str, key: &str, value: Value) {
    let table = recipe.entry(section).or_insert_with(|| Table::new().into());
    if let Value::Table(table) = table {
        table.insert(key.to_string(), value);
    }
}

/// A value as it was given. A run may be repeated in another working directory.
fn value(key: &str, text: &str) -> Value {
    if is_path(key, text) {
        return absolute(Path::new(text)).into();
    }
    if let Ok(number) = text.parse::<i64>()
        && number.to_string() == text
    {
        return number.into();
    }
    match text.parse::<f64>() {
        Ok(number) if number.to_string() == text => number.into(),
        _ => text.into(),
    }
}

/// Whether a value names an existing file or folder.
fn is_path(key: &str, text: &str) -> bool {
    let path = Path::new(text);
    match key {
        // The names of vocabularies come before those of files.
        "tokenizer" => text.parse::<Vocabulary>().is_err() && path.exists(),
        "add-tokens" => path.is_file(),
        _ => PATHS.contains(&key) && path.exists(),
    }
}

/// A setting that was decided.
struct Decided {
    key: &'static str,
    value: Value,
}

fn decided(args: &TrainArgs, settings: &TrainSettings) -> Vec<Decided> {
    let mut all = Vec::new();
    let mut add = |key, value: Value| all.push(Decided { key, value });
    let count = |count: usize| Value::Integer(count as i64);
    let is_image =
        settings.task.as_ref().is_some_and(|task| task.name == LabeledTask::ImageClassification);
    if settings.init_from.is_none() {
        add("family", args.family().into());
        add("size", args.size.size.clone().into());
        if is_image {
            add("image-size", count(args.images.image_size()));
            add("patch-size", count(args.images.patch_size()));
        }
    }
    if let Some(task) = &settings.task {
        if let ValidationSource::Share(share) = task.validation {
            add("validation", share.into());
        }
        if !is_image {
            add("max-target-length", count(task.max_target_length));
        }
    } else if args.text.text_file.is_empty() && args.text.data.is_empty() {
        add("data", settings.data.clone().into());
    }
    add("batch-size", count(settings.batch_size));
    // The context of images is the number of their patches.
    if !is_image {
        add("context", count(settings.context));
    }
    add("accumulate", count(settings.accumulate));
    add("dtype", settings.dtype.to_string().into());
    add("label-smoothing", settings.label_smoothing.into());
    add("lr", settings.schedule.peak.into());
    add("min-lr", settings.schedule.minimum.into());
    add("warmup", count(settings.schedule.warmup));
    add("schedule", settings.schedule.decay.name().into());
    add("steps", count(settings.schedule.steps));
    add("clip", settings.clip.unwrap_or(0.0).into());
    add("layer-decay", settings.layer_decay.into());
    add("optimizer", settings.optimizer.name().into());
    match settings.optimizer {
        OptimizerConfig::AdamW(config) => {
            add("beta1", config.beta_1.into());
            add("beta2", config.beta_2.into());
            add("epsilon", config.epsilon.into());
            add("weight-decay", config.weight_decay.into());
        }
        OptimizerConfig::Muon(MuonConfig { momentum, adamw }) => {
            add("momentum", momentum.into());
            add("beta1", adamw.beta_1.into());
            add("beta2", adamw.beta_2.into());
            add("epsilon", adamw.epsilon.into());
            add("weight-decay", adamw.weight_decay.into());
        }
        OptimizerConfig::Sgd(SgdConfig { momentum, nesterov, weight_decay }) => {
            add("momentum", momentum.into());
            add("nesterov", nesterov.into());
            add("weight-decay", weight_decay.into());
        }
        OptimizerConfig::Lion(LionConfig { beta_1, beta_2, weight_decay }) => {
            add("beta1", beta_1.into());
            add("beta2", beta_2.into());
            add("weight-decay", weight_decay.into());
        }
        OptimizerConfig::Adafactor(config) => add("weight-decay", config.weight_decay.into()),
    }
    add("eval-interval", count(settings.eval_interval));
    add("checkpoint-interval", count(settings.checkpoint_interval));
    // TOML's integers have a sign; a larger seed is a text.
    let seed = i64::try_from(settings.seed).map(Value::Integer);
    add("seed", seed.unwrap_or_else(|_| settings.seed.to_string().into()));
    all
}
