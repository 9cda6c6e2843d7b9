//! The bytes of single tokens: a token can be part of a character.

use tokenizers::decoders::DecoderWrapper;

use super::codec::Tokenizer;
use super::guard::guarded;

/// The position of a token in a text: in some tokenizers, the first token of a text loses its
/// leading space.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// At the beginning of the text.
    Beginning,
    /// After other tokens.
    Within,
}

impl Tokenizer {
    /// The bytes that a token adds to a text; empty for special tokens, which do not belong to the
    /// text. `None` for ids without a token.
    pub fn token_bytes(&self, id: u32, place: Place) -> Option<Vec<u8>> {
        let token = self.inner.id_to_token(id)?;
        let text = |ids: &[u32]| guarded(|| self.inner.decode(ids, true)).unwrap_or_default();
        // After itself, a token keeps its leading space.
        let (once, twice) = (text(&[id]), text(&[id, id]));
        if twice.is_empty() {
            return Some(Vec::new());
        }
        let within = twice.strip_prefix(once.as_str()).filter(|_| !twice.contains('\u{fffd}'));
        Some(match (within, place) {
            (Some(_), Place::Beginning) => once.into_bytes(),
            (Some(within), Place::Within) => within.as_bytes().to_vec(),
            (None, _) => self.written_bytes(&token),
        })
    }

    /// The bytes of a token that is not valid UTF-8 by itself, from its form in the vocabulary.
    pub(super) fn written_bytes(&self, token: &str) -> Vec<u8> {
        let decoder = self.inner.get_decoder();
        if decoder.is_some_and(is_of_bytes)
            && let Some(bytes) = token.chars().map(byte).collect()
        {
            return bytes;
        }
        // SentencePiece's byte fallback: <0x0A>.
        let hex = token.strip_prefix("<0x").and_then(|rest| rest.strip_suffix('>'));
        match hex.filter(|hex| hex.len() == 2).and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => vec![byte],
            None => token.replace('\u{2581}', " ").into_bytes(),
        }
    }
}

/// Whether the characters of tokens represent bytes, as in GPT-2.
fn is_of_bytes(decoder: &DecoderWrapper) -> bool {
    match decoder {
        DecoderWrapper::ByteLevel(_) => true,
        DecoderWrapper::Sequence(parts) => parts.get_decoders().iter().any(is_of_bytes),
        _ => false,
    }
}

/// The byte that a character represents: printable bytes map to themselves, the others to code
/// points from 256 on.
///
/// Reference: Radford et al. 2019, `bytes_to_unicode`,
/// <https://github.com/openai/gpt-2/blob/master/src/encoder.py>
fn byte(character: char) -> Option<u8> {
    let is_itself = |code: u32| matches!(code, 33..=126 | 161..=172 | 174..=255);
    let code = u32::from(character);
    match code {
        _ if is_itself(code) => u8::try_from(code).ok(),
        256.. => (0..=255).filter(|&code| !is_itself(u32::from(code))).nth(code as usize - 256),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_of_tokens_are_those_of_the_text() {
        let tokenizer = Tokenizer::train_bpe(["the cat and the dog"], 262).unwrap();
        let text = "the cat 你好 🦊\n\u{fffd}é";
        let ids = tokenizer.encode(text).unwrap();
        let bytes = |id: &u32| tokenizer.token_bytes(*id, Place::Within).unwrap();
        let joined: Vec<u8> = ids.iter().flat_map(bytes).collect();
        assert_eq!(joined, text.as_bytes());
        // All 256 bytes occur, each once.
        let mut single: Vec<Vec<u8>> =
            (0..tokenizer.vocab_size() as u32).map(|id| bytes(&id)).collect();
        single.retain(|bytes| bytes.len() == 1);
        single.sort();
        single.dedup();
        assert_eq!(single.len(), 256);
        let end = tokenizer.eos().unwrap();
        assert_eq!(tokenizer.token_bytes(end, Place::Within), Some(Vec::new()));
        assert!(tokenizer.is_special(end) && !tokenizer.is_special(5));
        assert_eq!(tokenizer.token_bytes(9999, Place::Within), None);
    }

    #[test]
    fn only_the_byte_alphabet_maps_to_bytes() {
        assert_eq!(['A', 'Ġ', 'Ċ', 'ÿ', 'Ā'].map(byte), [65, 32, 10, 255, 0].map(Some));
        assert_eq!([' ', '你', '\u{ad}'].map(byte), [None; 3]);
        let all: Vec<u8> = (0..1000).filter_map(char::from_u32).filter_map(byte).collect();
        assert_eq!(all.len(), 256);
    }
}
