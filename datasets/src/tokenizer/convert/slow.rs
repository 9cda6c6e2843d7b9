//! The tokenizers of Marian and M2M100: pieces of a SentencePiece model, ids of `vocab.json`.
//!
//! Transformers implements them only in Python, on top of SentencePiece itself, so they follow
//! SentencePiece in every detail: which pieces a text is segmented into, how it is normalized, and
//! that a piece or a run of unknown characters may or may not be in `vocab.json`.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use serde_json::{Map, Value, json};
use tokenizers::ModelWrapper;
use tokenizers::models::bpe::BPE;
use tokenizers::models::unigram::Unigram;

use super::class::Class;
use super::languages::{M2M100, WMT21};
use super::parts::{Parts, SPACE, plain, replace, replace_all, sequence};
use super::proto::{Algorithm, Kind, Model};
use super::roles::Roles;
use super::settings::Settings;
use super::token::Named;
use super::unigram::precompiled;
use super::vocabulary::ids;
use crate::tokenizer::error::TokenizerError;
use crate::tokenizer::guard::guarded;
use crate::tokenizer::read::corrupt;
use crate::tokenizer::surface::{MARKS, hidden};

/// A tokenizer that transformers implements in Python.
pub(super) struct SlowTokenizer {
    pub(super) parts: Parts,
    /// The fields to add to `tokenizer_config.json`.
    pub(super) fields: Map<String, Value>,
}

/// The tokenizer of a directory.
///
/// # Errors
///
/// Unreadable or inconsistent files.
pub(super) fn build(
    folder: &Path,
    proto: &Model,
    roles: &Roles,
    settings: &Settings,
) -> Result<SlowTokenizer, TokenizerError> {
    let class = roles.class;
    let path = folder.join("vocab.json");
    let wrong = |reason: String| corrupt(&path, &reason);
    let eos = roles.text_or("eos_token", "</s>");
    let unk = roles.text_or("unk_token", "<unk>").to_owned();
    let mut special: Vec<String> = roles.tokens().iter().map(|t| t.content().to_owned()).collect();
    let mut tokens = by_id(ids(&path)?).map_err(wrong)?;
    let listed = settings.extras.iter().chain(&settings.additional).flatten();
    let mut extras: Vec<Named> = listed.cloned().collect();
    special.extend(extras.iter().map(|token| token.content().to_owned()));
    if class == Class::M2m100 {
        let names: &[&str] =
            if settings.text("language_codes") == Some("wmt21") { &WMT21 } else { &M2M100 };
        for name in names {
            let token = format!("__{name}__");
            special.push(token.clone());
            extras.push(Named::Text(token.clone()));
            tokens.push(Some(token));
        }
    }
    // Tokens missing from M2M100's vocabulary are appended to it.
    let known: HashSet<String> = tokens.iter().flatten().cloned().collect();
    let added = settings.added().values().map(|token| token.content.clone());
    let mut seen = HashSet::new();
    let new = added.chain(special.iter().cloned());
    let new: Vec<String> =
        new.filter(|name| !known.contains(name) && seen.insert(name.clone())).collect();
    if let (Class::Marian, Some(name)) = (class, new.first()) {
        let reason =
            format!("it lacks {name:?}; tokens beyond Marian's vocabulary are not supported");
        return Err(wrong(reason));
    }
    tokens.extend(new.into_iter().map(Some));
    special.extend(seen);
    let special: HashSet<String> = special.into_iter().collect();
    let unk_id = tokens.iter().position(|token| token.as_ref() == Some(&unk));
    let unk_id = unk_id.ok_or_else(|| wrong(format!("it has no {unk:?}, the unknown token")))?;
    let pieces = Pieces::new(proto, special);
    let unknown_from = tokens.len();
    let model = match proto.algorithm().map_err(wrong)? {
        Algorithm::Unigram => pieces.unigram(tokens, unk_id, proto.has_byte_fallback()),
        Algorithm::Bpe => pieces.bpe(tokens, unk.clone()),
    };
    let mut normalizers: Vec<Value> = precompiled(proto).into_iter().collect();
    if proto.removes_extra_spaces() {
        normalizers.extend([replace_all(r"\A +| +\z", ""), replace_all(" {2,}", " ")]);
    }
    if proto.adds_dummy_prefix() {
        normalizers.push(json!({ "type": "Prepend", "prepend": SPACE }));
    }
    normalizers.push(replace(" ", SPACE));
    if proto.removes_extra_spaces() {
        // Space markers in the text itself count as spaces, too.
        normalizers.push(replace_all(&format!(r"{SPACE}+\z"), ""));
    }
    let source = format!("__{}__", settings.text("src_lang").unwrap_or("en"));
    let around = match class {
        Class::M2m100 => plain(&[&source], &[], &[eos]),
        _ => plain(&[], &[], &[eos]),
    };
    let parts = Parts {
        model: model.map_err(|error| wrong(error.to_string()))?,
        normalizer: sequence("normalizers", normalizers),
        pre_tokenizer: Value::Null,
        decoder: decoder(class, &pieces.special),
        around,
        extras,
    };
    let mut config = Map::new();
    // Transformers' own class needs the files that this tokenizer was built from.
    config.insert("tokenizer_class".to_owned(), json!(Class::Plain.name()));
    if class == Class::Marian && settings.fields.get("model_max_length").is_none_or(Value::is_null)
    {
        config.insert("model_max_length".to_owned(), json!(512));
    }
    let fields = json!({ "unknown_from": unknown_from, "language_codes": class == Class::Marian });
    config.insert(MARKS.to_owned(), fields);
    Ok(SlowTokenizer { parts, fields: config })
}

