//! The special tokens of a tokenizer class, by role.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::class::Class;
use super::settings::{ROLES, Settings};
use super::token::{Named, Token};

/// The usual token of a role.
#[derive(Clone, Copy)]
pub(super) struct RoleToken {
    pub(super) role: &'static str,
    pub(super) text: &'static str,
}

/// See [`RoleToken`].
pub(super) const fn usual(role: &'static str, text: &'static str) -> RoleToken {
    RoleToken { role, text }
}

/// The first tokens of fairseq's vocabularies, in their order.
pub(super) const FAIRSEQ: [RoleToken; 4] = [
    usual("bos_token", "<s>"),
    usual("pad_token", "<pad>"),
    usual("eos_token", "</s>"),
    usual("unk_token", "<unk>"),
];

/// The special tokens of a class, by role.
pub(super) struct Roles {
    pub(super) class: Class,
    tokens: Vec<(&'static str, Named)>,
}

impl Roles {
    /// The tokens that the files specify, and the class's defaults for the rest.
    pub(super) fn new(class: Class, settings: &Settings, more: &BTreeMap<&str, String>) -> Self {
        let default = |role: &str| {
            let own = class.roles().iter().find(|usual| usual.role == role).map(|usual| usual.text);
            let text = own.or_else(|| more.get(role).map(String::as_str))?.to_owned();
            Some(match (class, role) {
                (Class::MpNet | Class::MBart | Class::MBart50, "mask_token") => {
                    Named::Token(Token { lstrip: true, ..Token::new(&text) })
                }
                (Class::Camembert, "mask_token") => {
                    Named::Token(Token { lstrip: true, ..Token::special(&text) })
                }
                (Class::Nllb, "mask_token") => Named::Token(Token {
                    lstrip: true,
                    normalized: Some(true),
                    ..Token::special(&text)
                }),
                _ => Named::Text(text),
            })
        };
        let roles = ROLES.into_iter();
        let roles = roles.filter_map(|role| Some((role, settings.role(role, default(role))?)));
        let of_class = |(role, named)| match named {
            Named::Text(text) if class == Class::MpNet => {
                let lstrip = role == "mask_token";
                (role, Named::Token(Token { lstrip, ..Token::new(&text) }))
            }
            Named::Text(text) if role == "mask_token" && strips_before_mask(class) => {
                (role, Named::Token(Token { lstrip: true, ..Token::special(&text) }))
            }
            named => (role, named),
        };
        Self { class, tokens: roles.map(of_class).collect() }
    }

    /// The text of a role's token.
    ///
    /// # Errors
    ///
    /// A role that the class needs, but that a file sets to null.
    pub(super) fn text(&self, role: &str) -> Result<String, String> {
        let found = self.tokens.iter().find(|(name, _)| *name == role);
        let text = found.map(|(_, named)| named.content().to_owned());
        text.ok_or_else(|| format!("it needs {role}, but its files set it to null"))
    }

    /// The text of a role's token, or else the usual one.
    pub(super) fn text_of(&self, usual: RoleToken) -> String {
        self.text_or(usual.role, usual.text).to_owned()
    }

    pub(super) fn text_or<'a>(&'a self, role: &str, default: &'a str) -> &'a str {
        let found = self.tokens.iter().find(|(name, _)| *name == role);
        found.map_or(default, |(_, named)| named.content())
    }

    /// The tokens, in transformers' order.
    pub(super) fn tokens(&self) -> Vec<Named> {
        self.tokens.iter().map(|(_, named)| named.clone()).collect()
    }

