//! The special tokens around a text.

use tokenizers::Encoding as Tokens;

use super::codec::Tokenizer;
use super::error::TokenizerError;

/// The special tokens that a tokenizer's file puts around a text, such as `<s>` and `</s>`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frame {
    /// Before the text.
    pub before: Vec<u32>,
    /// Behind the text.
    pub after: Vec<u32>,
}

impl Tokenizer {
    /// The special tokens around a text.
    ///
    /// # Errors
    ///
    /// [`TokenizerError::Failed`] if the tokenizer cannot add them.
    pub fn frame(&self) -> Result<Frame, TokenizerError> {
        let token = Tokens::new(
            vec![0],
            vec![0],
            vec![String::new()],
            vec![None],
            std::iter::once((0, 0)).collect(),
            vec![0],
            vec![1],
            Vec::new(),
            Default::default(),
        );
        let framed = self.text_encoder(usize::MAX)?.surround(token, None)?;
        let text = framed.texts.iter().position(Option::is_some).unwrap_or(framed.ids.len());
        let after = framed.ids.get(text + 1..).unwrap_or_default().to_vec();
        Ok(Frame { before: framed.ids[..text].to_vec(), after })
    }
}

impl Frame {
    /// The number of tokens.
    pub fn len(&self) -> usize {
        self.before.len() + self.after.len()
    }

    /// Whether a text has no special tokens around it.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A text with its special tokens.
    pub fn around(&self, text: &[u32]) -> Vec<u32> {
        [&self.before, text, &self.after].concat()
    }
}
