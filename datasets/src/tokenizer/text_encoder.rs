//! Whole texts as a model reads them: with its special tokens, cut to its length.

use std::ops::Range;
use std::sync::Arc;

use tokenizers::{Encoding as Tokens, PostProcessor, PostProcessorWrapper, Tokenizer as Inner};

use super::guard::guarded;
use super::{Tokenizer, TokenizerError, failed};

/// Turns whole texts into the ids that a model reads. Cheap to clone.
#[derive(Clone, Debug)]
pub struct TextEncoder {
    /// Puts nothing around a text, and cuts nothing.
    bare: Arc<Inner>,
    /// Puts special tokens around it.
    around: Option<PostProcessorWrapper>,
    tokenizer: Tokenizer,
    max_length: usize,
}

/// A text, or two of them, as a model reads them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoding {
    /// Token ids, special tokens included.
    pub ids: Vec<u32>,
    /// The type of each token: which of two texts it is of.
    pub types: Vec<u32>,
    /// The characters of its text that each token stands for; none for special tokens.
    pub spans: Vec<Range<usize>>,
    /// Which word of its text each token is of, by the tokenizer's own notion of words.
    pub words: Vec<Option<u32>>,
    /// Which text each token is of, 0 or 1; `None` for the special tokens around them.
    pub texts: Vec<Option<usize>>,
    /// Whether something was cut off.
    pub is_cut: bool,
}

impl Encoding {
    /// A text that is tokens already, as they are.
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

/// Which of two texts loses its end where they are too long together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// The longer one, until both are of one length; then both.
    Longer,
    /// The first.
    First,
    /// The second.
    Second,
}

impl Tokenizer {
    /// An encoder of texts of up to `max_length` tokens, special tokens included. What the tokenizer's
    /// file says of cutting and padding does not hold.
    ///
    /// # Errors
    ///
    /// A length that leaves no room beside the special tokens.
    pub fn text_encoder(&self, max_length: usize) -> Result<TextEncoder, TokenizerError> {
        let mut bare: Inner = self.inner.as_ref().clone();
        bare.with_truncation(None).map_err(failed("set the longest length"))?;
        let around = bare.get_post_processor().cloned();
        bare.with_padding(None).with_post_processor(None::<PostProcessorWrapper>);
        let encoder =
            TextEncoder { bare: Arc::new(bare), around, tokenizer: self.clone(), max_length };
        encoder.with_max_length(max_length)
    }
}

impl TextEncoder {
    /// The longest text that is read whole, in tokens, special tokens included.
    pub fn max_length(&self) -> usize {
        self.max_length
    }

    /// The same encoder for texts of another length.
    ///
    /// # Errors
    ///
    /// A length that leaves no room beside the special tokens.
    pub fn with_max_length(self, max_length: usize) -> Result<Self, TokenizerError> {
        let encoder = Self { max_length, ..self };
        encoder.room_for(Pair::No)?;
        Ok(encoder)
    }

    /// How many tokens of a text are read at once, special tokens aside.
    pub fn room(&self) -> usize {
        self.max_length - self.special(Pair::No)
    }

    /// The tokens of a text, with the special tokens that the tokenizer's file puts around it. The
    /// end of one that is too long is cut off.
    ///
    /// # Errors
    ///
    /// [`TokenizerError::UnknownCharacter`] where the vocabulary is one of characters.
    pub fn encode(&self, text: &str) -> Result<Encoding, TokenizerError> {
        let tokens = self.tokens(text)?;
        let kept = tokens.len().min(self.room_for(Pair::No)?);
        let is_cut = kept < tokens.len();
        Ok(Encoding { is_cut, ..self.surround(part(&tokens, 0..kept), None)? })
    }

