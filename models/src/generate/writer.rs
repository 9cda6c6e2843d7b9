//! What the generation loop needs of a model.

use burn::tensor::{Device, Int, Tensor};

use crate::arch::{Encoded, Tokens};
use crate::heads::{CausalLm, Seq2SeqLm};
use crate::layers::cache::Cache;
use crate::layers::embedding::{padded_ids, token_ids};
use crate::layers::mask::Padding;

/// A model that writes a text token by token.
pub trait Writer {
    /// What it remembers of a batch.
    type Memory;

    /// The device that the weights are on.
    fn device(&self) -> Device;

    /// Token ids run from 0 to this, exclusive.
    fn vocab_size(&self) -> usize;

    /// The longest prompt, in tokens.
    fn prompt_limit(&self) -> usize;

    /// The longest text that it can look back on, in tokens.
    fn context(&self) -> usize;

    /// What stands before the first new token: what is read first, and how the text begins.
    fn begin(&self, prompt: &[u32]) -> Passage;

    /// The next token's scores after each passage, and what is remembered of them for `more` tokens.
    ///
    /// # Shapes
    ///
    /// - scores: `[passages, vocab_size]`
    fn read(&self, passages: &[&Passage], more: usize) -> (Tensor<2>, Self::Memory);

    /// The next token's scores after one more token of each row; `None` where the memory is full.
    ///
    /// # Shapes
    ///
    /// - `tokens`: `[rows, 1]`
    /// - result: `[rows, vocab_size]`
    fn step(&self, tokens: Tensor<2, Int>, memory: &mut Self::Memory) -> Option<Tensor<2>>;
}

/// A text in the making.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passage {
    /// Another text, which it follows on.
    pub source: Vec<u32>,
    /// The text so far, at least one token.
    pub text: Vec<u32>,
}

/// The prompt is the beginning of the text.
impl Writer for CausalLm {
    type Memory = Cache;

    fn device(&self) -> Device {
        self.device()
    }

    fn vocab_size(&self) -> usize {
        self.config().vocab_size
    }

    fn prompt_limit(&self) -> usize {
        self.context()
    }

    fn context(&self) -> usize {
        self.config().stack.max_positions
    }

    fn begin(&self, prompt: &[u32]) -> Passage {
        Passage { source: Vec::new(), text: prompt.to_vec() }
    }

    fn read(&self, passages: &[&Passage], more: usize) -> (Tensor<2>, Cache) {
        let (tokens, lengths) = texts(passages, &self.device());
        let capacity = self.context().min(tokens.dims()[1] + more);
        let mut cache = self.cache(capacity).with_padding(Padding::left(&lengths));
        (self.step_last(tokens, &mut cache), cache)
    }

    fn step(&self, tokens: Tensor<2, Int>, cache: &mut Cache) -> Option<Tensor<2>> {
        (cache.len() < cache.capacity()).then(|| self.step_last(tokens, cache))
    }
}

/// The prompt is the source, and the text begins with the model's own first token.
impl Writer for Seq2SeqLm {
    type Memory = (Encoded, Cache);

    fn device(&self) -> Device {
        self.device()
    }

    fn vocab_size(&self) -> usize {
        self.config().vocab_size
    }

    fn prompt_limit(&self) -> usize {
        self.config().encoder.position_limit().unwrap_or(usize::MAX)
    }

    fn context(&self) -> usize {
        self.config().decoder.max_positions
    }

    fn begin(&self, prompt: &[u32]) -> Passage {
        Passage { source: prompt.to_vec(), text: vec![self.config().start] }
    }

    fn read(&self, passages: &[&Passage], more: usize) -> (Tensor<2>, (Encoded, Cache)) {
        let device = self.device();
        let sources: Vec<&[u32]> =
            passages.iter().map(|passage| passage.source.as_slice()).collect();
        let lengths: Vec<usize> = sources.iter().map(|source| source.len()).collect();
        let source = Tokens::new(padded_ids(&sources, 0, &device), Padding::right(&lengths));
        let encoded = self.backbone.encode(&source);
        let (tokens, lengths) = texts(passages, &device);
        let capacity = self.context().min(tokens.dims()[1] + more);
        let mut cache = self.cache(capacity).with_padding(Padding::left(&lengths));
        let scores = last(self.step(tokens, &encoded, &mut cache));
        (scores, (encoded, cache))
    }

    fn step(
        &self,
        tokens: Tensor<2, Int>,
        (encoded, cache): &mut (Encoded, Cache),
    ) -> Option<Tensor<2>> {
        let has_room = cache.len() < cache.capacity();
        has_room.then(|| last(Self::step(self, tokens, encoded, cache)))
    }
}

/// The texts, padded on the left to one length, and their lengths.
fn texts(passages: &[&Passage], device: &Device) -> (Tensor<2, Int>, Vec<usize>) {
    let lengths: Vec<usize> = passages.iter().map(|passage| passage.text.len()).collect();
    let longest = lengths.iter().copied().max().unwrap_or(0);
    let mut padded = Vec::with_capacity(passages.len() * longest);
    for passage in passages {
        padded.extend(std::iter::repeat_n(0, longest - passage.text.len()));
        padded.extend_from_slice(&passage.text);
    }
    (token_ids(&padded, passages.len(), device), lengths)
}

/// The scores after the last position.
fn last(scores: Tensor<3>) -> Tensor<2> {
    let [_, seq, _] = scores.dims();
    scores.slice_dim(1, seq - 1..seq).squeeze_dim(1)
}