/// The tokens in the order of their ids; `None` for unused ids.
fn by_id(ids: HashMap<String, u32>) -> Result<Vec<Option<String>>, String> {
    let count = ids.values().max().map_or(0, |&id| id as usize + 1);
    if count > 2 * ids.len() + 1000 {
        return Err(format!("it has {} tokens, but ids up to {}", ids.len(), count - 1));
    }
    let mut tokens = vec![None; count];
    for (token, id) in ids {
        if let Some(other) = tokens[id as usize].replace(token.clone()) {
            return Err(format!("{other:?} and {token:?} have the same id, {id}"));
        }
    }
    Ok(tokens)
}

/// The pieces that texts are segmented into, with their scores.
struct Pieces<'a> {
    scores: HashMap<&'a str, f64>,
    bytes: HashSet<&'a str>,
    lowest: f64,
    special: HashSet<String>,
}

impl<'a> Pieces<'a> {
    fn new(proto: &'a Model, special: HashSet<String>) -> Self {
        let of = |kind| proto.pieces.iter().filter(move |piece| piece.kind() == kind);
        let normal = || of(Kind::Normal).map(|piece| piece.score());
        let highest = normal().fold(f64::NEG_INFINITY, f64::max);
        let lowest = normal().fold(f64::INFINITY, f64::min);
        let scores = of(Kind::Normal).map(|piece| (piece.text(), piece.score()));
        // SentencePiece's unigram_model.cc: no other segmentation of the same text scores higher.
        let own = of(Kind::UserDefined)
            .map(|piece| (piece.text(), piece.text().len() as f64 * highest.min(0.0) - 0.1));
        let scores = scores.chain(own).filter(|(text, _)| !text.is_empty()).collect();
        let bytes = of(Kind::Byte).map(|piece| piece.text()).collect();
        let lowest = if lowest.is_finite() { lowest } else { 0.0 };
        Self { scores, bytes, lowest, special }
    }

