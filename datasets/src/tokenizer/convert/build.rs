//! The construction of a class's tokenizer from the files of a folder.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use super::class::{Class, Source};
use super::proto::Model;
use super::roles::Roles;
use super::settings::{Known, Settings};
use super::slow::SlowTokenizer;
use super::{merged, slow, unigram, vocabulary};
use crate::tokenizer::config::CONFIG;
use crate::tokenizer::error::TokenizerError;
use crate::tokenizer::read::{corrupt, read_bytes, read_object};

/// Common file names of SentencePiece models.
const MODELS: [&str; 5] = [
    "tokenizer.model",
    "spiece.model",
    "sentencepiece.bpe.model",
    "spm.model",
    "sentencepiece.model",
];

/// The files of Marian's tokenizer.
const MARIAN: [&str; 3] = ["source.spm", "target.spm", "vocab.json"];

/// The supported files if no class is known.
const ANY: &str = "vocab.txt, vocab.json with merges.txt, a SentencePiece model (tokenizer.model, \
                   spiece.model, sentencepiece.bpe.model or spm.model), or source.spm with \
                   target.spm and vocab.json";

/// A tokenizer, and its `tokenizer_config.json`.
pub(in crate::tokenizer) struct Built {
    pub(in crate::tokenizer) inner: tokenizers::Tokenizer,
    pub(in crate::tokenizer) config: Map<String, Value>,
}

/// Builds the tokenizer of a folder that has no `tokenizer.json`.
///
/// # Errors
///
/// Missing files, by name; unreadable files.
pub(in crate::tokenizer) fn build(folder: &Path) -> Result<Built, TokenizerError> {
    let settings = Settings::read(folder, &HashMap::new())?;
    let model = read_object(&folder.join("config.json"))?.unwrap_or_default();
    let (class, files) = choose(folder, Class::of(&settings.fields, &model))?;
    build_from(folder, class, files, &settings)
}

/// Builds Marian's tokenizer of target texts; `None` for a folder of another class.
///
/// # Errors
///
/// Unreadable files.
pub(in crate::tokenizer) fn build_target(folder: &Path) -> Result<Option<Built>, TokenizerError> {
    if !MARIAN.into_iter().all(|name| folder.join(name).is_file()) {
        return Ok(None);
    }
    let settings = Settings::read(folder, &HashMap::new())?;
    let files = Files::WithIds(folder.join("target.spm"));
    build_from(folder, Class::Marian, files, &settings).map(Some)
}

fn build_from(
    folder: &Path,
    class: Class,
    files: Files,
    settings: &Settings,
) -> Result<Built, TokenizerError> {
    let wrong = |reason: String| corrupt(&folder.join(CONFIG), &reason);
    let roles = |proto: Option<&Model>| {
        let more = proto.filter(|_| class == Class::Plain).map(Model::roles).unwrap_or_default();
        Roles::new(class, settings, &more)
    };
    let mut config = settings.fields.clone();
    config.remove("added_tokens_decoder");
    config.entry("tokenizer_class").or_insert_with(|| json!(class.name()));
    // Before version 5, transformers removed spaces before punctuation by default.
    config.entry("clean_up_tokenization_spaces").or_insert_with(|| json!(false));
    let (parts, roles) = match files {
        Files::WordPiece(path) => {
            let roles = roles(None);
            (vocabulary::word_piece(&path, settings, &roles)?, roles)
        }
        Files::Merges => {
            let roles = roles(None);
            (vocabulary::merges(folder, settings, &roles)?, roles)
        }
        Files::SentencePiece(path) => {
            let proto = read_model(&path)?;
            let roles = roles(Some(&proto));
            let parts = match class {
                Class::Plain => merged::build_plain(&path, &proto, settings)?,
                Class::Llama | Class::Gemma | Class::Nllb => {
                    merged::build(&path, &proto, settings, &roles)?
                }
                _ => unigram::build(&path, &proto, settings, &roles)?,
            };
            (parts, roles)
        }
        Files::WithIds(path) => {
            let proto = read_model(&path)?;
            let roles = roles(None);
            let SlowTokenizer { parts, fields } = slow::build(folder, &proto, &roles, settings)?;
            config.extend(fields);
            (parts, roles)
        }
    };
    roles.note(&mut config);
    let inner = parts.assemble(settings, &roles).map_err(wrong)?;
    Ok(Built { inner, config })
}

