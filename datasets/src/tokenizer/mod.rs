//! Tokenizers: text to ids and back, in the file format of Hugging Face's `tokenizer.json`.

mod build;
mod bytes;
mod charsmap;
mod convert;
mod file;
mod guard;
mod letters;
mod special;
mod stream;
mod surface;
mod text_encoder;

pub use build::Vocabulary;
pub use bytes::Place;
pub use special::{Special, SpecialToken, SpecialTokens};
pub use stream::TextStream;
pub use text_encoder::{Cut, Encoding, TextEncoder};

use guard::guarded;
use std::collections::HashMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use surface::Surface;
use tokenizers::{ModelWrapper, PreTokenizerWrapper, Tokenizer as Inner};

/// The token that separates texts in tokenizers trained by this crate.
pub const END_OF_TEXT: &str = "<|endoftext|>";

/// Encodes text as token ids and decodes it. Cheap to clone.
///
/// # Example
///
/// ```
/// use zoo_datasets::tokenizer::Tokenizer;
///
/// # fn main() -> Result<(), zoo_datasets::tokenizer::TokenizerError> {
/// let tokenizer = Tokenizer::characters("hello".chars())?;
/// let ids = tokenizer.encode("hole")?;
/// assert_eq!(ids, [1, 3, 2, 0]); // e h l o
/// assert_eq!(tokenizer.decode(&ids)?, "hole");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Tokenizer {
    inner: Arc<Inner>,
    /// The content of `tokenizer_config.json`.
    config: serde_json::Map<String, serde_json::Value>,
    vocab_size: usize,
    eos: Option<u32>,
    /// The whole vocabulary of a tokenizer whose tokens are single characters.
    characters: Option<Arc<HashMap<char, u32>>>,
    /// SentencePiece behavior that the tokenizers library lacks.
    surface: Option<Arc<Surface>>,
}

/// Why a tokenizer could not be built, loaded, saved or used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TokenizerError {
    /// The text has a character that the vocabulary lacks.
    #[error(
        "the character {character:?} ({}) at byte {offset} of the text is not in the \
         tokenizer's vocabulary of {vocab_size} characters; a byte-level BPE tokenizer takes any \
         text",
        character.escape_unicode()
    )]
    UnknownCharacter {
        /// The first such character.
        character: char,
        /// Its byte offset in the text.
        offset: usize,
        /// Size of the vocabulary.
        vocab_size: usize,
    },
    /// No token has this id.
    #[error("{id} is not a token id: the tokenizer's vocabulary ends at {}", vocab_size - 1)]
    UnknownId {
        /// The id.
        id: u32,
        /// One more than the largest id.
        vocab_size: usize,
    },
    /// The vocabulary would be empty.
    #[error("a tokenizer needs at least one character in its vocabulary; the text has none")]
    EmptyVocabulary,
    /// The vocabulary is too small for a byte-level BPE.
    #[error(
        "a byte-level BPE vocabulary needs at least {smallest} tokens (256 bytes and \
         {END_OF_TEXT}), but {asked} were requested"
    )]
    SmallVocabulary {
        /// The requested size.
        asked: usize,
        /// The smallest possible size.
        smallest: usize,
    },
    /// A tokenizer file does not exist.
    #[error("the tokenizer file {path} does not exist")]
    Missing {
        /// The missing file.
        path: PathBuf,
    },
    /// A directory has no tokenizer files.
    #[error("{folder} has no tokenizer: neither tokenizer.json nor {wanted}")]
    NoFiles {
        /// The directory.
        folder: PathBuf,
        /// The other supported files.
        wanted: String,
    },
    /// A tokenizer file is invalid.
    #[error("{path} is not a valid tokenizer file: {reason}")]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A file could not be read or written.
    #[error("cannot read or write {path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// The I/O error.
        source: io::Error,
    },
    /// Special tokens, and a text that must not be truncated, fill the maximum length.
    #[error(
        "{taken} of at most {max_length} tokens are already used, which leaves no room for the text"
    )]
    NoRoom {
        /// The maximum length in tokens.
        max_length: usize,
        /// The tokens already used.
        taken: usize,
    },
    /// The `tokenizers` crate failed.
    #[error("the tokenizer failed to {action}: {reason}")]
    Failed {
        /// The failed action.
        action: &'static str,
        /// Its error message.
        reason: String,
    },
}