    /// Pieces without an id, in a fixed order. They get ids after all others, which map to the
    /// unknown token.
    fn without_id(&self, tokens: &[Option<String>]) -> Vec<&'a str> {
        let known: HashSet<&str> = tokens.iter().flatten().map(String::as_str).collect();
        let mut rest: Vec<&str> =
            self.scores.keys().copied().filter(|text| !known.contains(text)).collect();
        rest.sort_unstable();
        rest
    }

    /// A token's name in the library's model; for tokens that are not pieces, a name that no text
    /// contains.
    fn name(&self, token: Option<String>, id: usize) -> String {
        match token {
            Some(token) if self.special.contains(&token) || self.bytes.contains(token.as_str()) => {
                token
            }
            Some(token) if self.scores.contains_key(token.as_str()) => token,
            Some(token) => hidden(&token),
            None => hidden(&format!("<no token {id}>")),
        }
    }

    fn unigram(
        &self,
        tokens: Vec<Option<String>>,
        unk_id: usize,
        byte_fallback: bool,
    ) -> tokenizers::Result<ModelWrapper> {
        let rest = self.without_id(&tokens);
        let names = tokens.into_iter().enumerate().map(|(id, token)| self.name(token, id));
        let scored = |name: String| {
            // Special tokens are matched before the model, which must not prefer them.
            let is_piece = !self.special.contains(&name);
            let score = self.scores.get(name.as_str()).filter(|_| is_piece);
            (name.clone(), score.copied().unwrap_or(self.lowest))
        };
        let vocab = names.chain(rest.into_iter().map(str::to_owned)).map(scored).collect();
        guarded(|| Unigram::from(vocab, Some(unk_id), byte_fallback)).map(ModelWrapper::from)
    }

    fn bpe(
        &self,
        tokens: Vec<Option<String>>,
        unk_token: String,
    ) -> tokenizers::Result<ModelWrapper> {
        let rest = self.without_id(&tokens);
        let names = tokens.into_iter().enumerate().map(|(id, token)| self.name(token, id));
        let names = names.chain(rest.into_iter().map(str::to_owned));
        let vocab: HashMap<String, u32> = names.zip(0..).collect();
        let mut scored: Vec<(&str, f64)> =
            self.scores.iter().map(|(&text, &s)| (text, s)).collect();
        scored.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(b.0)));
        let ranks = scored.iter().map(|(text, _)| (*text).to_owned()).zip(0..).collect();
        let merges = super::merged::merges_of(&ranks).into_iter().map(Into::into).collect();
        let build = || {
            let builder =
                BPE::builder().vocab_and_merges(super::vocabulary::vocab_of(vocab), merges);
            builder.unk_token(unk_token).fuse_unk(true).build()
        };
        guarded(build).map(ModelWrapper::from)
    }
}

/// Turns space markers into spaces, and joins pieces around special tokens as SentencePiece does.
fn decoder(class: Class, special: &HashSet<String>) -> Value {
    let mut names: Vec<&String> = special.iter().filter(|name| !name.starts_with("__")).collect();
    names.sort_unstable();
    let mut after: Vec<String> =
        names.into_iter().map(|name| format!("(?<={})", escaped(name))).collect();
    let mut parts = vec![replace(" ", ""), replace(SPACE, " "), json!({ "type": "Fuse" })];
    if class == Class::Marian {
        parts.push(replace_all(&format!("(?:{}) *", after.join("|")), " "));
    } else {
        after.extend((2..=4).map(|length| format!("(?<=__[a-z]{{{length}}}__)")));
        parts.push(replace_all(&format!("(?:{}) +", after.join("|")), ""));
    }
    parts.push(replace_all(r"\A\s+|\s+\z", ""));
    sequence("decoders", parts)
}

/// Escapes a text for a regular expression, except `<` and `>`: `\<` and `\>` are word boundaries.
fn escaped(text: &str) -> String {
    let escaped = |c: char| match c {
        '\\' | '.' | '+' | '*' | '?' | '(' | ')' | '|' | '[' | ']' | '{' | '}' | '^' | '$' => {
            format!("\\{c}")
        }
        c => c.to_string(),
    };
    text.chars().map(escaped).collect()
}
