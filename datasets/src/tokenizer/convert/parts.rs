//! The components of a tokenizer, and their assembly.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use tokenizers::{ModelWrapper, Tokenizer};

use super::roles::Roles;
use super::settings::{Known, Settings, Tokens};
use super::token::Named;
use crate::tokenizer::guard::{check_part, guarded};

/// SentencePiece's space marker.
pub(super) const SPACE: &str = "\u{2581}";

/// The components of a tokenizer, as its class builds them.
pub(super) struct Parts {
    pub(super) model: ModelWrapper,
    pub(super) normalizer: Value,
    pub(super) pre_tokenizer: Value,
    pub(super) decoder: Value,
    pub(super) around: Around,
    /// Additional special tokens, if no file lists them.
    pub(super) extras: Vec<Named>,
}

/// The special tokens added to texts.
pub(super) enum Around {
    /// The bos and eos tokens, as `add_bos_token` and `add_eos_token` specify.
    BosEos,
    /// Tokens before and after one text, and before, between and after a pair.
    Template { single: Vec<Item>, pair: Vec<Item> },
    /// `<s> A </s>` and `<s> A </s></s> B </s>`, with offsets that exclude spaces.
    Roberta { cls: String, sep: String, trims: bool, prefix: bool },
}

/// A part of a template, with the type id of its tokens.
#[derive(Clone)]
pub(super) enum Item {
    Token(String, u32),
    First,
    Second(u32),
}

impl Parts {
    /// Builds the tokenizer, and adds the tokens of the files and of the class.
    ///
    /// # Errors
    ///
    /// Describes the inconsistency.
    pub(super) fn assemble(self, settings: &Settings, roles: &Roles) -> Result<Tokenizer, String> {
        for part in [&self.normalizer, &self.pre_tokenizer, &self.decoder] {
            check_part(part)?;
        }
        let mut inner = Tokenizer::new(self.model);
        inner
            .with_normalizer(part::<tokenizers::NormalizerWrapper>(self.normalizer)?)
            .map_err(|error| error.to_string())?;
        inner.with_pre_tokenizer(part::<tokenizers::PreTokenizerWrapper>(self.pre_tokenizer)?);
        inner.with_decoder(part::<tokenizers::DecoderWrapper>(self.decoder)?);
        let extras = settings.extras_or(roles.class, self.extras);
        let tokens = Tokens { roles: roles.tokens(), extras, known: Known::OfAll };
        settings.add(&mut inner, tokens).map_err(|error| error.to_string())?;
        let around = self.around.post_processor(&inner, settings, roles)?;
        inner.with_post_processor(part::<tokenizers::PostProcessorWrapper>(around)?);
        Ok(inner)
    }
}

/// A component of the library, from its JSON.
fn part<T: DeserializeOwned>(value: Value) -> Result<Option<T>, String> {
    guarded(|| Ok(serde_json::from_value(value)?)).map_err(|error| error.to_string())
}

impl Around {
    fn post_processor(
        self,
        inner: &Tokenizer,
        settings: &Settings,
        roles: &Roles,
    ) -> Result<Value, String> {
        let id = |token: &str| {
            let id = inner.token_to_id(token);
            id.ok_or_else(|| format!("{token:?} is added to texts, but is not in the vocabulary"))
        };
        match self {
            Self::Roberta { cls, sep, trims, prefix } => Ok(json!({
                "type": "RobertaProcessing",
                "sep": [sep, id(&sep)?],
                "cls": [cls, id(&cls)?],
                "trim_offsets": trims,
                "add_prefix_space": prefix,
            })),
            Self::Template { single, pair } => template(&single, &pair, id),
            Self::BosEos => {
                let token = |flag: &str, role: &str| {
                    let is_added = settings.flag(flag).unwrap_or(false);
                    is_added.then(|| roles.text(role).ok()).flatten()
                };
                let bos = token("add_bos_token", "bos_token");
                let eos = token("add_eos_token", "eos_token");
                let item = |token: &Option<String>, of| {
                    token.iter().map(move |text| Item::Token(text.clone(), of)).collect::<Vec<_>>()
                };
                let text = |of| if of == 0 { Item::First } else { Item::Second(1) };
                let around = |of| [item(&bos, of), vec![text(of)], item(&eos, of)].concat();
                template(&around(0), &[around(0), around(1)].concat(), id)
            }
        }
    }
}

fn template(
    single: &[Item],
    pair: &[Item],
    id: impl Fn(&str) -> Result<u32, String>,
) -> Result<Value, String> {
    let value = |item: &Item| match item {
        Item::Token(text, of) => json!({ "SpecialToken": { "id": text, "type_id": of } }),
        Item::First => json!({ "Sequence": { "id": "A", "type_id": 0 } }),
        Item::Second(of) => json!({ "Sequence": { "id": "B", "type_id": of } }),
    };
    let mut special = Map::new();
    for item in single.iter().chain(pair) {
        if let Item::Token(text, _) = item {
            let token = json!({ "id": text, "ids": [id(text)?], "tokens": [text] });
            special.insert(text.clone(), token);
        }
    }
    Ok(json!({
        "type": "TemplateProcessing",
        "single": single.iter().map(value).collect::<Vec<_>>(),
        "pair": pair.iter().map(value).collect::<Vec<_>>(),
        "special_tokens": special,
    }))
}

/// `cls A sep` and `cls A sep B sep`; the second text and its `sep` have type 1.
pub(super) fn cls_sep(cls: &str, sep: &str) -> Around {
    let [cls, sep] = [cls, sep].map(str::to_owned);
    let single = vec![Item::Token(cls, 0), Item::First, Item::Token(sep.clone(), 0)];
    let mut pair = single.clone();
    pair.extend([Item::Second(1), Item::Token(sep, 1)]);
    Around::Template { single, pair }
}

/// `before A after`, and `before A between B after`.
pub(super) fn plain(before: &[&str], between: &[&str], after: &[&str]) -> Around {
    let tokens = |texts: &[&str]| -> Vec<Item> {
        texts.iter().map(|text| Item::Token((*text).to_owned(), 0)).collect()
    };
    let single = [tokens(before), vec![Item::First], tokens(after)].concat();
    let second = vec![Item::Second(0)];
    let pair = [tokens(before), vec![Item::First], tokens(between), second, tokens(after)].concat();
    Around::Template { single, pair }
}

pub(super) fn sequence(kind: &str, parts: Vec<Value>) -> Value {
    json!({ "type": "Sequence", kind: parts })
}

pub(super) fn replace(pattern: &str, content: &str) -> Value {
    json!({ "type": "Replace", "pattern": { "String": pattern }, "content": content })
}

pub(super) fn replace_all(expression: &str, content: &str) -> Value {
    json!({ "type": "Replace", "pattern": { "Regex": expression }, "content": content })
}

/// The pre-tokenizer and decoder of the same name.
pub(super) fn metaspace(prepend: &str) -> Value {
    json!({ "type": "Metaspace", "replacement": SPACE, "prepend_scheme": prepend, "split": true })
}

pub(super) fn byte_level(prefix: bool) -> Value {
    json!({
        "type": "ByteLevel", "add_prefix_space": prefix, "trim_offsets": true, "use_regex": true,
    })
}
