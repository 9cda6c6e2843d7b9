//! Batches of running text for causal language models.

use super::{BatchAt, BatchError, BatchShape, LmBatch};
use crate::encoded::{
    EncodeError, EncodedText, OfSplits, OnProgress, Packing, TokenCache, TokenIds, encode_text,
    text_fingerprint,
};
use crate::hash::hex;
use crate::rng::SeededRng;
use crate::text::{Corpus, RunningText, Stories, Train};
use crate::tokenizer::{Tokenizer, TokenizerError};
use sha2::{Digest, Sha256};

/// A tokenized [`Corpus`], ready to be cut into batches.
#[derive(Clone, Debug)]
pub struct LmDataset {
    tokenizer: Tokenizer,
    train: TrainTokens,
    valid: TokenIds,
    /// Where the documents end, if rows have borders.
    ends: OfSplits<Vec<u64>>,
    fingerprint: String,
}

#[derive(Clone, Debug)]
enum TrainTokens {
    Fixed(TokenIds),
    Stories,
}

impl LmDataset {
    /// Encodes both splits of a corpus.
    ///
    /// # Errors
    ///
    /// [`TokenizerError::UnknownCharacter`] if the vocabulary lacks a character of the text.
    pub fn new(corpus: &Corpus, tokenizer: Tokenizer) -> Result<Self, TokenizerError> {
        let valid = TokenIds::in_memory(tokenizer.encode(&corpus.valid)?);
        match &corpus.train {
            Train::Text(text) => {
                let train = TokenIds::in_memory(tokenizer.encode(text)?);
                let ids = OfSplits { train, valid };
                // Ids in memory can always be read.
                let fingerprint = text_fingerprint(&ids, &OfSplits::default()).unwrap_or_default();
                let ends = OfSplits::default();
                Ok(Self::of(EncodedText { ids, ends, fingerprint }, tokenizer))
            }
            Train::Stories => {
                // The alphabet of the stories is known, so an unsuitable tokenizer is detected now
                // and not at step 10,000.
                tokenizer.encode(Stories::ALPHABET)?;
                let mut hash = Sha256::new();
                // A few stories represent all: they reveal a change of the grammar.
                hash.update("stories\n");
                let some = TokenIds::in_memory(tokenizer.encode(&Stories::new(0).text(0, 20))?);
                let hashed = some.hash(&mut hash).and_then(|()| valid.hash(&mut hash));
                hashed.unwrap_or_default();
                let fingerprint = hex(&hash.finalize());
                let (train, ends) = (TrainTokens::Stories, OfSplits::default());
                Ok(Self { tokenizer, train, valid, ends, fingerprint })
            }
        }
    }

    /// Encodes both splits of the user's files, in parts. The ids of a large text are in a file of
    /// the cache.
    ///
    /// # Errors
    ///
    /// A file that cannot be read or written; [`TokenizerError::UnknownCharacter`] if the vocabulary
    /// lacks a character of the text.
    pub fn of_text(
        text: &RunningText,
        tokenizer: Tokenizer,
        packing: Packing,
        cache: &TokenCache,
        progress: OnProgress<'_>,
    ) -> Result<Self, EncodeError> {
        Ok(Self::of(encode_text(text, &tokenizer, packing, cache, progress)?, tokenizer))
    }

    fn of(encoded: EncodedText, tokenizer: Tokenizer) -> Self {
        let EncodedText { ids: OfSplits { train, valid }, ends, fingerprint } = encoded;
        Self { tokenizer, train: TrainTokens::Fixed(train), valid, ends, fingerprint }
    }

    /// One training batch: depends only on its arguments and the data, never on earlier calls.
    ///
    /// Each row is a window of `context + 1` tokens. Windows of a fixed text are sampled uniformly;
    /// with endless stories, each row has its own stories and starts at a random token of the first
    /// one. Row `r` of micro-step `m` is row `m * rows + r` of the step, so accumulating 2 batches
    /// of 4 rows sees the same data as one batch of 8 rows.
    ///
    /// # Errors
    ///
    /// [`BatchError::TooShort`] if the training text has fewer than `context + 1` tokens.
    pub fn train_batch(&self, at: BatchAt, shape: BatchShape) -> Result<LmBatch, BatchError> {
        shape.check()?;
        if let TrainTokens::Fixed(tokens) = &self.train {
            check_length("training", tokens.len(), shape)?;
        }
        let mut batch = LmBatch::with_capacity(shape);
        for row in 0..shape.rows as u64 {
            let row = at.micro_step.wrapping_mul(shape.rows as u64).wrapping_add(row);
            let mut rng = SeededRng::new(b"lm row  ", [at.seed, at.step, row]);
            match &self.train {
                TrainTokens::Fixed(tokens) => {
                    let start = rng.below((tokens.len() - shape.context) as u64) as usize;
                    batch.push_window(&tokens.read(start..start + shape.context + 1)?);
                }
                TrainTokens::Stories => {
                    let stories = Stories::new(at.seed);
                    let window = self.story_window(stories, &mut rng, shape.context)?;
                    batch.push_window(&window);
                }
            }
        }
        Ok(batch)
    }

