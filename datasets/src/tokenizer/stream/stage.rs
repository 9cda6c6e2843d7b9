//! The stages of a tokenizer's decoder, in streaming form.
//!
//! A decoder maps all tokens at once, and a later token can change the text of an earlier one. Each
//! stage here holds back exactly the text that can still change. Stages that process one token at a
//! time are the library's own.

use std::sync::Arc;

use serde_json::Value;
use tokenizers::{Decoder, DecoderWrapper};

use super::bytes::{byte_of, byte_token, text_of_run, whole_characters};
use super::literal::Literal;
use crate::tokenizer::error::{TokenizerError, failed};
use crate::tokenizer::guard::guarded;

/// A string with a superfluous space.
#[derive(Clone, Copy)]
pub(in crate::tokenizer) struct Spaced {
    pub(in crate::tokenizer) text: &'static str,
    /// The text without the space.
    pub(in crate::tokenizer) clean: &'static str,
}

const fn spaced(text: &'static str, clean: &'static str) -> Spaced {
    Spaced { text, clean }
}

/// Clean-up of spaces.
pub(in crate::tokenizer) const SPACED: [Spaced; 10] = [
    spaced(" .", "."),
    spaced(" ?", "?"),
    spaced(" !", "!"),
    spaced(" ,", ","),
    spaced(" ' ", "'"),
    spaced(" n't", "n't"),
    spaced(" 'm", "'m"),
    spaced(" 's", "'s"),
    spaced(" 've", "'ve"),
    spaced(" 're", "'re"),
];

/// All stages from tokens to text.
#[derive(Clone, Debug)]
pub(super) struct Chain(Vec<Stage>);

/// One stage.
#[derive(Clone, Debug)]
enum Stage {
    /// Decodes each token independently.
    Each(Arc<DecoderWrapper>),
    /// Decodes the first token differently from the others.
    First { decoder: Arc<DecoderWrapper>, is_begun: bool },
    /// Decodes the last token differently from the others.
    Last { decoder: Arc<DecoderWrapper>, held: Option<String> },
    /// Collapses consecutive equal tokens.
    Distinct { decoder: Arc<DecoderWrapper>, last: Option<String> },
    /// Byte tokens, such as `<0xE4>`: a run is decoded as UTF-8, or U+FFFD for each invalid byte.
    ByteFallback { run: Vec<u8> },
    /// Characters that represent bytes of UTF-8.
    ByteLevel { tail: Vec<u8> },
    /// Spaces between tokens, for tokenizers without a decoder.
    Spaced { is_begun: bool },
    /// On fused text: replaces a string.
    Replace(Literal),
    /// On fused text: strips characters from its start and its end.
    Strip { content: char, start: usize, stop: usize, held: String },
    /// On fused text: decodes only at the end.
    Whole { decoder: Arc<DecoderWrapper>, held: String },
}

impl Chain {
    /// The stages of a decoder, and of the clean-up of spaces.
    pub(super) fn new(decoder: Option<&DecoderWrapper>, cleans: Cleanup) -> Self {
        let mut stages = Vec::new();
        let mut is_fused = false;
        match decoder {
            Some(decoder) => add(decoder, &mut stages, &mut is_fused),
            None => stages.push(Stage::Spaced { is_begun: false }),
        }
        if cleans == Cleanup::Spaces {
            stages.extend(SPACED.map(|of| Stage::Replace(Literal::new(of.text, of.clean))));
        }
        Self(stages)
    }

    /// The text that becomes final with a token.
    pub(super) fn push(&mut self, token: String) -> Result<String, TokenizerError> {
        let mut text = String::new();
        push(&mut self.0, token, &mut text)?;
        Ok(text)
    }

    /// The text held back, at the end of the input.
    pub(super) fn finish(&mut self) -> Result<String, TokenizerError> {
        let mut text = String::new();
        let mut stages = self.0.as_mut_slice();
        while let Some((stage, later)) = stages.split_first_mut() {
            for token in stage.finish()? {
                push(later, token, &mut text)?;
            }
            stages = later;
        }
        Ok(text)
    }
}

/// Whether decoding removes spaces before punctuation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::tokenizer) enum Cleanup {
    /// Spaces are removed.
    Spaces,
    /// No clean-up.
    Nothing,
}

fn push(stages: &mut [Stage], token: String, text: &mut String) -> Result<(), TokenizerError> {
    let Some((stage, later)) = stages.split_first_mut() else {
        text.push_str(&token);
        return Ok(());
    };
    stage.push(token)?.into_iter().try_for_each(|token| push(later, token, text))
}

