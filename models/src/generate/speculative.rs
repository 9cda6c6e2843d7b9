//! Speculative decoding: a small model drafts tokens, and the large model verifies several at once.

use super::GenerateError;
use super::constraints::History;
use super::decode::Flow;
use super::generative_model::{GenerationState, GenerativeModel, Prefilled, SequenceState};
use super::options::Options;
use super::request::{Event, Finish, Request, RequestId, check_prompt, prepare};
use super::sampling::{Sampler, TokenProbability};
use crate::layers::cache::MAX_ROLLBACK;
use crate::layers::embedding::token_ids;
use crate::precision::to_vec_f32;

/// A text that was generated with a draft model, and how much the draft helped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpeculativeStats {
    /// The generated tokens.
    pub tokens: Vec<u32>,
    /// The number of tokens drafted by the small model.
    pub proposed: usize,
    /// The number of drafted tokens accepted into the text.
    pub accepted: usize,
}

/// A model and a smaller one with the same tokenizer, which drafts tokens for it.
#[derive(Clone, Copy)]
pub struct SpeculativeModels<'m> {
    /// The model whose text is generated.
    pub model: &'m dyn GenerativeModel,
    /// The model that drafts tokens.
    pub draft: &'m dyn GenerativeModel,
    /// The number of drafted tokens that are verified at a time.
    pub num_draft_tokens: usize,
}

/// Continues a prompt with a model, verifying several tokens at a time that a smaller model drafts.
///
/// With greedy decoding the text equals that of the model alone; with sampling it has the same
/// distribution, but differs for the same seed.
///
/// Reference: Leviathan et al. 2022, <https://arxiv.org/abs/2211.17192>
///
/// # Errors
/// An empty prompt, a prompt longer than a model's context, a token id out of range, invalid
/// options, vocabularies of different sizes, non-finite logits.
pub fn speculate(
    models: SpeculativeModels<'_>,
    request: &Request,
    receive: &mut dyn FnMut(&Event) -> Flow,
) -> Result<SpeculativeStats, GenerateError> {
    let SpeculativeModels { model, draft, num_draft_tokens } = models;
    request.options.validate()?;
    check_prompt(model, 0, request)?;
    check_prompt(draft, 0, request)?;
    let vocab_size = model.vocab_size();
    if draft.vocab_size() != vocab_size {
        return Err(GenerateError::Draft { vocab_size, draft: draft.vocab_size() });
    }
    let mut text = Text::new(model, request);
    let mut target = Side::new(model);
    let mut drafter = Side::new(draft);
    let (mut proposed, mut accepted) = (0, 0);
    while text.left() > 0 {
        let length = text.sequence.text.len();
        let room = model.context().min(draft.context()).saturating_sub(length);
        if target.state.is_none() || length > model.context() {
            // At the start, and when the text has outgrown the context.
            text.forget(model.context());
            drafter.prefill(&text.sequence, num_draft_tokens);
            let mut scores = target.prefill(&text.sequence, text.left()).remove(0);
            let candidates = text.candidates(&[], &mut scores)?;
            let token = text.draw(&candidates);
            if text.push(token, receive) {
                break;
            }
            continue;
        }
        let count = num_draft_tokens.min(MAX_ROLLBACK).min(text.left() - 1).min(room);
        let mut tokens = text.sequence.text.clone();
        let mut drafts: Vec<Draft> = Vec::with_capacity(count);
        for _ in 0..count {
            let mut scores = drafter.decode(&tokens, 1).remove(0);
            let candidates = text.candidates(&tokens[length..], &mut scores)?;
            let token = text.draw(&candidates);
            tokens.push(token);
            drafts.push(Draft { token, candidates });
        }
        proposed += count;
        let mut rows = target.decode(&tokens, count + 1).into_iter();
        let mut is_over = false;
        for draft in drafts.iter().map(Some).chain([None]) {
            let Some(mut scores) = rows.next() else { break };
            let candidates = text.candidates(&[], &mut scores)?;
            let accepted_draft = draft.filter(|draft| text.accepts(draft, &candidates));
            let token = match (accepted_draft, draft) {
                (Some(draft), _) => draft.token,
                (None, Some(draft)) => text.draw(&residual(draft, candidates)),
                (None, None) => text.draw(&candidates),
            };
            accepted += usize::from(accepted_draft.is_some());
            is_over = text.push(token, receive);
            if is_over || accepted_draft.is_none() {
                break;
            }
        }
        if is_over {
            break;
        }
        let kept = text.sequence.text.len() - 1;
        target.keep(kept);
        drafter.keep(kept);
    }
    Ok(SpeculativeStats { tokens: text.all[text.begun..].to_vec(), proposed, accepted })
}

/// A drafted token and the candidates that it was sampled from.
struct Draft {
    token: u32,
    candidates: Vec<TokenProbability>,
}

