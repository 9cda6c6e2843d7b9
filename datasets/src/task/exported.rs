//! The vocabulary of a task as a tokenizer, so that a model that was trained on the task can be used
//! on texts.

use super::error::TaskError;
use super::labels::Labels;
use super::token_table::{Joining, RESERVED, TokenTable};
use super::words::ATTACHED;
use super::{Task, TaskKind};
use crate::tokenizer::{Tokenizer, TokenizerError};
use serde_json::{Map, Value, json};

/// Whether a text is a prompt that a separator ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PromptEnd {
    /// A separator follows the text, and the model continues it.
    Separator,
    /// Nothing follows the text.
    Nothing,
}

/// A word, or another symbol, with its combining marks; as [`words_of`](super::words::words_of).
const WORD: &str = concat!(
    r"(?:[\p{Alphabetic}\p{N}](?:[\p{Alphabetic}\p{N}'’-]|[\p{Grapheme_Extend}\p{Cf}\p{Co}])*",
    r"|\S[\p{Grapheme_Extend}\p{Cf}\p{Co}]*)"
);

impl Task {
    /// A tokenizer with the ids of the task's tokens and labels; `None` where no file can describe
    /// how texts become tokens: words of tagging tasks fall back to their shape.
    ///
    /// # Errors
    ///
    /// [`TaskError::Tokenizer`] if the tokenizers library refuses the vocabulary.
    pub fn tokenizer(&self, end: PromptEnd) -> Result<Option<Tokenizer>, TaskError> {
        let has_shapes = matches!(self.kind, TaskKind::Tagging(_))
            && matches!(self.tokens.joining, Joining::Names)
            && self.tokens.written(TokenTable::FIRST).is_some_and(|name| name.starts_with("< "));
        if has_shapes {
            return Ok(None);
        }
        let names: &[String] = match &self.labels {
            Labels::Names(names) => names,
            Labels::Tokens => &[],
        };
        self.tokens.tokenizer(names, end).map(Some).map_err(TaskError::from)
    }
}

impl TokenTable {
    /// A tokenizer with these tokens, followed by labels.
    fn tokenizer(&self, labels: &[String], end: PromptEnd) -> Result<Tokenizer, TokenizerError> {
        let mut tokenizer = match &self.joining {
            Joining::Subwords(tokenizer) => shifted(tokenizer.to_json()?, Self::FIRST),
            joining => json!({
                "version": "1.0",
                "added_tokens": [],
                "normalizer": normalizer(joining),
                "pre_tokenizer": pre_tokenizer(joining),
                "decoder": decoder(joining),
                "model": {
                    "type": "WordLevel",
                    "vocab": self.vocabulary(),
                    "unk_token": RESERVED[Self::UNKNOWN as usize],
                },
            }),
        };
        let added = |content: &str, id: usize, is_special: bool| {
            json!({
                "id": id, "content": content, "special": is_special, "normalized": false,
                "single_word": false, "lstrip": false, "rstrip": false,
            })
        };
        let mut tokens: Vec<Value> =
            RESERVED.iter().enumerate().map(|(id, name)| added(name, id, true)).collect();
        if let Some(Value::Array(own)) = tokenizer.get_mut("added_tokens") {
            tokens.append(own);
        }
        for (index, name) in labels.iter().enumerate() {
            // A text may contain a label as a word, which is another token.
            tokens.push(added(&format!("<label {name}>"), self.len() + index, false));
        }
        tokenizer["added_tokens"] = tokens.into();
        let vocabulary = &mut tokenizer["model"]["vocab"];
        for (id, name) in RESERVED.iter().enumerate() {
            vocabulary[*name] = id.into();
        }
        for (index, name) in labels.iter().enumerate() {
            vocabulary[format!("<label {name}>")] = (self.len() + index).into();
        }
        tokenizer["post_processor"] = match end {
            PromptEnd::Separator => separated(),
            PromptEnd::Nothing => Value::Null,
        };
        Tokenizer::from_json(&tokenizer, roles())
    }

    /// The ids of the task's own tokens as WordLevel has them: with their spaces.
    fn vocabulary(&self) -> Map<String, Value> {
        let form = |name: &str| match self.joining {
            Joining::SpacedWords => {
                name.strip_prefix(ATTACHED).map_or_else(|| format!(" {name}"), str::to_owned)
            }
            _ => name.to_owned(),
        };
        let ids = Self::FIRST..self.len() as u32;
        ids.filter_map(|id| Some((form(self.written(id)?), id.into()))).collect()
    }
}

/// The fields of `tokenizer_config.json`.
fn roles() -> Map<String, Value> {
    let role = |field: &str, id: u32| (field.to_owned(), json!(RESERVED[id as usize]));
    Map::from_iter([
        role("pad_token", TokenTable::PADDING),
        role("bos_token", TokenTable::BEGIN),
        role("eos_token", TokenTable::END),
        role("sep_token", TokenTable::SEPARATOR),
        role("mask_token", TokenTable::MASK),
        role("unk_token", TokenTable::UNKNOWN),
    ])
}

