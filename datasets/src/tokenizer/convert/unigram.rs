//! Classes that read a SentencePiece model as a unigram model.

use std::path::Path;

use serde_json::{Value, json};
use tokenizers::models::unigram::Unigram;

use super::class::Class;
use super::languages::{MBART, MBART50};
use super::parts::{Parts, cls_sep, metaspace, plain, replace, replace_all, sequence};
use super::proto::{Kind, Model};
use super::roles::{FAIRSEQ, RoleToken, Roles, usual};
use super::settings::Settings;
use super::token::{Named, Token};
use crate::tokenizer::error::TokenizerError;
use crate::tokenizer::guard::guarded;
use crate::tokenizer::read::corrupt;

/// The maximum number of sentinel tokens; real models have far fewer.
const MOST_EXTRA: u64 = 10_000;

/// The tokenizers of T5, ALBERT, XLM-RoBERTa, CamemBERT, mBART, Pegasus and DeBERTa-v2.
///
/// # Errors
///
/// Inconsistent settings and model.
pub(super) fn build(
    path: &Path,
    proto: &Model,
    settings: &Settings,
    roles: &Roles,
) -> Result<Parts, TokenizerError> {
    let fit = Fit { proto, class: roles.class, settings, roles };
    let parts = || {
        let (vocab, unk_id) = fit.vocab()?;
        let model = guarded(|| Unigram::from(vocab, Some(unk_id), false));
        let model = model.map_err(|error| error.to_string())?.into();
        let (pre_tokenizer, decoder) = fit.spaces();
        let (normalizer, around) = (fit.normalizer(), fit.around()?);
        Ok(Parts { model, normalizer, pre_tokenizer, decoder, around, extras: fit.extras()? })
    };
    parts().map_err(|reason: String| corrupt(path, &reason))
}

/// The control and user-defined pieces, as added tokens.
pub(super) fn pieces_to_add(proto: &Model) -> Vec<Named> {
    let token = |(text, special): (&str, bool)| {
        Named::Token(Token { special, normalized: Some(false), ..Token::new(text) })
    };
    let pieces = proto.pieces.iter().filter_map(|piece| match piece.kind() {
        Kind::Control => Some((piece.text(), true)),
        Kind::UserDefined => Some((piece.text(), false)),
        _ => None,
    });
    pieces.map(token).collect()
}

/// The precompiled charsmap, as a normalizer.
pub(super) fn precompiled(proto: &Model) -> Option<Value> {
    use base64::Engine as _;
    let map = base64::engine::general_purpose::STANDARD.encode(proto.charsmap()?);
    Some(json!({ "type": "Precompiled", "precompiled_charsmap": map }))
}

struct Fit<'a> {
    proto: &'a Model,
    class: Class,
    settings: &'a Settings,
    roles: &'a Roles,
}

