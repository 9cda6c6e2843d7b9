//! Model inputs from texts: special tokens, truncation, pairs and windows.

use std::ops::Range;
use std::sync::Arc;

use tokenizers::{Encoding as Tokens, PostProcessor, PostProcessorWrapper, Tokenizer as Inner};

use super::codec::Tokenizer;
use super::error::{TokenizerError, failed};
use super::guard::guarded;

/// Encodes texts as model inputs. Cheap to clone.
#[derive(Clone, Debug)]
pub struct TextEncoder {
    /// The tokenizer without special tokens and truncation.
    bare: Arc<Inner>,
    /// Adds the special tokens.
    around: Option<PostProcessorWrapper>,
    tokenizer: Tokenizer,
    max_length: usize,
}

/// An encoded text or pair of texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoding {
    /// Token ids, including special tokens.
    pub ids: Vec<u32>,
    /// The type id of each token, which distinguishes two texts.
    pub types: Vec<u32>,
    /// The character range of each token in its text; empty for special tokens.
    pub spans: Vec<Range<usize>>,
    /// The index of each token's word in its text, as the tokenizer splits words.
    pub words: Vec<Option<u32>>,
    /// The text of each token, 0 or 1; `None` for special tokens.
    pub texts: Vec<Option<usize>>,
    /// Whether the text was truncated.
    pub is_cut: bool,
}

impl Encoding {
    /// A text that is already tokenized, unchanged.
    pub fn of_ids(ids: Vec<u32>) -> Self {
        let length = ids.len();
        Self {
            ids,
            types: vec![0; length],
            spans: std::iter::repeat_n(0..0, length).collect(),
            words: vec![None; length],
            texts: vec![Some(0); length],
            is_cut: false,
        }
    }
}

/// Which text of a pair is truncated if the pair is too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// The longer one, until both have the same length; then both.
    Longer,
    /// The first.
    First,
    /// The second.
    Second,
}

impl Tokenizer {
    /// An encoder with a maximum length of `max_length` tokens, including special tokens. It
    /// ignores the truncation and padding settings of the tokenizer's file.
    ///
    /// # Errors
    ///
    /// [`TokenizerError::NoRoom`] if the special tokens alone fill the length.
    pub fn text_encoder(&self, max_length: usize) -> Result<TextEncoder, TokenizerError> {
        let mut bare: Inner = self.inner.as_ref().clone();
        bare.with_truncation(None).map_err(failed("disable truncation"))?;
        let around = bare.get_post_processor().cloned();
        bare.with_padding(None).with_post_processor(None::<PostProcessorWrapper>);
        let encoder =
            TextEncoder { bare: Arc::new(bare), around, tokenizer: self.clone(), max_length };
        encoder.with_max_length(max_length)
    }
}

impl TextEncoder {
    /// The maximum length in tokens, including special tokens.
    pub fn max_length(&self) -> usize {
        self.max_length
    }

    /// The same encoder with another maximum length.
    ///
    /// # Errors
    ///
    /// [`TokenizerError::NoRoom`] if the special tokens alone fill the length.
    pub fn with_max_length(self, max_length: usize) -> Result<Self, TokenizerError> {
        let encoder = Self { max_length, ..self };
        encoder.room_for(Pair::No)?;
        Ok(encoder)
    }

    /// The maximum number of text tokens, excluding special tokens.
    pub fn room(&self) -> usize {
        self.max_length - self.special(Pair::No)
    }

    /// Encodes a text with the special tokens that the tokenizer's file specifies. A text that is
    /// too long is truncated at its end.
    ///
    /// # Errors
    ///
    /// [`TokenizerError::UnknownCharacter`] with a character vocabulary.
    pub fn encode(&self, text: &str) -> Result<Encoding, TokenizerError> {
        let tokens = self.tokens(text)?;
        let kept = tokens.len().min(self.room_for(Pair::No)?);
        let is_cut = kept < tokens.len();
        Ok(Encoding { is_cut, ..self.surround(part(&tokens, 0..kept), None)? })
    }

    /// Encodes a pair of texts.
    ///
    /// # Errors
    ///
    /// As for [`TextEncoder::encode`]; [`TokenizerError::NoRoom`] if the text that must not be
    /// truncated is too long by itself.
    pub fn encode_pair(
        &self,
        first: &str,
        second: &str,
        cut: Cut,
    ) -> Result<Encoding, TokenizerError> {
        let [first, second] = [self.tokens(first)?, self.tokens(second)?];
        let lengths = [first.len(), second.len()];
        let kept = cut.kept(lengths, self.room_for(Pair::Yes)?).ok_or(TokenizerError::NoRoom {
            max_length: self.max_length,
            taken: self.special(Pair::Yes) + lengths[usize::from(cut == Cut::First)],
        })?;
        let is_cut = kept != lengths;
        let [first, second] = [part(&first, 0..kept[0]), part(&second, 0..kept[1])];
        Ok(Encoding { is_cut, ..self.surround(first, Some(second))? })
    }

    /// Splits a text into windows of at most the maximum length, each beginning with the last
    /// `overlap` tokens of the previous one. Nothing is truncated.
    ///
    /// # Errors
    ///
    /// As for [`TextEncoder::encode`]; [`TokenizerError::NoRoom`] if no window would have a new
    /// token.
    pub fn windows(&self, text: &str, overlap: usize) -> Result<Vec<Encoding>, TokenizerError> {
        let tokens = self.tokens(text)?;
        let windows = self.ranges(tokens.len(), self.room_for(Pair::No)?, overlap)?;
        windows.into_iter().map(|window| self.surround(part(&tokens, window), None)).collect()
    }