    /// Writes the tokens into `tokenizer_config.json`.
    pub(super) fn note(&self, config: &mut Map<String, Value>) {
        for (role, named) in &self.tokens {
            config.insert((*role).to_owned(), named.content().into());
        }
    }
}

fn strips_before_mask(class: Class) -> bool {
    matches!(class, Class::Camembert | Class::MBart | Class::MBart50)
}

impl Class {
    /// The default special tokens.
    pub(super) fn roles(self) -> &'static [RoleToken] {
        const BERT: &[RoleToken] = &[
            usual("unk_token", "[UNK]"),
            usual("sep_token", "[SEP]"),
            usual("pad_token", "[PAD]"),
            usual("cls_token", "[CLS]"),
            usual("mask_token", "[MASK]"),
        ];
        const DEBERTA: &[RoleToken] = &[
            usual("bos_token", "[CLS]"),
            usual("eos_token", "[SEP]"),
            usual("unk_token", "[UNK]"),
            usual("sep_token", "[SEP]"),
            usual("pad_token", "[PAD]"),
            usual("cls_token", "[CLS]"),
            usual("mask_token", "[MASK]"),
        ];
        const ROBERTA: &[RoleToken] = &[
            usual("bos_token", "<s>"),
            usual("eos_token", "</s>"),
            usual("unk_token", "<unk>"),
            usual("sep_token", "</s>"),
            usual("pad_token", "<pad>"),
            usual("cls_token", "<s>"),
            usual("mask_token", "<mask>"),
        ];
        const MPNET: &[RoleToken] = &[
            usual("bos_token", "<s>"),
            usual("eos_token", "</s>"),
            usual("unk_token", "[UNK]"),
            usual("sep_token", "</s>"),
            usual("pad_token", "<pad>"),
            usual("cls_token", "<s>"),
            usual("mask_token", "<mask>"),
        ];
        const GPT2: &[RoleToken] = &[
            usual("bos_token", "<|endoftext|>"),
            usual("eos_token", "<|endoftext|>"),
            usual("unk_token", "<|endoftext|>"),
        ];
        const GPT_NEOX: &[RoleToken] = &[
            usual("bos_token", "<|endoftext|>"),
            usual("eos_token", "<|endoftext|>"),
            usual("unk_token", "<|endoftext|>"),
            usual("pad_token", "<|padding|>"),
        ];
        const CLIP: &[RoleToken] = &[
            usual("bos_token", "<|startoftext|>"),
            usual("eos_token", "<|endoftext|>"),
            usual("unk_token", "<|endoftext|>"),
            usual("pad_token", "<|endoftext|>"),
        ];
        const OPENAI_GPT: &[RoleToken] = &[usual("unk_token", "<unk>")];
        const QWEN2: &[RoleToken] = &[
            usual("eos_token", "<|endoftext|>"),
            usual("unk_token", "<|endoftext|>"),
            usual("pad_token", "<|endoftext|>"),
        ];
        const T5: &[RoleToken] =
            &[usual("eos_token", "</s>"), usual("unk_token", "<unk>"), usual("pad_token", "<pad>")];
        const ALBERT: &[RoleToken] = &[
            usual("bos_token", "[CLS]"),
            usual("eos_token", "[SEP]"),
            usual("unk_token", "<unk>"),
            usual("sep_token", "[SEP]"),
            usual("pad_token", "<pad>"),
            usual("cls_token", "[CLS]"),
            usual("mask_token", "[MASK]"),
        ];
        const PEGASUS: &[RoleToken] = &[
            usual("eos_token", "</s>"),
            usual("unk_token", "<unk>"),
            usual("pad_token", "<pad>"),
            usual("mask_token", "<mask_2>"),
        ];
        const LLAMA: &[RoleToken] =
            &[usual("bos_token", "<s>"), usual("eos_token", "</s>"), usual("unk_token", "<unk>")];
        const GEMMA: &[RoleToken] = &[
            usual("bos_token", "<bos>"),
            usual("eos_token", "<eos>"),
            usual("unk_token", "<unk>"),
            usual("pad_token", "<pad>"),
            usual("mask_token", "<mask>"),
        ];
        match self {
            Self::Bert => BERT,
            Self::MpNet => MPNET,
            Self::Gpt2 => GPT2,
            Self::GptNeoX => GPT_NEOX,
            Self::Clip => CLIP,
            Self::OpenAiGpt => OPENAI_GPT,
            Self::Qwen2 => QWEN2,
            Self::Deberta | Self::DebertaV2 => DEBERTA,
            Self::T5 | Self::Marian => T5,
            Self::Albert => ALBERT,
            Self::Roberta | Self::XlmRoberta | Self::Camembert | Self::MBart | Self::Nllb => {
                ROBERTA
            }
            Self::MBart50 => &ROBERTA[1..],
            Self::Pegasus => PEGASUS,
            Self::Llama => LLAMA,
            Self::Gemma => GEMMA,
            Self::M2m100 => &ROBERTA[..5],
            Self::Plain => &[],
        }
    }
}
