//! The special tokens of a tokenizer class, by role.

use serde_json::{Map, Value};

use super::class::Class;
use super::settings::{ROLES, Settings};
use super::token::{Named, Token};

/// The special tokens of a class, by role.
pub(super) struct Roles {
    pub(super) class: Class,
    tokens: Vec<(&'static str, Named)>,
}

impl Roles {
    /// The tokens that the files specify, and the class's defaults for the rest.
    pub(super) fn new(class: Class, settings: &Settings, more: &[(&'static str, String)]) -> Self {
        let default = |role: &str| {
            let own = class.roles().iter().find(|(name, _)| *name == role).map(|(_, text)| *text);
            let more =
                || more.iter().find(|(name, _)| *name == role).map(|(_, text)| text.as_str());
            let text = own.or_else(more)?.to_owned();
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
    pub(super) fn roles(self) -> &'static [(&'static str, &'static str)] {
        const BERT: &[(&str, &str)] = &[
            ("unk_token", "[UNK]"),
            ("sep_token", "[SEP]"),
            ("pad_token", "[PAD]"),
            ("cls_token", "[CLS]"),
            ("mask_token", "[MASK]"),
        ];
        const DEBERTA: &[(&str, &str)] = &[
            ("bos_token", "[CLS]"),
            ("eos_token", "[SEP]"),
            ("unk_token", "[UNK]"),
            ("sep_token", "[SEP]"),
            ("pad_token", "[PAD]"),
            ("cls_token", "[CLS]"),
            ("mask_token", "[MASK]"),
        ];
        const ROBERTA: &[(&str, &str)] = &[
            ("bos_token", "<s>"),
            ("eos_token", "</s>"),
            ("unk_token", "<unk>"),
            ("sep_token", "</s>"),
            ("pad_token", "<pad>"),
            ("cls_token", "<s>"),
            ("mask_token", "<mask>"),
        ];
        match self {
            Self::Bert => BERT,
            Self::MpNet => &[
                ("bos_token", "<s>"),
                ("eos_token", "</s>"),
                ("unk_token", "[UNK]"),
                ("sep_token", "</s>"),
                ("pad_token", "<pad>"),
                ("cls_token", "<s>"),
                ("mask_token", "<mask>"),
            ],
            Self::Gpt2 => &[
                ("bos_token", "<|endoftext|>"),
                ("eos_token", "<|endoftext|>"),
                ("unk_token", "<|endoftext|>"),
            ],
            Self::GptNeoX => &[
                ("bos_token", "<|endoftext|>"),
                ("eos_token", "<|endoftext|>"),
                ("unk_token", "<|endoftext|>"),
                ("pad_token", "<|padding|>"),
            ],
            Self::Clip => &[
                ("bos_token", "<|startoftext|>"),
                ("eos_token", "<|endoftext|>"),
                ("unk_token", "<|endoftext|>"),
                ("pad_token", "<|endoftext|>"),
            ],
            Self::OpenAiGpt => &[("unk_token", "<unk>")],
            Self::Qwen2 => &[
                ("eos_token", "<|endoftext|>"),
                ("unk_token", "<|endoftext|>"),
                ("pad_token", "<|endoftext|>"),
            ],
            Self::Deberta | Self::DebertaV2 => DEBERTA,
            Self::T5 | Self::Marian => {
                &[("eos_token", "</s>"), ("unk_token", "<unk>"), ("pad_token", "<pad>")]
            }
            Self::Albert => &[
                ("bos_token", "[CLS]"),
                ("eos_token", "[SEP]"),
                ("unk_token", "<unk>"),
                ("sep_token", "[SEP]"),
                ("pad_token", "<pad>"),
                ("cls_token", "[CLS]"),
                ("mask_token", "[MASK]"),
            ],
            Self::Roberta | Self::XlmRoberta | Self::Camembert | Self::MBart | Self::Nllb => {
                ROBERTA
            }
            Self::MBart50 => &ROBERTA[1..],
            Self::Pegasus => &[
                ("eos_token", "</s>"),
                ("unk_token", "<unk>"),
                ("pad_token", "<pad>"),
                ("mask_token", "<mask_2>"),
            ],
            Self::Llama => &[("bos_token", "<s>"), ("eos_token", "</s>"), ("unk_token", "<unk>")],
            Self::Gemma => &[
                ("bos_token", "<bos>"),
                ("eos_token", "<eos>"),
                ("unk_token", "<unk>"),
                ("pad_token", "<pad>"),
                ("mask_token", "<mask>"),
            ],
            Self::M2m100 => &ROBERTA[..5],
            Self::Plain => &[],
        }
    }
}
