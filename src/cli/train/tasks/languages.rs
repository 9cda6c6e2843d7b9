//! The languages and the tokenizers of source and target texts.

use std::path::Path;

use anyhow::Result;
use serde_json::{Value, json};

use super::super::super::usage;
use crate::datasets::labeled::LabeledTask;
use crate::datasets::tokenizer::Tokenizer;
use crate::models::checkpoint::{SaveError, write_json};
use crate::train::tuning::{Languages, Supervised, TaskTexts, TextLayout};
use crate::train::{TaskSettings, TrainError};

/// Checks that the languages of a task are those of the tokenizer.
pub(super) fn check_languages(task: &TaskSettings, tokenizer: &Tokenizer) -> Result<()> {
    let Languages { source, target } = &task.languages;
    if task.name != LabeledTask::TextToText {
        return match source.is_some() || target.is_some() {
            true => Err(usage("--source-language and --target-language are for text-to-text")),
            false => Ok(()),
        };
    }
    let known = tokenizer.language_tokens();
    if known.len() > 1 && (source.is_none() || target.is_none()) {
        let known: Vec<&str> = known.iter().map(|token| &token.text[..]).collect();
        return Err(usage(format!(
            "the model is multilingual: choose --source-language and --target-language among {}",
            known.join(", ")
        )));
    }
    Ok(())
}

/// The tokenizers of a task; `folder` is that of an existing model.
pub(super) fn texts_of(
    task: &TaskSettings,
    tokenizer: Tokenizer,
    folder: Option<&Path>,
) -> Result<TaskTexts> {
    let (prefix, languages) = (task.prefix.clone(), task.languages.clone());
    let texts = TaskTexts { prefix, languages, ..TaskTexts::new(tokenizer) };
    Ok(match folder.filter(|_| task.name == LabeledTask::TextToText) {
        Some(folder) => texts.with_target_of(folder)?,
        None => texts,
    })
}

/// Writes the first tokens of a target text, which its language decides, to a model's config.
pub(super) fn set_first_tokens(config: &mut Value, objective: &Supervised) {
    if let TextLayout::Decoder { start } = objective.layout
        && !config["decoder_start_token_id"].is_null()
    {
        config["decoder_start_token_id"] = json!(start);
    }
    if let Some(begin) = objective.begin {
        config["forced_bos_token_id"] = json!(begin);
    }
}

/// The same in the `generation_config.json` of a folder, if there is one.
///
/// # Errors
///
/// The file cannot be read or written.
pub(super) fn write_first_tokens(folder: &Path, objective: &Supervised) -> Result<(), TrainError> {
    let path = folder.join("generation_config.json");
    if !path.exists() {
        return Ok(());
    }
    let in_context = |source| TrainError::Save(SaveError::Write { path: path.clone(), source });
    let text = std::fs::read_to_string(&path).map_err(in_context)?;
    // An unreadable file is another program's.
    let Ok(mut config) = serde_json::from_str::<Value>(&text) else { return Ok(()) };
    set_first_tokens(&mut config, objective);
    Ok(write_json(&path, &config)?)
}