    /// Encodes a pair of texts: the first, followed by each window of the second as in
    /// [`TextEncoder::windows`]. If the first leaves too little room for the overlap, half of each
    /// window overlaps.
    ///
    /// # Errors
    ///
    /// As for [`TextEncoder::encode`]; [`TokenizerError::NoRoom`] if the first text leaves no room.
    pub fn pair_windows(
        &self,
        first: &str,
        second: &str,
        overlap: usize,
    ) -> Result<Vec<Encoding>, TokenizerError> {
        let [first, second] = [self.tokens(first)?, self.tokens(second)?];
        let room = self.room_for(Pair::Yes)?.saturating_sub(first.len());
        let overlap = if overlap < room { overlap } else { room / 2 };
        let windows = self.ranges(second.len(), room, overlap)?;
        let encode = |window| {
            let whole = 0..first.len();
            self.surround(part(&first, whole), Some(part(&second, window)))
        };
        windows.into_iter().map(encode).collect()
    }

    /// The tokens of a text without special tokens, with offsets in characters.
    fn tokens(&self, text: &str) -> Result<Tokens, TokenizerError> {
        if let Some(characters) = &self.tokenizer.characters {
            return characters.tokens(text);
        }
        let tokens = || match &self.tokenizer.surface {
            Some(surface) => surface.tokens(&self.bare, text),
            None => self.bare.encode_char_offsets(text, false),
        };
        guarded(tokens).map_err(failed("encode"))
    }

    /// The number of special tokens added to one text or a pair.
    fn special(&self, pair: Pair) -> usize {
        self.around.as_ref().map_or(0, |around| around.added_tokens(pair == Pair::Yes))
    }

    fn room_for(&self, pair: Pair) -> Result<usize, TokenizerError> {
        let (max_length, taken) = (self.max_length, self.special(pair));
        let room = max_length.checked_sub(taken).filter(|room| *room > 0);
        room.ok_or(TokenizerError::NoRoom { max_length, taken })
    }

    /// The ranges of windows over `length` tokens.
    fn ranges(
        &self,
        length: usize,
        room: usize,
        overlap: usize,
    ) -> Result<Vec<Range<usize>>, TokenizerError> {
        if length <= room {
            return Ok(std::iter::once(0..length).collect());
        }
        if room <= overlap {
            let (max_length, taken) = (self.max_length, self.max_length - room + overlap);
            return Err(TokenizerError::NoRoom { max_length, taken });
        }
        let step = room - overlap;
        let count = (length - room).div_ceil(step) + 1;
        Ok((0..count).map(|i| i * step..(i * step + room).min(length)).collect())
    }

    /// Adds the special tokens to one text or a pair.
    pub(super) fn surround(
        &self,
        first: Tokens,
        second: Option<Tokens>,
    ) -> Result<Encoding, TokenizerError> {
        let joined = match &self.around {
            Some(around) => {
                guarded(|| around.process(first, second, true)).map_err(failed("encode"))?
            }
            None => {
                let mut joined = first;
                joined.set_sequence_id(0);
                if let Some(mut second) = second {
                    second.set_sequence_id(1);
                    second.set_type_ids(vec![1; second.len()]);
                    joined.merge_with(second, false);
                }
                joined
            }
        };
        let special = joined.get_special_tokens_mask().iter();
        let texts = joined.get_sequence_ids().into_iter().zip(special);
        Ok(Encoding {
            ids: joined.get_ids().to_vec(),
            types: joined.get_type_ids().to_vec(),
            spans: joined.get_offsets().iter().map(|&(start, end)| start..end).collect(),
            words: joined.get_word_ids().to_vec(),
            texts: texts.map(|(text, special)| text.filter(|_| *special == 0)).collect(),
            is_cut: false,
        })
    }
}

/// Whether the input is a pair of texts.
#[derive(Clone, Copy, PartialEq)]
enum Pair {
    Yes,
    No,
}

impl Cut {
    /// The number of tokens of each text to keep, so that both fit; `None` if nothing would remain
    /// of the truncated one.
    fn kept(self, lengths: [usize; 2], room: usize) -> Option<[usize; 2]> {
        let [first, second] = lengths;
        if first + second <= room {
            return Some([first, second]);
        }
        match self {
            Self::Longer => {
                let shorter = first.min(second).min(room / 2);
                let longer = room - shorter;
                Some(if first > second { [longer, shorter] } else { [shorter, longer] })
            }
            Self::First => (room > second).then(|| [room - second, second]),
            Self::Second => (room > first).then(|| [first, room - first]),
        }
    }
}

/// A range of the tokens.
fn part(tokens: &Tokens, range: Range<usize>) -> Tokens {
    let length = range.len();
    Tokens::new(
        tokens.get_ids()[range.clone()].to_vec(),
        vec![0; length],
        tokens.get_tokens()[range.clone()].to_vec(),
        tokens.get_word_ids()[range.clone()].to_vec(),
        tokens.get_offsets()[range].to_vec(),
        vec![0; length],
        vec![1; length],
        Vec::new(),
        Default::default(),
    )
}
