//! Tokenizers on disk: `tokenizer.json` and `tokenizer_config.json`.

use super::guard::{MOST_ADDED, check, guarded};
use super::{Tokenizer, TokenizerError, failed};
use crate::files::write_whole;
use serde_json::{Map, Value, json};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::{fs, str};
use tokenizers::PostProcessor;

const TOKENIZER: &str = "tokenizer.json";
const CONFIG: &str = "tokenizer_config.json";

impl Tokenizer {
    /// Loads a tokenizer from `tokenizer.json`, or from a directory that has one.
    ///
    /// `tokenizer_config.json` beside it is read for `eos_token`, and kept for saving. Truncation
    /// and padding that the file asks for are left out: how long a text may be is for a model to
    /// say.
    ///
    /// # Errors
    ///
    /// [`TokenizerError::Missing`], or [`TokenizerError::Corrupt`] with the file's path.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, TokenizerError> {
        let path = path.as_ref();
        let file = if path.is_dir() { path.join(TOKENIZER) } else { path.to_owned() };
        let content = read(&file)?.ok_or_else(|| TokenizerError::Missing { path: file.clone() })?;
        check(&content).map_err(|reason| corrupt(&file, &reason))?;
        let open = || {
            let mut inner = tokenizers::Tokenizer::from_bytes(content.as_bytes())?;
            inner.with_truncation(None)?;
            inner.with_padding(None);
            Ok(inner)
        };
        let inner = guarded(open).map_err(|error| corrupt(&file, &error))?;
        let added = inner.get_post_processor().map_or(0, |added| added.added_tokens(false));
        if added > MOST_ADDED {
            let reason = format!("it puts {added} tokens around a text, {MOST_ADDED} are the most");
            return Err(corrupt(&file, &reason));
        }
        let config_file = file.with_file_name(CONFIG);
        let config = match read(&config_file)? {
            Some(content) => {
                serde_json::from_str(&content).map_err(|error| corrupt(&config_file, &error))?
            }
            None => new_config(None),
        };
        Ok(Self::new(inner, config))
    }

    /// Writes `tokenizer.json` and `tokenizer_config.json` into `dir`, which is made if needed.
    ///
    /// Python opens them with `transformers.AutoTokenizer.from_pretrained(dir)`. Each file is
    /// written to a temporary name and then renamed.
    ///
    /// # Errors
    ///
    /// [`TokenizerError::Io`] with the path of the file.
    pub fn save(&self, dir: impl AsRef<Path>) -> Result<(), TokenizerError> {
        let dir = dir.as_ref();
        let tokenizer = guarded(|| self.inner.to_string(true)).map_err(failed("save"))?;
        let config = serde_json::to_string_pretty(&self.config)
            .map_err(|error| failed("save")(error.into()))?;
        for (name, content) in [(TOKENIZER, tokenizer), (CONFIG, config)] {
            let path = dir.join(name);
            write_whole(&path, |file| file.write_all((content + "\n").as_bytes()))
                .map_err(|source| TokenizerError::Io { path, source })?;
        }
        Ok(())
    }
}

/// The `tokenizer_config.json` of a new tokenizer.
pub(super) fn new_config(eos_token: Option<&str>) -> Map<String, Value> {
    let mut config = Map::new();
    config.insert("tokenizer_class".to_owned(), json!("PreTrainedTokenizerFast"));
    // Before version 5, transformers took spaces out before punctuation unless told otherwise.
    config.insert("clean_up_tokenization_spaces".to_owned(), json!(false));
    config.insert("model_input_names".to_owned(), json!(["input_ids", "attention_mask"]));
    if let Some(token) = eos_token {
        config.insert("eos_token".to_owned(), json!(token));
    }
    config
}

/// The `eos_token` of a `tokenizer_config.json`: a string, or an object with its `content`.
pub(super) fn eos_token(config: &Map<String, Value>) -> Option<&str> {
    let token = config.get("eos_token")?;
    token.as_str().or_else(|| token.get("content")?.as_str())
}

/// The text of a file; `None` where there is no such file.
fn read(path: &PathBuf) -> Result<Option<String>, TokenizerError> {
    let content = match fs::read(path) {
        Ok(content) => content,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(TokenizerError::Io { path: path.clone(), source }),
    };
    match str::from_utf8(&content) {
        Ok(text) => Ok(Some(text.to_owned())),
        Err(error) => Err(corrupt(path, &error)),
    }
}

fn corrupt(path: &Path, error: &impl ToString) -> TokenizerError {
    TokenizerError::Corrupt { path: path.to_owned(), reason: error.to_string() }
}