/// A tokenizer whose ids begin later.
fn shifted(mut tokenizer: Value, by: u32) -> Value {
    let move_id = |id: &mut Value| {
        if let Some(old) = id.as_u64() {
            *id = (old + u64::from(by)).into();
        }
    };
    if let Some(Value::Object(vocabulary)) = tokenizer["model"].get_mut("vocab") {
        vocabulary.values_mut().for_each(move_id);
    }
    if let Some(Value::Array(added)) = tokenizer.get_mut("added_tokens") {
        for token in added {
            // A text may contain its name.
            token["special"] = false.into();
            move_id(&mut token["id"]);
        }
    }
    tokenizer
}

fn split(pattern: &str) -> Value {
    json!({ "type": "Split", "pattern": { "Regex": pattern }, "behavior": "Isolated", "invert": false })
}

fn normalizer(joining: &Joining) -> Value {
    match joining {
        // Every word but an attached one begins with a space, the first one, too.
        Joining::SpacedWords => json!({ "type": "Sequence", "normalizers": [
            { "type": "Replace", "pattern": { "Regex": r"\s+" }, "content": " " },
            { "type": "Strip", "strip_left": true, "strip_right": true },
            { "type": "Prepend", "prepend": " " },
        ] }),
        _ => Value::Null,
    }
}

fn pre_tokenizer(joining: &Joining) -> Value {
    match joining {
        Joining::Characters => split(r"(?s)."),
        Joining::Words => json!({ "type": "Sequence", "pretokenizers": [
            { "type": "WhitespaceSplit" }, split(WORD),
        ] }),
        Joining::SpacedWords => split(&format!(" ?{WORD}")),
        Joining::Names | Joining::Subwords(_) => json!({ "type": "WhitespaceSplit" }),
    }
}

fn decoder(joining: &Joining) -> Value {
    match joining {
        Joining::Characters => json!({ "type": "Fuse" }),
        Joining::SpacedWords => json!({ "type": "Sequence", "decoders": [
            { "type": "Fuse" }, { "type": "Strip", "content": " ", "start": 1, "stop": 0 },
        ] }),
        _ => Value::Null,
    }
}

/// A separator after the text.
fn separated() -> Value {
    let separator = RESERVED[TokenTable::SEPARATOR as usize];
    json!({
        "type": "TemplateProcessing",
        "single": [
            { "Sequence": { "id": "A", "type_id": 0 } },
            { "SpecialToken": { "id": separator, "type_id": 0 } },
        ],
        "pair": [
            { "Sequence": { "id": "A", "type_id": 0 } },
            { "Sequence": { "id": "B", "type_id": 0 } },
            { "SpecialToken": { "id": separator, "type_id": 0 } },
        ],
        "special_tokens": {
            separator: { "id": separator, "ids": [TokenTable::SEPARATOR], "tokens": [separator] },
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tokenizer gives the ids of the table, and decodes them as the table does.
    fn same(tokens: &TokenTable, texts: &[&str]) {
        let labels = ["good".to_owned(), "bad".to_owned()];
        let plain = tokens.tokenizer(&labels, PromptEnd::Nothing).unwrap();
        let prompt = tokens.tokenizer(&labels, PromptEnd::Separator).unwrap();
        let folder = tempfile::tempdir().unwrap();
        plain.save(folder.path()).unwrap();
        let loaded = Tokenizer::load(folder.path()).unwrap();
        for text in texts {
            let ids = tokens.encode(text).unwrap();
            assert_eq!(plain.encode(text).unwrap(), ids, "{text:?}");
            assert_eq!(loaded.encode(text).unwrap(), ids, "{text:?}");
            let ended = prompt.text_encoder(1000).unwrap().encode(text).unwrap().ids;
            assert_eq!(ended, [&ids[..], &[TokenTable::SEPARATOR]].concat());
            if !ids.contains(&TokenTable::UNKNOWN) {
                assert_eq!(loaded.decode(&ids).unwrap(), tokens.decode(&ids), "{text:?}");
            }
        }
        assert_eq!(loaded.vocab_size(), tokens.len() + 2);
        assert_eq!(loaded.id("<label bad>"), Some(tokens.len() as u32 + 1));
        assert_eq!(loaded.eos(), Some(TokenTable::END));
    }

    #[test]
    fn a_tokenizer_has_the_ids_of_its_task() {
        let texts = [
            "Don't go (yet), „please“: it's 5% - o’clock!",
            "नमस्ते हिन्दी, विद्यालय। क्‍ष e\u{301}te\u{301} 她说：“你好”。",
            " \"yes\"  3.14 good\ta/b unheard-of #x ##x",
        ];
        let known = || texts[..2].iter().copied();
        same(&TokenTable::words(known(), 1), &texts);
        same(&TokenTable::spaced_words(known(), 1), &texts);
        same(&TokenTable::characters(texts.concat().chars()), &texts);
        same(&TokenTable::frequent(texts[0].split(' '), 1), &texts);
        same(&TokenTable::subwords(known(), 300).unwrap(), &texts);
    }
}
