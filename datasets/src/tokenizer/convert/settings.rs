//! The tokenizer settings in the JSON files next to a vocabulary.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;

use serde_json::{Map, Value};
use tokenizers::AddedToken;

use super::class::Class;
use super::token::{Named, Token};
use crate::tokenizer::config::CONFIG;
use crate::tokenizer::error::TokenizerError;
use crate::tokenizer::guard::guarded;
use crate::tokenizer::read::{corrupt, read_object};

const SPECIAL: &str = "special_tokens_map.json";
const ADDED: &str = "added_tokens.json";

/// The special tokens with a role, in the order in which transformers adds them.
pub(super) const ROLES: [&str; 7] =
    ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"];

/// Which existing tokens stay unchanged if they have a role or are listed again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// Tokens of the tokenizer and of the files.
    OfAll,
    /// Tokens that the files list with ids.
    OfFiles,
}

/// Tokens to add, besides those listed with ids.
pub(super) struct Tokens {
    pub(super) roles: Vec<Named>,
    pub(super) extras: Vec<Named>,
    pub(super) known: Known,
}

/// `tokenizer_config.json`, and if it lists no added tokens, also `special_tokens_map.json` and
/// `added_tokens.json`.
#[derive(Debug, Default)]
pub(super) struct Settings {
    /// The fields of tokenizer_config.json.
    pub(super) fields: Map<String, Value>,
    /// The added tokens by their ids.
    added: BTreeMap<u64, Token>,
    /// Tokens by role; `None` if a file sets the role to null.
    roles: HashMap<String, Option<Named>>,
    /// Tokens with model-specific roles.
    specific: Vec<Named>,
    /// Additional special tokens.
    pub(super) extras: Option<Vec<Named>>,
    /// `additional_special_tokens` of special_tokens_map.json.
    pub(super) additional: Option<Vec<Named>>,
}

impl Settings {
    /// Reads the files of a folder. `known` are the added tokens of `tokenizer.json`, if it exists.
    ///
    /// # Errors
    ///
    /// Unreadable files, with their paths.
    pub(super) fn read(
        folder: &Path,
        known: &HashMap<u32, AddedToken>,
    ) -> Result<Self, TokenizerError> {
        let config = folder.join(CONFIG);
        let mut settings =
            Self { fields: read_object(&config)?.unwrap_or_default(), ..Self::default() };
        settings.read_config(&config)?;
        if settings.fields.get("added_tokens_decoder").is_none_or(Value::is_null) {
            settings.read_special(&folder.join(SPECIAL))?;
            settings.read_added(&folder.join(ADDED))?;
            settings.added.extend(known.iter().map(|(&id, token)| (id.into(), of_added(token))));
        }
        let by_content: HashMap<&str, &Token> =
            settings.added.values().map(|token| (token.content.as_str(), token)).collect();
        for named in settings.roles.values_mut().flatten() {
            if let Some(&token) = by_content.get(named.content()) {
                *named = Named::Token(token.clone());
            }
        }
        Ok(settings)
    }

    fn read_config(&mut self, path: &Path) -> Result<(), TokenizerError> {
        let fields = &self.fields;
        for role in ROLES {
            if let Some(value) = fields.get(role) {
                self.roles.insert(role.to_owned(), role_of(path, role, value)?);
            }
        }
        for (name, value) in fields {
            if name.ends_with("_token")
                && !ROLES.contains(&name.as_str())
                && let Some(text) = value.as_str()
            {
                self.specific.push(Named::Text(text.to_owned()));
            }
        }
        let listed = ["extra_special_tokens", "additional_special_tokens"]
            .into_iter()
            .find_map(|name| fields.get(name).filter(|value| !is_empty(value)).map(|v| (name, v)));
        match listed {
            Some((_, Value::Object(named))) => {
                self.specific.extend(named.values().filter_map(Named::from_value));
            }
            Some((name, value)) => self.extras = Some(list_of(path, name, value)?),
            // An empty list or null also removes the class's own tokens.
            None if ["extra_special_tokens", "additional_special_tokens"]
                .iter()
                .any(|name| fields.contains_key(*name)) =>
            {
                self.extras = Some(Vec::new());
            }
            None => {}
        }
        if let Some(Value::Object(added)) = fields.get("added_tokens_decoder") {
            for (id, token) in added {
                let wrong =
                    || corrupt(path, &format!("its added_tokens_decoder has no token {id:?}"));
                let id = id.parse().map_err(|_| wrong())?;
                self.added.insert(id, Token::from_value(token).ok_or_else(wrong)?);
            }
        }
        Ok(())
    }

