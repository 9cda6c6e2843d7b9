//! Tokenizers on disk: `tokenizer.json` and `tokenizer_config.json`.

use super::codec::Tokenizer;
use super::config::{CONFIG, new_config};
use super::convert::{self, Built};
use super::error::{TokenizerError, failed};
use super::guard::{MOST_ADDED, check, guarded};
use super::read::{corrupt, read_object, read_text};
use super::surface::Surface;
use crate::files::write_whole;
use serde_json::{Map, Value};
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use tokenizers::PostProcessor;

const TOKENIZER: &str = "tokenizer.json";

impl Tokenizer {
    /// Loads a tokenizer from `tokenizer.json`, from a directory that contains it, or from a
    /// directory with the files of a tokenizer class of transformers: `vocab.txt`; `vocab.json` and
    /// `merges.txt`; a SentencePiece model; `source.spm`, `target.spm` and `vocab.json`.
    ///
    /// `tokenizer_config.json` in the same directory is read, and kept for saving; if it lists no
    /// added tokens, `special_tokens_map.json` and `added_tokens.json` are read too. Special tokens
    /// are collected from all files. Truncation and padding settings of the file are ignored: the
    /// model determines the maximum length.
    ///
    /// # Errors
    ///
    /// [`TokenizerError::NoFiles`] or [`TokenizerError::Missing`], or [`TokenizerError::Corrupt`]
    /// with the file's path.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, TokenizerError> {
        let path = path.as_ref();
        let file = if path.is_dir() { path.join(TOKENIZER) } else { path.to_owned() };
        let built = match read_text(&file)? {
            Some(content) => Self::parse(&file, &content)?,
            None if path.is_dir() => convert::build(path)?,
            None => return Err(TokenizerError::Missing { path: file }),
        };
        Self::of_file(&file, built)
    }

    /// Loads the tokenizer of target texts from a directory with `source.spm`, `target.spm` and
    /// `vocab.json`, as Marian's models have; `None` where it is the same as that of source texts.
    ///
    /// # Errors
    ///
    /// As for [`Tokenizer::load`].
    pub fn load_target(dir: impl AsRef<Path>) -> Result<Option<Self>, TokenizerError> {
        let dir = dir.as_ref();
        let built = convert::build_target(dir)?;
        built.map(|built| Self::of_file(&dir.join(TOKENIZER), built)).transpose()
    }

    /// Checks a tokenizer and takes what the library lacks out of it.
    fn of_file(file: &Path, built: Built) -> Result<Self, TokenizerError> {
        let Built { mut inner, config } = built;
        let added = inner.get_post_processor().map_or(0, |added| added.added_tokens(false));
        if added > MOST_ADDED {
            let reason =
                format!("it adds {added} special tokens to a text; the maximum is {MOST_ADDED}");
            return Err(corrupt(file, &reason));
        }
        let surface = Surface::take(&mut inner, &config);
        let surface = surface.map_err(|reason| corrupt(&file.with_file_name(CONFIG), &reason))?;
        Ok(Self { surface: surface.map(Arc::new), ..Self::new(inner, config) }.limited())
    }

    /// The tokenizer of `tokenizer.json`, with the tokens of the other files in its directory.
    fn parse(file: &Path, content: &str) -> Result<Built, TokenizerError> {
        check(content).map_err(|reason| corrupt(file, &reason))?;
        let open = || {
            let mut inner = tokenizers::Tokenizer::from_bytes(content.as_bytes())?;
            inner.with_truncation(None)?;
            inner.with_padding(None);
            Ok(inner)
        };
        let mut inner = guarded(open).map_err(|error| corrupt(file, &error))?;
        let folder = file.parent().unwrap_or(Path::new(""));
        convert::add_tokens(folder, &mut inner)?;
        let config = read_object(&file.with_file_name(CONFIG))?;
        Ok(Built { inner, config: config.unwrap_or_else(|| new_config(None)) })
    }

    /// The tokenizer of the content of a `tokenizer.json`, and fields of `tokenizer_config.json`.
    pub(crate) fn from_json(
        content: &Value,
        fields: Map<String, Value>,
    ) -> Result<Self, TokenizerError> {
        let open = || tokenizers::Tokenizer::from_bytes(content.to_string());
        let inner = guarded(open).map_err(failed("build"))?;
        let mut config = new_config(None);
        config.extend(fields);
        Ok(Self::new(inner, config))
    }

    /// The content of `tokenizer.json`.
    pub(crate) fn to_json(&self) -> Result<Value, TokenizerError> {
        let text = guarded(|| self.inner.to_string(false)).map_err(failed("save"))?;
        serde_json::from_str(&text).map_err(|error| failed("save")(error.into()))
    }

    /// Writes `tokenizer.json` and `tokenizer_config.json` into `dir`, which is created if needed.
    ///
    /// Python loads them with `transformers.AutoTokenizer.from_pretrained(dir)`. Each file is
    /// written to a temporary name and then renamed.
    ///
    /// # Errors
    ///
    /// [`TokenizerError::Io`] with the path of the file.
    pub fn save(&self, dir: impl AsRef<Path>) -> Result<(), TokenizerError> {
        let dir = dir.as_ref();
        let Content { tokenizer, config } = self.content()?;
        for (name, content) in [(TOKENIZER, tokenizer), (CONFIG, config)] {
            let path = dir.join(name);
            write_whole(&path, |file| file.write_all((content + "\n").as_bytes()))
                .map_err(|source| TokenizerError::Io { path, source })?;
        }
        Ok(())
    }

    /// What identifies the tokenizer: the content of its files.
    pub(crate) fn identity(&self) -> Result<String, TokenizerError> {
        self.content().map(|Content { tokenizer, config }| tokenizer + &config)
    }

    fn content(&self) -> Result<Content, TokenizerError> {
        let serialize = || match &self.surface {
            Some(surface) => surface.restore(&self.inner)?.to_string(true),
            None => self.inner.to_string(true),
        };
        let tokenizer = guarded(serialize).map_err(failed("save"))?;
        let config = serde_json::to_string_pretty(&self.config)
            .map_err(|error| failed("save")(error.into()))?;
        Ok(Content { tokenizer, config })
    }
}

/// The content of a tokenizer's files.
struct Content {
    tokenizer: String,
    config: String,
}