impl Fit<'_> {
    /// A number of additional tokens from the config.
    fn count(&self, name: &str, default: u64) -> Result<u64, String> {
        let count = match self.settings.fields.get(name) {
            None | Some(Value::Null) => default,
            Some(value) => {
                value.as_u64().filter(|&count| count <= MOST_EXTRA).ok_or_else(|| {
                    format!(
                        "{name} of tokenizer_config.json is {value}; the maximum is {MOST_EXTRA}"
                    )
                })?
            }
        };
        Ok(count)
    }

    fn role(&self, role: &str, default: &str) -> String {
        self.roles.text_or(role, default).to_owned()
    }

    /// The pieces with their scores, in the class's order, and the id of the unknown token.
    fn vocab(&self) -> Result<(Vec<(String, f64)>, usize), String> {
        let pieces: Vec<(String, f64)> = self
            .proto
            .pieces
            .iter()
            .map(|piece| (piece.text().to_owned(), piece.score()))
            .collect();
        let unknown = self.role("unk_token", "<unk>");
        let after = |count: usize| pieces.get(count..).unwrap_or_default().to_vec();
        let named = |usual: &[RoleToken]| -> Vec<(String, f64)> {
            usual.iter().map(|usual| (self.roles.text_of(*usual), 0.0)).collect()
        };
        let mask = || vec![(self.role("mask_token", "<mask>"), 0.0)];
        let languages = |names: &[&str]| -> Vec<(String, f64)> {
            names.iter().map(|name| ((*name).to_owned(), 0.0)).collect()
        };
        Ok(match self.class {
            Class::T5 => {
                let extra = self.count("extra_ids", 100)?;
                let extra = (0..extra).rev().map(|i| (format!("<extra_id_{i}>"), 0.0));
                (pieces.into_iter().chain(extra).collect(), 2)
            }
            Class::Albert => (pieces, 1),
            Class::XlmRoberta => ([named(&FAIRSEQ), after(3), mask()].concat(), 3),
            Class::MBart => ([named(&FAIRSEQ), after(3), languages(&MBART), mask()].concat(), 3),
            Class::MBart50 => {
                let cls = [usual("cls_token", "<s>")];
                let first = [named(&cls), named(&FAIRSEQ[1..])].concat();
                ([first, after(3), languages(&MBART), languages(&MBART50), mask()].concat(), 3)
            }
            Class::Camembert => {
                let first = vec![
                    ("<s>NOTUSED".to_owned(), 0.0),
                    (self.role("pad_token", "<pad>"), 0.0),
                    ("</s>NOTUSED".to_owned(), 0.0),
                    (unknown, 0.0),
                    ("<unk>NOTUSED".to_owned(), -100.0),
                ];
                ([first, after(1), mask()].concat(), 3)
            }
            Class::Pegasus => {
                let pad = named(&[usual("pad_token", "<pad>"), usual("eos_token", "</s>")]);
                // As in transformers: the default mask token here differs from the class's default.
                let word = self.settings.role("mask_token", None);
                let word = word.map_or("<mask_1>".to_owned(), |mask| mask.content().to_owned());
                let sentence =
                    self.settings.text("mask_token_sent").unwrap_or("<mask_2>").to_owned();
                let mut masks = vec![(word.clone(), 0.0)];
                masks.extend((sentence != word).then_some((sentence, 0.0)));
                let unused = self.count("offset", 103)?;
                let unused = (2..unused).map(|i| (format!("<unk_{i}>"), -100.0)).collect();
                let vocab = [pad, masks, unused, after(2)].concat();
                let unk_id = position(&vocab[1..], &unknown).map(|id| id + 1);
                (vocab, unk_id.ok_or_else(|| format!("it has no {unknown:?} with the score 0"))?)
            }
            _ => {
                let unk_id = position(&pieces, &unknown);
                let declared = usize::try_from(self.proto.unk_id()).unwrap_or_default();
                (pieces, unk_id.unwrap_or(declared))
            }
        })
    }

    fn normalizer(&self) -> Value {
        let flag = |name: &str| self.settings.flag(name);
        let map = precompiled(self.proto);
        let lowercase = json!({ "type": "Lowercase" });
        match self.class {
            Class::Albert => {
                let mut parts = vec![replace("``", "\""), replace("''", "\"")];
                if !flag("keep_accents").unwrap_or(false) {
                    parts.extend([json!({ "type": "NFKD" }), json!({ "type": "StripAccents" })]);
                }
                if flag("do_lower_case").unwrap_or(true) {
                    parts.push(lowercase);
                }
                parts.extend(map);
                sequence("normalizers", parts)
            }
            Class::MBart => Value::Null,
            Class::MBart50 => {
                let parts = map.into_iter().chain([replace_all(" {2,}", " ")]);
                sequence("normalizers", parts.collect())
            }
            Class::Pegasus => {
                let first = map.unwrap_or_else(|| replace_all(r"\n", " "));
                sequence("normalizers", vec![first, replace_all(" {2,}", " ")])
            }
            Class::DebertaV2 => {
                let lowers = flag("do_lower_case").unwrap_or(false);
                let mut parts: Vec<Value> = lowers.then_some(lowercase).into_iter().collect();
                parts.extend([
                    replace_all(r"\s{2,}|[\n\r\t]", " "),
                    json!({ "type": "NFC" }),
                    json!({ "type": "Strip", "strip_left": false, "strip_right": true }),
                ]);
                sequence("normalizers", parts)
            }
            _ => map.unwrap_or(Value::Null),
        }
    }

    /// The pre-tokenizer that marks spaces, and the decoder that restores them.
    fn spaces(&self) -> (Value, Value) {
        let flag = |name: &str| self.settings.flag(name);
        let prefix = flag("add_prefix_space").unwrap_or(true);
        let prepend = match self.class {
            Class::T5 | Class::MBart | Class::MBart50 | Class::Pegasus => "always",
            _ if prefix => "always",
            Class::DebertaV2 => "first",
            _ => "never",
        };
        let spaces = metaspace(prepend);
        let first = match self.class {
            Class::MBart50 | Class::Pegasus => return (spaces.clone(), spaces),
            Class::DebertaV2 => flag("split_by_punct")
                .unwrap_or(false)
                .then(|| json!({ "type": "Punctuation", "behavior": "Isolated" })),
            _ => Some(json!({ "type": "WhitespaceSplit" })),
        };
        let parts = first.into_iter().chain([spaces.clone()]).collect();
        (sequence("pretokenizers", parts), spaces)
    }

    fn around(&self) -> Result<super::parts::Around, String> {
        let text = |role: &str| self.roles.text(role);
        Ok(match self.class {
            Class::T5 => plain(&[], &["</s>"], &["</s>"]),
            Class::Albert => cls_sep("[CLS]", "[SEP]"),
            Class::XlmRoberta | Class::Camembert => {
                let (bos, eos) = (text("bos_token")?, text("eos_token")?);
                plain(&[&bos], &[&eos, &eos], &[&eos])
            }
            Class::MBart => {
                let source = self.settings.text("src_lang").unwrap_or("en_XX");
                plain(&[], &[], &[&text("eos_token")?, source])
            }
            Class::MBart50 => {
                let source = self.settings.text("src_lang").unwrap_or("en_XX");
                plain(&[source], &[], &[&text("eos_token")?])
            }
            Class::Pegasus => plain(&[], &[], &[&text("eos_token")?]),
            _ => cls_sep(&text("cls_token")?, &text("sep_token")?),
        })
    }

    /// The special tokens that the class adds.
    fn extras(&self) -> Result<Vec<Named>, String> {
        let mut extras = pieces_to_add(self.proto);
        let text = |text: &str| Named::Text(text.to_owned());
        match self.class {
            Class::T5 => {
                let count = self.count("extra_ids", 100)?;
                let is_sentinel = |name: &Named| name.content().contains("<extra_id_");
                if !extras.iter().any(is_sentinel) {
                    extras.extend((0..count).map(|i| Named::Text(format!("<extra_id_{i}>"))));
                }
            }
            Class::MBart => {
                let more = extras.into_iter().filter(|name| !MBART.contains(&name.content()));
                let more: Vec<Named> = more.collect();
                extras = MBART.into_iter().map(text).chain(more).collect();
            }
            Class::MBart50 => extras.extend(MBART.into_iter().chain(MBART50).map(text)),
            Class::Pegasus => {
                let sentence = self.settings.text("mask_token_sent").unwrap_or("<mask_1>");
                let unused = (2..self.count("offset", 103)?).map(|i| format!("<unk_{i}>"));
                extras = vec![text(sentence)];
                extras.extend(unused.map(Named::Text));
            }
            _ => {}
        }
        Ok(extras)
    }
}

fn position(vocab: &[(String, f64)], token: &str) -> Option<usize> {
    vocab.iter().position(|(text, score)| text == token && *score == 0.0)
}