/// The probability of a token; 0 if it is no candidate.
fn probability(candidates: &[TokenProbability], token: u32) -> f64 {
    candidates.iter().find(|other| other.token == token).map_or(0.0, |found| found.probability)
}

/// The distribution to sample from where a draft is rejected; `candidates` if nothing is left.
///
/// ```text
/// max(0, p - q), normalized
/// ```
fn residual(draft: &Draft, candidates: Vec<TokenProbability>) -> Vec<TokenProbability> {
    let missing = |of: &TokenProbability| {
        let probability = of.probability - probability(&draft.candidates, of.token);
        (probability > 0.0).then_some(TokenProbability { probability, ..*of })
    };
    let mut rest: Vec<TokenProbability> = candidates.iter().filter_map(missing).collect();
    let total: f64 = rest.iter().map(|of| of.probability).sum();
    for of in &mut rest {
        of.probability /= total;
    }
    if rest.is_empty() { candidates } else { rest }
}

/// A text that is being continued.
struct Text {
    /// The tokens in the models' context.
    sequence: SequenceState,
    all: Vec<u32>,
    begun: usize,
    options: Options,
    sampler: Sampler,
}

impl Text {
    fn new(model: &dyn GenerativeModel, request: &Request) -> Self {
        let sequence = prepare(model, request);
        Self {
            all: sequence.text.clone(),
            begun: sequence.text.len(),
            options: request.options.clone(),
            sampler: Sampler::new(request.options.sampling, request.stream),
            sequence,
        }
    }

    fn left(&self) -> usize {
        self.options.max_new_tokens - (self.all.len() - self.begun)
    }

    /// The candidates for the token after the text and some drafted tokens.
    fn candidates(
        &self,
        drafted: &[u32],
        scores: &mut [f32],
    ) -> Result<Vec<TokenProbability>, GenerateError> {
        if scores.iter().any(|score| score.is_nan()) {
            return Err(GenerateError::NotFinite);
        }
        let text = [&self.all[..], drafted].concat();
        let history = History { source: &self.sequence.source, text: &text, begun: self.begun };
        self.options.constrain(history, scores);
        Ok(self.sampler.sampling().candidates(scores))
    }

    fn draw(&mut self, candidates: &[TokenProbability]) -> u32 {
        // If the constraints forbid every token, the first one, as the lowest id of a tie.
        self.sampler.draw(candidates).unwrap_or(0)
    }

    /// Whether to accept a drafted token, given the model's own candidates.
    fn accepts(&mut self, draft: &Draft, candidates: &[TokenProbability]) -> bool {
        let drafted = probability(&draft.candidates, draft.token);
        self.sampler.uniform() * drafted < probability(candidates, draft.token)
    }

    /// Adds a token; returns whether the text ends.
    fn push(&mut self, token: u32, receive: &mut dyn FnMut(&Event) -> Flow) -> bool {
        self.all.push(token);
        self.sequence.text.push(token);
        let finish = if self.options.eos.contains(&token) {
            Some(Finish::Eos)
        } else {
            (self.left() == 0).then_some(Finish::Length)
        };
        let flow = receive(&Event { request_id: RequestId::FIRST, token, finish, logprobs: None });
        finish.is_some() || flow != Flow::Continue
    }

    /// Drops the older half of a text that is longer than the context.
    fn forget(&mut self, context: usize) {
        let text = &mut self.sequence.text;
        if text.len() > context {
            text.drain(..text.len() - context.div_ceil(2));
        }
    }
}

/// A model and the length of the text that it has processed.
struct Side<'m> {
    model: &'m dyn GenerativeModel,
    state: Option<GenerationState>,
    length: usize,
}

impl<'m> Side<'m> {
    fn new(model: &'m dyn GenerativeModel) -> Self {
        Self { model, state: None, length: 0 }
    }

    /// Processes a sequence from its start; returns the logits after it.
    fn prefill(&mut self, sequence: &SequenceState, more: usize) -> Vec<Vec<f32>> {
        let Prefilled { hidden, state } = self.model.prefill(&[sequence], more);
        self.state = Some(state);
        self.length = sequence.text.len();
        vec![to_vec_f32(self.model.last_scores(hidden))]
    }

    /// Processes the new tokens; returns the logits after the last `count` tokens.
    fn decode(&mut self, text: &[u32], count: usize) -> Vec<Vec<f32>> {
        let Some(state) = &mut self.state else { return Vec::new() };
        let tokens = token_ids(&text[self.length..], 1, &self.model.device());
        let scores = self.model.decode(tokens, state);
        self.length = text.len();
        let [_, new, vocab_size] = scores.dims();
        let scores = to_vec_f32(scores.slice_dim(1, new - count..new));
        scores.chunks_exact(vocab_size).map(<[f32]>::to_vec).collect()
    }

    /// Rolls back to the first `length` tokens.
    fn keep(&mut self, length: usize) {
        let Some(state) = &mut self.state else { return };
        if self.length > length {
            state.rollback(self.length - length);
            self.length = length;
        }
    }
}
