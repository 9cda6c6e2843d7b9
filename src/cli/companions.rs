//! What belongs to a model beside its weights: the files of every way that writes a model.

use std::path::Path;

use anyhow::Result;
use serde_json::Value;

use super::Global;
use crate::datasets::tokenizer::{Tokenizer, TokenizerError};
use crate::models::precision::Precision;

/// Sets `dtype` in the config, as transformers 5 names it.
pub(super) fn set_dtype(config: &mut Value, precision: Precision) {
    let Some(fields) = config.as_object_mut() else { return };
    let was_named = fields.remove("torch_dtype").is_some() | fields.contains_key("dtype");
    let name = match precision {
        Precision::F32 => "float32",
        Precision::F16 => "float16",
        Precision::Bf16 => "bfloat16",
    };
    if was_named || precision != Precision::F32 {
        fields.insert("dtype".to_string(), name.into());
    }
}

/// Writes a model's other files: its own, and `tokenizer.json` if its tokenizer has only others.
pub(super) fn write_companions(global: &Global, from: &Path, to: &Path) -> Result<()> {
    for name in crate::pipeline::TextEmbedder::files(from) {
        copy(from, to, &name)?;
    }
    write_tokenizer_files(global, from, to)
}

/// The same without the files that make sentence vectors.
pub(super) fn write_tokenizer_files(global: &Global, from: &Path, to: &Path) -> Result<()> {
    copy_companions(from, to)?;
    write_tokenizer(global, from, to)
}

/// Copies a model's other files: tokenizer, generation config and preprocessor.
fn copy_companions(from: &Path, to: &Path) -> Result<()> {
    const COMPANIONS: [&str; 17] = [
        "tokenizer.json",
        "tokenizer_config.json",
        "special_tokens_map.json",
        "added_tokens.json",
        "vocab.json",
        "merges.txt",
        "chat_template.jinja",
        "generation_config.json",
        "vocab.txt",
        "tokenizer.model",
        "spiece.model",
        "sentencepiece.bpe.model",
        "sentencepiece.model",
        "spm.model",
        "source.spm",
        "target.spm",
        "preprocessor_config.json",
    ];
    COMPANIONS.iter().try_for_each(|name| copy(from, to, Path::new(name)))
}

/// Copies a file, if there is one.
fn copy(from: &Path, to: &Path, name: &Path) -> Result<()> {
    let (source, target) = (from.join(name), to.join(name));
    if !source.exists() {
        return Ok(());
    }
    if let Some(folder) = target.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::copy(&source, &target)
        .map_err(|error| anyhow::anyhow!("cannot write {}: {error}", target.display()))?;
    Ok(())
}

/// Writes `tokenizer.json` if the tokenizer has other files, which are kept.
fn write_tokenizer(global: &Global, from: &Path, to: &Path) -> Result<()> {
    if to.join("tokenizer.json").exists() {
        return Ok(());
    }
    match Tokenizer::load(from) {
        Ok(tokenizer) => tokenizer.save(to)?,
        Err(TokenizerError::NoFiles { .. }) => {}
        // The weights are useful without a tokenizer.
        Err(error) => global.note(&format!("the tokenizer files are copied unchanged: {error}")),
    }
    Ok(())
}
