//! What the generation loops need of a model.

use burn::tensor::{Device, Int, Tensor};

use crate::arch::{Encoded, Tokens};
use crate::heads::{CausalLm, Seq2SeqLm};
use crate::layers::cache::Cache;
use crate::layers::embedding::{padded_ids, token_ids};
use crate::layers::mask::Padding;
use crate::pretrained::Model;

/// A model that writes a text token by token.
pub trait Writer {
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

    /// The next token's scores after each passage, and what is remembered of them, with room for
    /// `more` tokens.
    ///
    /// # Shapes
    ///
    /// - scores: `[passages, vocab_size]`
    fn read(&self, passages: &[&Passage], more: usize) -> (Tensor<2>, Memory) {
        let (hidden, memory) = self.read_hidden(passages, more);
        (self.last_scores(hidden), memory)
    }

    /// The hidden states at every position of the passages, padded on the left to one length, and what
    /// is remembered of them, with room for `more` tokens.
    ///
    /// # Shapes
    ///
    /// - hidden states: `[passages, longest, d_model]`
    fn read_hidden(&self, passages: &[&Passage], more: usize) -> (Tensor<3>, Memory);

    /// The next token's scores at positions with these hidden states.
    ///
    /// # Shapes
    ///
    /// - `hidden`: `[rows, seq, d_model]`
    /// - result: `[rows, seq, vocab_size]`
    fn scores(&self, hidden: Tensor<3>) -> Tensor<3>;

    /// The same at the last position only, which spares the projection of a whole prompt.
    ///
    /// # Shapes
    ///
    /// - `hidden`: `[rows, seq, d_model]`
    /// - result: `[rows, vocab_size]`
    fn last_scores(&self, hidden: Tensor<3>) -> Tensor<2> {
        let [_, seq, _] = hidden.dims();
        last(self.scores(hidden.slice_dim(1, seq - 1..seq)))
    }

    /// The next token's scores after each of the new tokens of every row.
    ///
    /// # Shapes
    ///
    /// - `tokens`: `[rows, new]`
    /// - result: `[rows, new, vocab_size]`
    fn step(&self, tokens: Tensor<2, Int>, memory: &mut Memory) -> Tensor<3>;
}

/// What a model remembers of a batch of texts.
#[derive(Debug)]
pub struct Memory {
    /// What the texts follow on, where that is other texts.
    source: Option<Encoded>,
    cache: Cache,
}

impl Memory {
    /// Keeps these rows, in this order; a row can be taken more than once.
    pub fn select(self, rows: &[usize]) -> Self {
        let Self { source, mut cache } = self;
        cache.select(rows);
        cache.trim();
        Self { source: source.map(|source| source.select(rows)), cache }
    }

    /// The same, where those in one place before and after follow on the same source.
    pub fn reorder(mut self, rows: &[usize]) -> Self {
        self.cache.reorder(rows);
        self
    }

    /// Appends the rows of another batch of the same model.
    pub fn join(self, other: Self) -> Self {
        let source = match (self.source, other.source) {
            (Some(above), Some(below)) => Some(above.join(below)),
            (above, below) => above.or(below),
        };
        Self { source, cache: self.cache.join(other.cache) }
    }

    /// Forgets the last `count` tokens of every row; at most
    /// [`UNDOABLE`](crate::layers::cache::UNDOABLE) of them.
    pub fn take_back(&mut self, count: usize) {
        self.cache.truncate(self.cache.len() - count);
    }
}

/// The model as one that writes, if it is one.
pub fn writer(model: &Model) -> Option<&dyn Writer> {
    match model {
        Model::CausalLm(model) => Some(model),
        Model::Seq2SeqLm(model) => Some(model),
        _ => None,
    }
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
    fn device(&self) -> Device {
        self.device()
    }

    fn vocab_size(&self) -> usize {
        self.vocab_size()
    }

    fn prompt_limit(&self) -> usize {
        self.context()
    }

    fn context(&self) -> usize {
        self.backbone.context()
    }

    fn begin(&self, prompt: &[u32]) -> Passage {
        Passage { source: Vec::new(), text: prompt.to_vec() }
    }

    fn read_hidden(&self, passages: &[&Passage], more: usize) -> (Tensor<3>, Memory) {
        let (tokens, lengths) = texts(passages, &self.device());
        let reserve = tokens.dims()[1] + more;
        let mut cache = self.cache(reserve).with_padding(Padding::left(&lengths));
        (self.backbone.step(tokens, &mut cache), Memory { source: None, cache })
    }

    fn scores(&self, hidden: Tensor<3>) -> Tensor<3> {
        self.logits(hidden)
    }

    fn step(&self, tokens: Tensor<2, Int>, memory: &mut Memory) -> Tensor<3> {
        Self::step(self, tokens, &mut memory.cache)
    }
}

/// The prompt is the source, and the text begins with the model's own first token.
impl Writer for Seq2SeqLm {
    fn device(&self) -> Device {
        self.device()
    }

    fn vocab_size(&self) -> usize {
        self.backbone.vocab_size()
    }

    fn prompt_limit(&self) -> usize {
        self.backbone.source_limit()
    }

    fn context(&self) -> usize {
        self.backbone.context()
    }

    fn begin(&self, prompt: &[u32]) -> Passage {
        Passage { source: prompt.to_vec(), text: vec![self.backbone.start()] }
    }

    fn read_hidden(&self, passages: &[&Passage], more: usize) -> (Tensor<3>, Memory) {
        let device = self.device();
        let sources: Vec<&[u32]> =
            passages.iter().map(|passage| passage.source.as_slice()).collect();
        let lengths: Vec<usize> = sources.iter().map(|source| source.len()).collect();
        let source = Tokens::new(padded_ids(&sources, 0, &device), Padding::right(&lengths));
        let encoded = self.backbone.encode(&source);
        let (tokens, lengths) = texts(passages, &device);
        let reserve = tokens.dims()[1] + more;
        let mut cache = self.cache(reserve).with_padding(Padding::left(&lengths));
        let hidden = self.backbone.step(tokens, &encoded, &mut cache);
        (hidden, Memory { source: Some(encoded), cache })
    }

    fn scores(&self, hidden: Tensor<3>) -> Tensor<3> {
        self.logits(hidden)
    }

    fn step(&self, tokens: Tensor<2, Int>, memory: &mut Memory) -> Tensor<3> {
        let Some(source) = &memory.source else {
            panic!("an encoder-decoder's memory has what it read");
        };
        Self::step(self, tokens, source, &mut memory.cache)
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
pub(super) fn last(scores: Tensor<3>) -> Tensor<2> {
    let [_, seq, _] = scores.dims();
    if seq == 1 {
        return scores.squeeze_dim(1);
    }
    scores.slice_dim(1, seq - 1..seq).squeeze_dim(1)
}
