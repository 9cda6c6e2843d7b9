//! The interface between the generation loops and a model.

use burn::tensor::{Device, Int, Tensor};

use crate::backbones::{Encoded, TokenBatch};
use crate::checkpoint::Model;
use crate::heads::{CausalLm, Seq2SeqLm};
use crate::layers::cache::Cache;
use crate::layers::embedding::{padded_ids, token_ids};
use crate::layers::mask::Padding;

/// A model that generates text token by token.
pub trait GenerativeModel {
    /// The device that the weights are on.
    fn device(&self) -> Device;

    /// The size of the vocabulary: token ids are below it.
    fn vocab_size(&self) -> usize;

    /// The maximum length of a prompt in tokens.
    fn prompt_limit(&self) -> usize;

    /// The context length of the (decoder) text in tokens.
    fn context(&self) -> usize;

    /// The initial state for a prompt: the source and the initial tokens of the text.
    fn prepare(&self, prompt: &[u32]) -> SequenceState;

    /// Processes sequences from their start; the decoding state has capacity for `more` tokens.
    fn prefill(&self, sequences: &[&SequenceState], more: usize) -> Prefilled;

    /// The next-token logits for these hidden states.
    ///
    /// # Shapes
    ///
    /// - `hidden`: `[rows, seq, d_model]`
    /// - result: `[rows, seq, vocab_size]`
    fn scores(&self, hidden: Tensor<3>) -> Tensor<3>;

    /// The next-token logits at the last position only, which avoids projecting a whole prompt.
    ///
    /// # Shapes
    ///
    /// - `hidden`: `[rows, seq, d_model]`
    /// - result: `[rows, vocab_size]`
    fn last_scores(&self, hidden: Tensor<3>) -> Tensor<2> {
        let [_, seq, _] = hidden.dims();
        last(self.scores(hidden.slice_dim(1, seq - 1..seq)))
    }

    /// The next-token logits after each new token of every row.
    ///
    /// # Shapes
    ///
    /// - `tokens`: `[rows, new]`
    /// - result: `[rows, new, vocab_size]`
    fn decode(&self, tokens: Tensor<2, Int>, state: &mut GenerationState) -> Tensor<3>;
}

/// The result of processing sequences from their start.
#[derive(Debug)]
pub struct Prefilled {
    /// The hidden states at every position of the sequences, left-padded to one length:
    /// `[sequences, longest, d_model]`.
    pub hidden: Tensor<3>,
    /// The decoding state.
    pub state: GenerationState,
}

/// The decoding state of a batch of sequences.
#[derive(Debug)]
pub struct GenerationState {
    /// The encoder output of an encoder-decoder.
    source: Option<Encoded>,
    cache: Cache,
}

impl GenerationState {
    /// Selects these rows, in this order; a row may occur more than once.
    pub fn select(self, rows: &[usize]) -> Self {
        let Self { source, mut cache } = self;
        cache.select(rows);
        cache.trim();
        Self { source: source.map(|source| source.select(rows)), cache }
    }

    /// Like [`GenerationState::select`], if every row keeps its source.
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

    /// Removes the last `count` tokens of every row, at most
    /// [`MAX_ROLLBACK`](crate::layers::cache::MAX_ROLLBACK).
    pub fn rollback(&mut self, count: usize) {
        self.cache.truncate(self.cache.len() - count);
    }
}

/// The model as a [`GenerativeModel`], if it is one.
pub fn as_generative(model: &Model) -> Option<&dyn GenerativeModel> {
    match model {
        Model::CausalLm(model) => Some(model),
        Model::Seq2SeqLm(model) => Some(model),
        _ => None,
    }
}

/// A sequence that is being generated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SequenceState {
    /// The source tokens of an encoder-decoder; otherwise empty.
    pub source: Vec<u32>,
    /// The text so far, at least one token.
    pub text: Vec<u32>,
}

/// The prompt is the start of the text.
impl GenerativeModel for CausalLm {
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

    fn prepare(&self, prompt: &[u32]) -> SequenceState {
        SequenceState { source: Vec::new(), text: prompt.to_vec() }
    }

    fn prefill(&self, sequences: &[&SequenceState], more: usize) -> Prefilled {
        let Texts { tokens, lengths } = Texts::new(sequences, &self.device());
        let reserve = tokens.dims()[1] + more;
        let mut cache = self.cache(reserve).with_padding(Padding::left(&lengths));
        let hidden = self.backbone.step(tokens, &mut cache);
        Prefilled { hidden, state: GenerationState { source: None, cache } }
    }

    fn scores(&self, hidden: Tensor<3>) -> Tensor<3> {
        self.logits(hidden)
    }

    fn decode(&self, tokens: Tensor<2, Int>, state: &mut GenerationState) -> Tensor<3> {
        Self::step(self, tokens, &mut state.cache)
    }
}

/// The prompt is the source, and the text begins with the model's own first token.
impl GenerativeModel for Seq2SeqLm {
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

    fn prepare(&self, prompt: &[u32]) -> SequenceState {
        SequenceState { source: prompt.to_vec(), text: vec![self.start()] }
    }

    fn prefill(&self, sequences: &[&SequenceState], more: usize) -> Prefilled {
        let device = self.device();
        let sources: Vec<&[u32]> =
            sequences.iter().map(|sequence| sequence.source.as_slice()).collect();
        let lengths: Vec<usize> = sources.iter().map(|source| source.len()).collect();
        let source = TokenBatch::new(padded_ids(&sources, 0, &device), Padding::right(&lengths));
        let encoded = self.backbone.encode(&source);
        let Texts { tokens, lengths } = Texts::new(sequences, &device);
        let reserve = tokens.dims()[1] + more;
        let mut cache = self.cache(reserve).with_padding(Padding::left(&lengths));
        let hidden = self.backbone.decode_step(tokens, &encoded, &mut cache);
        Prefilled { hidden, state: GenerationState { source: Some(encoded), cache } }
    }

    fn scores(&self, hidden: Tensor<3>) -> Tensor<3> {
        self.logits(hidden)
    }

    fn decode(&self, tokens: Tensor<2, Int>, state: &mut GenerationState) -> Tensor<3> {
        let Some(source) = &state.source else {
            panic!("an encoder-decoder's state must have an encoder output");
        };
        Self::step(self, tokens, source, &mut state.cache)
    }
}

/// The texts of sequences, left-padded to one length.
struct Texts {
    tokens: Tensor<2, Int>,
    lengths: Vec<usize>,
}

impl Texts {
    fn new(sequences: &[&SequenceState], device: &Device) -> Self {
        let lengths: Vec<usize> = sequences.iter().map(|sequence| sequence.text.len()).collect();
        let longest = lengths.iter().copied().max().unwrap_or(0);
        let mut padded = Vec::with_capacity(sequences.len() * longest);
        for sequence in sequences {
            padded.extend(std::iter::repeat_n(0, longest - sequence.text.len()));
            padded.extend_from_slice(&sequence.text);
        }
        Self { tokens: token_ids(&padded, sequences.len(), device), lengths }
    }
}

/// The logits at the last position.
pub(super) fn last(scores: Tensor<3>) -> Tensor<2> {
    let [_, seq, _] = scores.dims();
    if seq == 1 {
        return scores.squeeze_dim(1);
    }
    scores.slice_dim(1, seq - 1..seq).squeeze_dim(1)
}
