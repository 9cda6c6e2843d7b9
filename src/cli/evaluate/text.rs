//! A causal language model on running text.

use std::path::{Path, PathBuf};

use anyhow::Result;
use serde_json::json;

use super::super::{Global, usage};
use super::EvaluateArgs;
use crate::datasets::text::without_byte_order_mark;
use crate::datasets::tokenizer::Tokenizer;
use crate::models::checkpoint::{self, LoadDtype, ModelSpec};
use crate::train::{LanguageModeling, LossSum, Objective};

/// The longest window by default, in tokens.
const LONGEST: usize = 1024;

/// Tokens of a forward pass.
pub(super) const TOKENS: usize = 4096;

/// The loss of a language model on running text.
pub(super) struct Measured {
    /// The name of the task.
    pub(super) task: &'static str,
    /// The loss of the predicted tokens.
    pub(super) loss: LossSum,
    /// The longest window, in tokens.
    pub(super) context: usize,
}

pub(super) fn run(
    global: &Global,
    args: &EvaluateArgs,
    folder: &Path,
    spec: ModelSpec,
) -> Result<()> {
    let text = read(&args.files)?;
    let device = global.device()?;
    let precision = args.model.dtype.on(global, &device)?;
    let longest = spec.architecture.backbone.max_positions().unwrap_or(usize::MAX);
    let context = args.max_length.unwrap_or(LONGEST).min(longest);
    let ids = Tokenizer::load(folder)?.encode(&text).map_err(usage)?;
    known(&ids, &spec)?;
    if ids.len() < 2 {
        return Err(usage("the text has fewer than two tokens, and the first is not predicted"));
    }
    let model = checkpoint::load_as(folder, spec, &device, LoadDtype::Checkpoint)?.model;
    let model = model.cast(precision);
    // Every token but the first is predicted once, from those before it in its window.
    let windows: Vec<Vec<u32>> = (0..ids.len() - 1)
        .step_by(context)
        .map(|start| ids[start..(start + context + 1).min(ids.len())].to_vec())
        .collect();
    let (objective, bar) =
        (LanguageModeling::NextToken, global.bar(windows.len() as u64, "windows"));
    let mut loss = LossSum::ZERO;
    for rows in windows.chunks((TOKENS / context).max(1)) {
        loss.add(objective.loss(&model, &objective.batch(rows)).read());
        bar.inc(rows.len() as u64);
    }
    bar.finish_and_clear();
    print(global, Measured { task: "language-modeling", loss, context }, &text)
}

/// The text of files, one after the other.
pub(super) fn read(files: &[PathBuf]) -> Result<String> {
    let mut text = String::new();
    for path in files {
        let bytes = std::fs::read(path)
            .map_err(|error| usage(format!("cannot read {}: {error}", path.display())))?;
        let part = std::str::from_utf8(without_byte_order_mark(&bytes))
            .map_err(|error| usage(format!("{} is not UTF-8: {error}", path.display())))?;
        text.push_str(part);
    }
    Ok(text)
}

/// Checks that a model has all tokens.
pub(super) fn known<'a>(ids: impl IntoIterator<Item = &'a u32>, spec: &ModelSpec) -> Result<()> {
    let known = spec.architecture.backbone.vocab_size();
    match ids.into_iter().find(|id| **id as usize >= known) {
        Some(id) => Err(usage(format!("token {id} is outside of the model's {known} tokens"))),
        None => Ok(()),
    }
}

/// Prints the loss, and what follows from it.
pub(super) fn print(global: &Global, measured: Measured, text: &str) -> Result<()> {
    let Measured { task, loss, context } = measured;
    if !loss.sum.is_finite() {
        anyhow::bail!("the loss is {}", loss.sum);
    }
    let bits = loss.sum / std::f64::consts::LN_2;
    let (per_byte, per_character) = (bits / text.len() as f64, bits / text.chars().count() as f64);
    if global.json {
        return global.print_json(&json!({
            "task": task,
            "tokens": loss.targets,
            "context": context,
            "loss": loss.mean(),
            "perplexity": loss.mean().exp(),
            "bits_per_byte": per_byte,
            "bits_per_character": per_character,
        }));
    }
    let what = match task {
        "masked-language-modeling" => ", each masked alone",
        _ => "",
    };
    global.print(&format!(
        "{} tokens{what}, in windows of {context}\nloss                {:.4}\n\
         perplexity          {:.3}\nbits per byte       {per_byte:.4}\n\
         bits per character  {per_character:.4}",
        loss.targets,
        loss.mean(),
        loss.mean().exp(),
    ))
}
