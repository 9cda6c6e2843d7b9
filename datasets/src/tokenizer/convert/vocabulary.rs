//! `vocab.txt`, and `vocab.json` with `merges.txt`.

use std::collections::HashMap;
use std::path::Path;

use serde_json::{Value, json};
use tokenizers::models::bpe::BPE;
use tokenizers::models::wordpiece::WordPiece;

use super::class::Class;
use super::parts::{Around, Parts, byte_level, cls_sep, plain, replace, replace_all, sequence};
use super::roles::Roles;
use super::settings::Settings;
use crate::tokenizer::error::TokenizerError;
use crate::tokenizer::guard::guarded;
use crate::tokenizer::read::{corrupt, read_object, read_text};

/// An upper bound on ids, far above any real vocabulary.
const MOST_TOKENS: u64 = 1 << 26;

/// Qwen2's word pattern.
const QWEN2: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

/// CLIP's word pattern.
const CLIP: &str =
    r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+";

/// The tokenizers of BERT and MPNet, from `vocab.txt`.
///
/// # Errors
///
/// An unreadable file.
pub(super) fn word_piece(
    path: &Path,
    settings: &Settings,
    roles: &Roles,
) -> Result<Parts, TokenizerError> {
    let text = read_text(path)?.unwrap_or_default();
    // The last of two equal lines takes precedence, as in transformers.
    let lines = text.lines().map(|line| line.trim_end().to_owned());
    let vocab: HashMap<String, u32> = lines.zip(0..).collect();
    let wrong = |reason: String| corrupt(path, &reason);
    let build = || {
        let unk_token = roles.text_or("unk_token", "[UNK]").to_owned();
        WordPiece::builder().vocab(vocab_of(vocab)).unk_token(unk_token).build()
    };
    let model = guarded(build).map_err(|error| wrong(error.to_string()))?;
    let [cls, sep] = ["cls_token", "sep_token"].map(|role| roles.text(role));
    let [cls, sep] = [cls.map_err(wrong)?, sep.map_err(wrong)?];
    let around = match roles.class {
        Class::MpNet => Around::Roberta { cls, sep, trims: true, prefix: false },
        _ => cls_sep(&cls, &sep),
    };
    Ok(Parts {
        model: model.into(),
        normalizer: json!({
            "type": "BertNormalizer",
            "clean_text": true,
            "handle_chinese_chars": settings.flag("tokenize_chinese_chars").unwrap_or(true),
            "strip_accents": settings.flag("strip_accents"),
            "lowercase": settings.flag("do_lower_case").unwrap_or(true),
        }),
        pre_tokenizer: json!({ "type": "BertPreTokenizer" }),
        decoder: json!({ "type": "WordPiece", "prefix": "##", "cleanup": true }),
        around,
        extras: settings.additional.clone().unwrap_or_default(),
    })
}