/// Adds the tokens of the other files in the directory of `tokenizer.json` to its tokenizer.
///
/// # Errors
///
/// Unreadable files; the library's errors.
pub(in crate::tokenizer) fn add_tokens(
    folder: &Path,
    inner: &mut tokenizers::Tokenizer,
) -> Result<(), TokenizerError> {
    let known = inner.get_added_tokens_decoder().into_iter().collect();
    let settings = Settings::read(folder, &known)?;
    let model = read_object(&folder.join("config.json")).ok().flatten().unwrap_or_default();
    let class = Class::of(&settings.fields, &model).filter(|class| *class != Class::Plain);
    settings
        .add_all(inner, if class.is_some() { Known::OfFiles } else { Known::OfAll })
        .map_err(|error| corrupt(&folder.join(CONFIG), &error))
}

/// The files that a tokenizer is built from.
enum Files {
    WordPiece(PathBuf),
    Merges,
    SentencePiece(PathBuf),
    /// A SentencePiece model whose tokens' ids are in `vocab.json`.
    WithIds(PathBuf),
}

fn read_model(path: &Path) -> Result<Model, TokenizerError> {
    let content = read_bytes(path)?;
    let content = content.ok_or_else(|| TokenizerError::Missing { path: path.to_owned() })?;
    Model::parse(&content).map_err(|reason| corrupt(path, &reason))
}

/// The files of a class; if the class is unknown or its files are missing, the files that exist.
fn choose(folder: &Path, class: Option<Class>) -> Result<(Class, Files), TokenizerError> {
    let has = |name: &str| folder.join(name).is_file();
    let model = |class: Option<Class>| {
        let own = class.map(Class::model_file);
        // Transformers prefers tokenizer.model to the class's own file name.
        let name = MODELS[..1].iter().copied().chain(own).chain(MODELS).find(|name| has(name));
        name.map(|name| folder.join(name))
    };
    let of_class = class.and_then(|class| {
        Some((
            class,
            match class.source() {
                Source::WordPiece => {
                    Files::WordPiece(has("vocab.txt").then(|| folder.join("vocab.txt"))?)
                }
                Source::Merges => {
                    (has("vocab.json") && has("merges.txt")).then_some(Files::Merges)?
                }
                Source::SentencePiece => Files::SentencePiece(model(Some(class))?),
                Source::Marian => {
                    let all = MARIAN.into_iter().all(has);
                    Files::WithIds(all.then(|| folder.join("source.spm"))?)
                }
                Source::M2m100 => Files::WithIds(has("vocab.json").then(|| model(Some(class)))??),
            },
        ))
    });
    let by_files = || {
        if MARIAN.into_iter().all(has) {
            return Some((Class::Marian, Files::WithIds(folder.join("source.spm"))));
        }
        if has("vocab.txt") {
            return Some((Class::Bert, Files::WordPiece(folder.join("vocab.txt"))));
        }
        if has("vocab.json") && has("merges.txt") {
            return Some((Class::Gpt2, Files::Merges));
        }
        Some((Class::Plain, Files::SentencePiece(model(None)?)))
    };
    // A known class with some of its files must not fall back to another class.
    let is_begun = class.is_some_and(|class| match class.source() {
        Source::Marian => has("source.spm") || has("target.spm"),
        Source::Merges => has("vocab.json") || has("merges.txt"),
        _ => false,
    });
    let found = of_class.or_else(|| if is_begun { None } else { by_files() });
    found.ok_or_else(|| TokenizerError::NoFiles {
        folder: folder.to_owned(),
        wanted: class.map_or(ANY.to_owned(), |class| wanted(class, &has)),
    })
}

/// The files of a class, and which of them are missing.
fn wanted(class: Class, has: &dyn Fn(&str) -> bool) -> String {
    let files: Vec<&str> = match class.source() {
        Source::WordPiece => vec!["vocab.txt"],
        Source::Merges => vec!["vocab.json", "merges.txt"],
        Source::SentencePiece => vec![class.model_file()],
        Source::Marian => MARIAN.to_vec(),
        Source::M2m100 => vec!["sentencepiece.bpe.model", "vocab.json"],
    };
    let all = files.join(", ");
    let missing: Vec<&str> = files.iter().copied().filter(|name| !has(name)).collect();
    if missing.len() == files.len() {
        format!("{all}, which {} reads", class.name())
    } else {
        format!("{}: {} reads {all}", missing.join(", "), class.name())
    }
}