    /// The tokens of two texts, one after the other.
    ///
    /// # Errors
    ///
    /// As for [`TextEncoder::encode`]; [`TokenizerError::NoRoom`] where the text that may not be cut is too
    /// long by itself.
    pub fn encode_pair(&self, texts: [&str; 2], cut: Cut) -> Result<Encoding, TokenizerError> {
        let [first, second] = [self.tokens(texts[0])?, self.tokens(texts[1])?];
        let lengths = [first.len(), second.len()];
        let kept = cut.kept(lengths, self.room_for(Pair::Yes)?).ok_or(TokenizerError::NoRoom {
            max_length: self.max_length,
            taken: self.special(Pair::Yes) + lengths[usize::from(cut == Cut::First)],
        })?;
        let is_cut = kept != lengths;
        let [first, second] = [part(&first, 0..kept[0]), part(&second, 0..kept[1])];
        Ok(Encoding { is_cut, ..self.surround(first, Some(second))? })
    }

    /// A text in pieces that a model can read, each beginning with the last `overlap` tokens of the
    /// one before. Nothing is cut off.
    ///
    /// # Errors
    ///
    /// As for [`TextEncoder::encode`]; [`TokenizerError::NoRoom`] where no piece would have a new token.
    pub fn windows(&self, text: &str, overlap: usize) -> Result<Vec<Encoding>, TokenizerError> {
        let tokens = self.tokens(text)?;
        let windows = self.ranges(tokens.len(), self.room_for(Pair::No)?, overlap)?;
        windows.into_iter().map(|window| self.surround(part(&tokens, window), None)).collect()
    }

    /// Two texts, the second in pieces as [`TextEncoder::windows`] makes them, the first before each of
    /// them. Where the first leaves no room for so much overlap, half of each piece overlaps.
    ///
    /// # Errors
    ///
    /// As for [`TextEncoder::encode`]; [`TokenizerError::NoRoom`] where the first text fills it all.
    pub fn pair_windows(
        &self,
        [first, second]: [&str; 2],
        overlap: usize,
    ) -> Result<Vec<Encoding>, TokenizerError> {
        let [first, second] = [self.tokens(first)?, self.tokens(second)?];
        let room = self.room_for(Pair::Yes)?.saturating_sub(first.len());
        let overlap = if overlap < room { overlap } else { room / 2 };
        let windows = self.ranges(second.len(), room, overlap)?;
        let read = |window| {
            let whole = 0..first.len();
            self.surround(part(&first, whole), Some(part(&second, window)))
        };
        windows.into_iter().map(read).collect()
    }

    /// The tokens of a text and nothing else, with offsets in characters.
    fn tokens(&self, text: &str) -> Result<Tokens, TokenizerError> {
        if self.tokenizer.characters.is_some() {
            // Names the character that is not in the vocabulary, which the general way does not.
            self.tokenizer.encode(text)?;
        }
        let tokens = || match &self.tokenizer.surface {
            Some(surface) => surface.tokens(&self.bare, text),
            None => self.bare.encode_char_offsets(text, false),
        };
        guarded(tokens).map_err(failed("encode"))
    }

    /// How many special tokens stand around one text or two.
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

    /// Puts the special tokens around one text or two.
    fn surround(&self, first: Tokens, second: Option<Tokens>) -> Result<Encoding, TokenizerError> {
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
        let marks = joined.get_special_tokens_mask().iter();
        let texts = joined.get_sequence_ids().into_iter().zip(marks);
        Ok(Encoding {
            ids: joined.get_ids().to_vec(),
            types: joined.get_type_ids().to_vec(),
            spans: joined.get_offsets().iter().map(|&(start, end)| start..end).collect(),
            words: joined.get_word_ids().to_vec(),
            texts: texts.map(|(text, mark)| text.filter(|_| *mark == 0)).collect(),
            is_cut: false,
        })
    }
}

/// Whether there are two texts.
#[derive(Clone, Copy, PartialEq)]
enum Pair {
    Yes,
    No,
}

impl Cut {
    /// How much of each text is kept, such that both fit in; `None` if nothing would be left of the
    /// one that is cut.
    fn kept(self, [first, second]: [usize; 2], room: usize) -> Option<[usize; 2]> {
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

/// Some of the tokens.
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