/// Adds the stages of a decoder. `is_fused`: whether earlier stages have joined all tokens.
fn add(decoder: &DecoderWrapper, stages: &mut Vec<Stage>, is_fused: &mut bool) {
    let shared = || Arc::new(decoder.clone());
    let whole = || Stage::Whole { decoder: shared(), held: String::new() };
    match (decoder, *is_fused) {
        (DecoderWrapper::Sequence(all), _) => {
            all.get_decoders().iter().for_each(|decoder| add(decoder, stages, is_fused));
        }
        (DecoderWrapper::Fuse(_), _) => *is_fused = true,
        (DecoderWrapper::ByteLevel(_), false) => {
            stages.push(Stage::ByteLevel { tail: Vec::new() });
            *is_fused = true;
        }
        (DecoderWrapper::ByteFallback(_), false) => {
            stages.push(Stage::ByteFallback { run: Vec::new() });
        }
        (DecoderWrapper::Replace(_) | DecoderWrapper::Strip(_), false) => {
            stages.push(Stage::Each(shared()));
        }
        (DecoderWrapper::Metaspace(_) | DecoderWrapper::WordPiece(_), false) => {
            stages.push(Stage::First { decoder: shared(), is_begun: false });
        }
        (DecoderWrapper::BPE(_), false) => {
            stages.push(Stage::Last { decoder: shared(), held: None });
        }
        (DecoderWrapper::CTC(_), false) => {
            stages.push(Stage::Distinct { decoder: shared(), last: None });
        }
        // After fusing there is one token, the first and the last, so every fragment is part of
        // both; Metaspace maps single characters.
        (DecoderWrapper::Metaspace(_), true) => stages.push(Stage::Each(shared())),
        (DecoderWrapper::BPE(bpe), true) => {
            stages.push(Stage::Replace(Literal::new(&bpe.suffix, "")));
        }
        (DecoderWrapper::Strip(strip), true) => {
            let (content, start, stop) = (strip.content, strip.start, strip.stop);
            stages.push(Stage::Strip { content, start, stop, held: String::new() });
        }
        (DecoderWrapper::Replace(replace), true) => {
            let literal =
                literal_pattern(decoder).map(|from| Literal::new(&from, &replace.content));
            stages.push(literal.map_or_else(whole, Stage::Replace));
        }
        (
            DecoderWrapper::WordPiece(_)
            | DecoderWrapper::ByteLevel(_)
            | DecoderWrapper::ByteFallback(_)
            | DecoderWrapper::CTC(_),
            true,
        ) => stages.push(whole()),
    }
}

/// The pattern of a `Replace`, if it is a string and not a regular expression.
fn literal_pattern(replace: &DecoderWrapper) -> Option<String> {
    let file = serde_json::to_value(replace).ok()?;
    let pattern = file.get("pattern")?.get("String").and_then(Value::as_str)?;
    (!pattern.is_empty()).then(|| pattern.to_owned())
}

impl Stage {
    /// The tokens that become final with another one.
    fn push(&mut self, token: String) -> Result<Vec<String>, TokenizerError> {
        Ok(match self {
            Self::Each(decoder) => decode(decoder, vec![token])?,
            Self::First { decoder, is_begun } => {
                if std::mem::replace(is_begun, true) {
                    decode(decoder, vec![String::new(), token])?.split_off(1)
                } else {
                    decode(decoder, vec![token])?
                }
            }
            Self::Last { decoder, held } => match held.replace(token) {
                Some(token) => {
                    let mut both = decode(decoder, vec![token, String::new()])?;
                    both.truncate(1);
                    both
                }
                None => Vec::new(),
            },
            Self::Distinct { decoder, last } => {
                if last.as_ref() == Some(&token) {
                    return Ok(Vec::new());
                }
                *last = Some(token.clone());
                decode(decoder, vec![token])?
            }
            Self::ByteFallback { run } => match byte_token(&token) {
                Some(byte) => {
                    run.push(byte);
                    Vec::new()
                }
                None => {
                    let mut tokens = text_of_run(std::mem::take(run));
                    tokens.push(token);
                    tokens
                }
            },
            Self::ByteLevel { tail } => {
                let bytes: Option<Vec<u8>> = token.chars().map(byte_of).collect();
                match bytes {
                    Some(bytes) => tail.extend(bytes),
                    None => tail.extend(token.into_bytes()),
                }
                vec![whole_characters(tail)]
            }
            Self::Spaced { is_begun } => {
                let is_later = std::mem::replace(is_begun, true);
                vec![if is_later { format!(" {token}") } else { token }]
            }
            Self::Replace(literal) => vec![literal.push(&token)],
            Self::Strip { content, start, stop, held } => {
                held.push_str(&token);
                while *start > 0 && !held.is_empty() {
                    match held.strip_prefix(*content) {
                        Some(left) => (*held, *start) = (left.to_owned(), *start - 1),
                        None => *start = 0,
                    }
                }
                let ending = held.chars().rev().take(*stop).take_while(|c| c == content);
                let ending: usize = ending.map(char::len_utf8).sum();
                let end = held.split_off(held.len() - ending);
                vec![std::mem::replace(held, end)]
            }
            Self::Whole { held, .. } => {
                held.push_str(&token);
                Vec::new()
            }
        })
    }

    /// The tokens held back, at the end of the input.
    fn finish(&mut self) -> Result<Vec<String>, TokenizerError> {
        Ok(match self {
            Self::Last { decoder, held } => match held.take() {
                Some(token) => decode(decoder, vec![token])?,
                None => Vec::new(),
            },
            Self::ByteFallback { run } => text_of_run(std::mem::take(run)),
            Self::ByteLevel { tail } => vec![String::from_utf8_lossy(tail).into_owned()],
            Self::Replace(literal) => vec![literal.finish()],
            Self::Whole { decoder, held } if !held.is_empty() => {
                decode(decoder, vec![std::mem::take(held)])?
            }
            // The text that Strip holds is the text it strips from the end.
            Self::Strip { .. }
            | Self::Whole { .. }
            | Self::Each(_)
            | Self::First { .. }
            | Self::Distinct { .. }
            | Self::Spaced { .. } => Vec::new(),
        })
    }
}

fn decode(decoder: &DecoderWrapper, tokens: Vec<String>) -> Result<Vec<String>, TokenizerError> {
    guarded(|| decoder.decode_chain(tokens)).map_err(failed("decode"))
}
