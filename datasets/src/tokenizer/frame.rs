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

    /// What ends a document in running text: the end token, a line break in its place, or for a
    /// vocabulary that has neither, such as WordPiece, the special token behind a text: `[SEP]`.
    ///
    /// # Errors
    ///
    /// As for [`Tokenizer::frame`].
    pub(crate) fn document_end(&self) -> Result<Vec<u32>, TokenizerError> {
        match (self.eos(), self.line_break()) {
            (Some(end), _) => Ok(vec![end]),
            (None, line_break) if !line_break.is_empty() => Ok(line_break),
            _ => Ok(self.frame()?.after.into_iter().next().into_iter().collect()),
        }
    }

    /// Whether a line break ends the documents of running text, for lack of an end token.
    pub fn ends_documents_with_a_line_break(&self) -> bool {
        self.eos().is_none() && !self.line_break().is_empty()
    }

    /// The tokens of a line break; none if it is no part of the vocabulary.
    fn line_break(&self) -> Vec<u32> {
        self.encode("\n").unwrap_or_default()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tokenizer::Vocabulary;

    #[test]
    fn every_vocabulary_has_an_end_of_documents() {
        let of = |vocabulary| Tokenizer::of_texts(["the cat\nand the dog"], vocabulary).unwrap();
        let ends = |tokenizer: &Tokenizer, token: &str| {
            assert_eq!(tokenizer.document_end().unwrap(), [tokenizer.id(token).unwrap()]);
            assert_eq!(tokenizer.ends_documents_with_a_line_break(), token == "\n");
        };
        ends(&of(Vocabulary::Characters), "\n");
        ends(&of(Vocabulary::Bpe(260)), "<|endoftext|>");
        ends(&of(Vocabulary::WordPiece(60)), "[SEP]");
        ends(&of(Vocabulary::Unigram(60)), "</s>");
    }
}