    /// The whole validation text once, in order, always in the same batches.
    ///
    /// The text is cut into windows, one per row, such that each token but the first is the target
    /// of exactly one position. The rest of the last batch is padding: input 0, target
    /// [`IGNORE`](super::IGNORE).
    ///
    /// # Errors
    ///
    /// [`BatchError::TooShort`] if the validation text has fewer than `context + 1` tokens.
    pub fn valid_batches(&self, shape: BatchShape) -> Result<ValidBatches<'_>, BatchError> {
        shape.check()?;
        check_length("validation", self.valid.len(), shape)?;
        Ok(ValidBatches { tokens: &self.valid, shape, row: 0 })
    }

    /// The tokenizer of the data set.
    pub fn tokenizer(&self) -> &Tokenizer {
        &self.tokenizer
    }

    /// Whether rows end where documents end.
    pub fn has_borders(&self) -> bool {
        !self.ends.train.is_empty() || !self.ends.valid.is_empty()
    }

    pub(super) fn document_ends(&self) -> &OfSplits<Vec<u64>> {
        &self.ends
    }

    /// The training text; `None` if it is endless.
    pub(super) fn train_ids(&self) -> Option<&TokenIds> {
        match &self.train {
            TrainTokens::Fixed(tokens) => Some(tokens),
            TrainTokens::Stories => None,
        }
    }

    pub(super) fn valid_ids(&self) -> &TokenIds {
        &self.valid
    }

    /// Number of training tokens; `None` if the training data is endless.
    pub fn train_tokens(&self) -> Option<usize> {
        self.train_ids().map(TokenIds::len)
    }

    /// Number of validation tokens.
    pub fn valid_tokens(&self) -> usize {
        self.valid.len()
    }

    /// A SHA-256 over the token ids of the training and validation data.
    ///
    /// Two runs with the same fingerprint, seed and shape see the same batches; a run must not be
    /// resumed with a different fingerprint.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// `context + 1` tokens of newly generated stories, from a random token of the first one on.
    fn story_window(
        &self,
        stories: Stories,
        rng: &mut SeededRng,
        context: usize,
    ) -> Result<Vec<u32>, BatchError> {
        let first = rng.below(u64::MAX);
        let mut text = stories.story(first);
        let first_tokens = self.tokenizer.encode(&text)?.len();
        let start = rng.below(first_tokens as u64) as usize;
        // Stories are encoded together, as the validation text is: a tokenizer may split the empty
        // line between two stories differently than at the end of a text. For the same reason the
        // window excludes the last line break.
        let needed = (start + 2).saturating_add(context).saturating_add(1);
        // Bytes estimated from the first story, and a margin that usually makes them suffice.
        let mut bytes = needed.saturating_mul(text.len()) / first_tokens.max(1);
        bytes = bytes.saturating_add(bytes / 8);
        let (mut next, mut tokens) = (1, 0);
        for _ in 0..10 {
            while text.len() < bytes {
                text.push_str(&stories.story(first.wrapping_add(next)));
                next += 1;
            }
            let ids = self.tokenizer.encode(&text)?;
            tokens = ids.len();
            if tokens >= needed {
                return Ok(ids[start..=start + context].to_vec());
            }
            bytes = bytes.saturating_mul(2);
        }
        Err(BatchError::TooShort { split: "training", tokens, context })
    }
}

/// The batches of [`LmDataset::valid_batches`].
#[derive(Clone, Debug)]
pub struct ValidBatches<'a> {
    tokens: &'a TokenIds,
    shape: BatchShape,
    row: usize,
}

impl ValidBatches<'_> {
    /// Rows that have at least one target.
    fn rows(&self) -> usize {
        self.tokens.len().saturating_sub(1).div_ceil(self.shape.context)
    }

    fn batch(&self, first: usize) -> Result<LmBatch, BatchError> {
        let mut batch = LmBatch::with_capacity(self.shape);
        for row in first..first + self.shape.rows {
            let start = (row * self.shape.context).min(self.tokens.len());
            let end = (start + self.shape.context + 1).min(self.tokens.len());
            batch.push_window(&self.tokens.read(start..end)?);
        }
        Ok(batch)
    }
}

impl Iterator for ValidBatches<'_> {
    type Item = Result<LmBatch, BatchError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.row >= self.rows() {
            return None;
        }
        let batch = self.batch(self.row);
        self.row += self.shape.rows;
        Some(batch)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.rows().saturating_sub(self.row).div_ceil(self.shape.rows);
        (left, Some(left))
    }
}

impl ExactSizeIterator for ValidBatches<'_> {}

fn check_length(split: &'static str, tokens: usize, shape: BatchShape) -> Result<(), BatchError> {
    if tokens <= shape.context {
        return Err(BatchError::TooShort { split, tokens, context: shape.context });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_story_window_is_a_slice_of_consecutive_stories() {
        let corpus = Corpus::stories();
        let data =
            LmDataset::new(&corpus, Tokenizer::characters(corpus.alphabet()).unwrap()).unwrap();
        let mut inside = 0;
        for row in 0..50 {
            let stories = Stories::new(3);
            let name = [3, 5, row];
            let window =
                data.story_window(stories, &mut SeededRng::new(b"lm row  ", name), 700).unwrap();
            assert_eq!(window.len(), 701);
            let first = SeededRng::new(b"lm row  ", name).below(u64::MAX);
            let text = stories.text(first, 20);
            let at = text.find(&data.tokenizer.decode(&window).unwrap());
            let at = at.expect("the window is in the text");
            assert!(at < stories.story(first).len());
            inside += usize::from(at > 0);
        }
        assert!(inside > 40, "only {inside} of 50 windows start within a story");
    }
}