/// The tokenizers from `vocab.json` and `merges.txt`.
///
/// # Errors
///
/// Unreadable or inconsistent files.
pub(super) fn merges(
    folder: &Path,
    settings: &Settings,
    roles: &Roles,
) -> Result<Parts, TokenizerError> {
    let (vocab_file, merges_file) = (folder.join("vocab.json"), folder.join("merges.txt"));
    let vocab = ids(&vocab_file)?;
    let merges = pairs(&merges_file)?;
    let wrong = |reason: String| corrupt(&vocab_file, &reason);
    let prefix = settings.flag("add_prefix_space").unwrap_or(false);
    let suffix = if matches!(roles.class, Class::Clip | Class::OpenAiGpt) { "</w>" } else { "" };
    let build = || {
        let mut builder = BPE::builder()
            .vocab_and_merges(vocab_of(vocab), merges)
            .continuing_subword_prefix(String::new())
            .end_of_word_suffix(suffix.to_owned());
        if matches!(roles.class, Class::Clip | Class::OpenAiGpt) {
            builder = builder.unk_token(roles.text_or("unk_token", "<unk>").to_owned());
        }
        builder.build()
    };
    let model = guarded(build).map_err(|error| corrupt(&merges_file, &error))?;
    let byte_decoder = byte_level(true);
    let (normalizer, pre_tokenizer, decoder) = match roles.class {
        Class::Clip => (
            sequence(
                "normalizers",
                vec![
                    json!({ "type": "NFC" }),
                    replace_all(r"\s+", " "),
                    json!({ "type": "Lowercase" }),
                ],
            ),
            words(CLIP, "Removed", byte_level(false)),
            sequence(
                "decoders",
                vec![byte_decoder, replace("</w>", " "), replace_all(r"\A\s+|\s+\z", "")],
            ),
        ),
        Class::OpenAiGpt => (
            json!({
                "type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true,
                "strip_accents": null, "lowercase": true,
            }),
            json!({ "type": "BertPreTokenizer" }),
            json!({ "type": "BPEDecoder", "suffix": "</w>" }),
        ),
        Class::Qwen2 => {
            let mut bytes = byte_level(prefix);
            bytes["use_regex"] = false.into();
            (json!({ "type": "NFC" }), words(QWEN2, "Isolated", bytes), byte_decoder)
        }
        Class::GptNeoX => {
            let mut bytes = byte_level(prefix);
            bytes["trim_offsets"] = settings.flag("trim_offsets").unwrap_or(true).into();
            (json!({ "type": "NFC" }), bytes, byte_decoder)
        }
        _ => (Value::Null, byte_level(prefix), byte_decoder),
    };
    let text = |role: &str| roles.text(role).map_err(wrong);
    let around = match roles.class {
        Class::Roberta => Around::Roberta {
            cls: text("cls_token")?,
            sep: text("sep_token")?,
            trims: settings.flag("trim_offsets").unwrap_or(true),
            prefix,
        },
        Class::Clip => Around::Roberta {
            cls: text("bos_token")?,
            sep: text("eos_token")?,
            trims: false,
            prefix: false,
        },
        Class::Deberta => {
            let (cls, sep) = (text("cls_token")?, text("sep_token")?);
            plain(&[&cls], &[&sep, &sep], &[&sep])
        }
        _ => Around::BosEos,
    };
    let extras = settings.additional.clone().unwrap_or_default();
    Ok(Parts { model: model.into(), normalizer, pre_tokenizer, decoder, around, extras })
}

fn words(expression: &str, behavior: &str, bytes: Value) -> Value {
    let split = json!({
        "type": "Split",
        "pattern": { "Regex": expression },
        "behavior": behavior,
        "invert": behavior == "Removed",
    });
    sequence("pretokenizers", vec![split, bytes])
}

/// The ids of `vocab.json`.
///
/// # Errors
///
/// A missing file, or one that is not an object of ids.
pub(super) fn ids(path: &Path) -> Result<HashMap<String, u32>, TokenizerError> {
    let fields = read_object(path)?;
    let fields = fields.ok_or_else(|| TokenizerError::Missing { path: path.to_owned() })?;
    let id = |(token, id): (String, Value)| {
        let wrong = || corrupt(path, &format!("the id of {token:?} is {id}"));
        let id = id.as_u64().filter(|&id| id < MOST_TOKENS).ok_or_else(wrong)?;
        Ok((token, id as u32))
    };
    fields.into_iter().map(id).collect()
}

/// The pairs of `merges.txt`, in order.
fn pairs(path: &Path) -> Result<Vec<(String, String)>, TokenizerError> {
    let text = read_text(path)?;
    let text = text.ok_or_else(|| TokenizerError::Missing { path: path.to_owned() })?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.starts_with("#version"));
    let pair = |(i, line): (usize, &str)| match line.split_once(' ') {
        Some((left, right)) if !right.contains(' ') => Ok((left.to_owned(), right.to_owned())),
        _ => Err(corrupt(path, &format!("line {} is not two tokens: {line:?}", i + 1))),
    };
    lines.map(pair).collect()
}

/// A vocabulary in the library's type.
pub(super) fn vocab_of(ids: HashMap<String, u32>) -> tokenizers::models::bpe::Vocab {
    ids.into_iter().collect()
}