    fn read_special(&mut self, path: &Path) -> Result<(), TokenizerError> {
        let Some(fields) = read_object(path)? else { return Ok(()) };
        for (name, mut value) in fields {
            if let Value::Object(fields) = &mut value {
                fields.insert("special".to_owned(), true.into());
            }
            match name.as_str() {
                "additional_special_tokens" if !is_empty(&value) => {
                    self.additional = Some(list_of(path, &name, &value)?);
                }
                "extra_special_tokens" if value.is_array() => {
                    let tokens = list_of(path, &name, &value)?;
                    self.extras.get_or_insert_default().extend(tokens);
                }
                role if ROLES.contains(&role) => {
                    let token = role_of(path, role, &value)?;
                    self.roles.insert(role.to_owned(), token);
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn read_added(&mut self, path: &Path) -> Result<(), TokenizerError> {
        let Some(fields) = read_object(path)? else { return Ok(()) };
        let roles = self.roles.values().flatten();
        let special: HashSet<&str> =
            roles.chain(self.extras.iter().flatten()).map(Named::content).collect();
        for (content, id) in &fields {
            let id = id.as_u64();
            let id =
                id.ok_or_else(|| corrupt(path, &format!("the id of {content:?} is not a number")))?;
            let special = special.contains(content.as_str());
            let token = Token { special, normalized: Some(!special), ..Token::new(content) };
            self.added.insert(id, token);
        }
        Ok(())
    }

    /// The token of a role: from the files, or else the tokenizer class's default.
    pub(super) fn role(&self, role: &str, default: Option<Named>) -> Option<Named> {
        self.roles.get(role).cloned().unwrap_or(default)
    }

    /// The special tokens without a role: from tokenizer_config.json, or else the class's own.
    pub(super) fn extras_or(&self, class: Class, own: Vec<Named>) -> Vec<Named> {
        // A model cannot translate without its languages, so an empty list is ignored there.
        let listed = self.extras.clone().filter(|list| !list.is_empty() || !class.has_languages());
        listed.unwrap_or(own)
    }

    /// A boolean field; `None` selects the class's default.
    pub(super) fn flag(&self, name: &str) -> Option<bool> {
        self.fields.get(name)?.as_bool()
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.fields.get(name)?.as_str()
    }

    /// The added tokens by id, as tokenizer_config.json lists them.
    pub(super) fn added(&self) -> &BTreeMap<u64, Token> {
        &self.added
    }

    /// Adds the tokens that the files name to the tokenizer of `tokenizer.json`.
    ///
    /// # Errors
    ///
    /// The library's error.
    pub(super) fn add_all(
        &self,
        inner: &mut tokenizers::Tokenizer,
        known: Known,
    ) -> tokenizers::Result<()> {
        let roles = ROLES.iter().filter_map(|role| self.role(role, None)).collect();
        let extras = self.extras.iter().chain(&self.additional).flatten().cloned();
        self.add(inner, Tokens { roles, extras: extras.collect(), known })
    }

    /// Adds tokens in transformers' order: tokens with ids by id, then tokens with roles, then the
    /// rest.
    ///
    /// # Errors
    ///
    /// The library's error.
    pub(super) fn add(
        &self,
        inner: &mut tokenizers::Tokenizer,
        tokens: Tokens,
    ) -> tokenizers::Result<()> {
        let Tokens { roles, extras, known } = tokens;
        let named: Vec<Named> = roles.into_iter().chain(self.specific.iter().cloned()).collect();
        let names: HashSet<String> = named.iter().map(|name| name.content().to_owned()).collect();
        let mut known: HashSet<String> = match known {
            Known::OfAll => {
                inner.get_added_tokens_decoder().into_values().map(|token| token.content).collect()
            }
            Known::OfFiles => HashSet::new(),
        };
        known.extend(self.added.values().map(|token| token.content.clone()));
        let mut seen = HashSet::new();
        let new = named.into_iter().chain(extras);
        let new = new.filter(|name| !known.contains(name.content()) && seen.insert(name.clone()));
        let tokens = self.added.values().cloned().map(Named::Token).chain(new);
        let tokens: Vec<AddedToken> = tokens
            .map(|name| match name {
                Named::Text(text) => Token::special(&text),
                Named::Token(token) => {
                    let special = token.special || names.contains(&token.content);
                    Token { special, ..token }
                }
            })
            .map(Token::into_added)
            .collect();
        guarded(|| inner.add_tokens(tokens).map(|_| ()))
    }
}

fn of_added(token: &AddedToken) -> Token {
    Token {
        content: token.content.clone(),
        single_word: token.single_word,
        lstrip: token.lstrip,
        rstrip: token.rstrip,
        normalized: Some(token.normalized),
        special: token.special,
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(values) => values.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    }
}

fn role_of(path: &Path, role: &str, value: &Value) -> Result<Option<Named>, TokenizerError> {
    if value.is_null() {
        return Ok(None);
    }
    let wrong = || corrupt(path, &format!("its {role} is neither a string nor a token: {value}"));
    Named::from_value(value).map(Some).ok_or_else(wrong)
}

fn list_of(path: &Path, name: &str, value: &Value) -> Result<Vec<Named>, TokenizerError> {
    let wrong = || corrupt(path, &format!("its {name} is not a list of tokens"));
    let tokens = value.as_array().ok_or_else(wrong)?.iter();
    tokens.map(Named::from_value).collect::<Option<_>>().ok_or_else(wrong)
}