impl Tokenizer {
    fn new(inner: Inner, config: serde_json::Map<String, serde_json::Value>) -> Self {
        let vocabulary = inner.get_vocab(true);
        let vocab_size = vocabulary.values().max().map_or(0, |&id| id as usize + 1);
        let eos = file::eos_token(&config)
            .and_then(|token| vocabulary.get(token))
            .or_else(|| [END_OF_TEXT, "</s>"].iter().find_map(|token| vocabulary.get(*token)))
            .copied();
        let characters = single_characters(&inner, &vocabulary).map(Arc::new);
        Self { inner: Arc::new(inner), config, vocab_size, eos, characters, surface: None }
    }

    /// Excludes pieces that map to the unknown token from the vocabulary size.
    fn limited(self) -> Self {
        let limit = self.surface.as_ref().map_or(usize::MAX, |surface| surface.limit() as usize);
        Self { vocab_size: self.vocab_size.min(limit), ..self }
    }

    /// The token ids of a text, without added special tokens.
    ///
    /// The name of a special token within the text is encoded as that token, as in transformers.
    ///
    /// # Errors
    ///
    /// [`TokenizerError::UnknownCharacter`] with a character vocabulary.
    pub fn encode(&self, text: &str) -> Result<Vec<u32>, TokenizerError> {
        // One lookup per character: the general path below splits the text with a regular
        // expression and keeps an alignment for each piece, which takes seconds per megabyte.
        if let Some(ids) = &self.characters {
            let id = |(offset, character)| {
                ids.get(&character).copied().ok_or(TokenizerError::UnknownCharacter {
                    character,
                    offset,
                    vocab_size: self.vocab_size,
                })
            };
            return text.char_indices().map(id).collect();
        }
        if let Some(surface) = &self.surface {
            let tokens = guarded(|| surface.tokens(&self.inner, text)).map_err(failed("encode"))?;
            return Ok(tokens.get_ids().to_vec());
        }
        let encode = || self.inner.encode_fast(text, false);
        let encoding = guarded(encode).map_err(failed("encode"))?;
        Ok(encoding.get_ids().to_vec())
    }

    /// The text of token ids, without special tokens: [`Tokenizer::decode_with`] with checked ids.
    ///
    /// Bytes that are not UTF-8 become U+FFFD, the replacement character.
    ///
    /// # Errors
    ///
    /// [`TokenizerError::UnknownId`]; [`TokenizerError::Failed`] if the tokenizer's decoder fails.
    pub fn decode(&self, ids: &[u32]) -> Result<String, TokenizerError> {
        for &id in ids {
            self.check_id(id)?;
        }
        self.decode_with(ids, SpecialTokens::LeftOut)
    }

    /// One more than the largest token id: the number of rows that an embedding needs.
    pub fn vocab_size(&self) -> usize {
        self.vocab_size
    }

    /// The id of the end-of-text token, if there is one.
    ///
    /// The `eos_token` of `tokenizer_config.json`; if the vocabulary lacks it, `<|endoftext|>` or
    /// `</s>`.
    pub fn eos(&self) -> Option<u32> {
        self.eos
    }

    fn check_id(&self, id: u32) -> Result<(), TokenizerError> {
        match self.inner.id_to_token(id).filter(|_| (id as usize) < self.vocab_size) {
            Some(_) => Ok(()),
            None => Err(TokenizerError::UnknownId { id, vocab_size: self.vocab_size }),
        }
    }
}

/// The vocabulary as characters, if encoding is a lookup of each character.
fn single_characters(
    inner: &Inner,
    vocabulary: &HashMap<String, u32>,
) -> Option<HashMap<char, u32>> {
    let plain = matches!(inner.get_model(), ModelWrapper::WordLevel(_))
        && inner.get_normalizer().is_none()
        && inner.get_added_vocabulary().get_vocab().is_empty();
    let splits = match (inner.get_pre_tokenizer(), build::single_character_split()) {
        (Some(PreTokenizerWrapper::Split(split)), Ok(expected)) => *split == expected,
        _ => false,
    };
    if !plain || !splits {
        return None;
    }
    let single = |(token, &id): (&String, &u32)| {
        let mut characters = token.chars();
        let character = characters.next()?;
        characters.next().is_none().then_some((character, id))
    };
    vocabulary.iter().map(single).collect()
}

fn failed(action: &'static str) -> impl Fn(tokenizers::Error) -> TokenizerError {
    move |error| TokenizerError::Failed { action, reason: error.to_string() }
}
