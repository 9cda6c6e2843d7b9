//! Continuous batching: rows join and leave the batch between steps.

use burn::tensor::Tensor;

use super::GenerateError;
use super::constraints::History;
use super::generative_model::{GenerationState, GenerativeModel, Prefilled, SequenceState, last};
use super::logprobs::{ScoredPrompt, Scoring, TokenLogprobs};
use super::options::Options;
use super::request::{Event, Finish, Request, RequestId, check_prompt, prepare};
use super::sampling::Sampler;
use crate::layers::embedding::token_ids;
use crate::precision::to_vec_f32;

/// The maximum cache capacity to preallocate, in tokens: most texts end before their limit.
const RESERVE: usize = 512;
/// The maximum number of logits of a prompt computed at once, 64 MiB: the logits of all positions
/// take gigabytes.
const SCORES_AT_ONCE: usize = if cfg!(test) { 50 } else { 1 << 24 };

/// Generates a batch of texts, each independent of the others.
///
/// When a text outgrows the model's context, its older half is dropped and the rest is processed
/// again, so that generation can continue; up to this point the result equals that of
/// `transformers`.
///
/// # Example
///
/// ```no_run
/// # use zoo_models::generate::{BatchScheduler, GenerateError, Options, Request, GenerativeModel};
/// # fn run(model: &dyn GenerativeModel) -> Result<(), GenerateError> {
/// let mut scheduler = BatchScheduler::new(model);
/// scheduler.submit(Request { prompt: vec![1, 2, 3], options: Options::default(), stream: 0 })?;
/// while !scheduler.is_empty() {
///     for event in scheduler.step()? {
///         println!("{}: {}", event.request_id.index(), event.token);
///     }
/// }
/// # Ok(())
/// # }
/// ```
pub struct BatchScheduler<'m> {
    model: &'m dyn GenerativeModel,
    /// The rows in the state, in its order.
    running: Vec<Row>,
    state: Option<GenerationState>,
    /// Rows to be prefilled at the next step.
    waiting: Vec<Row>,
    /// Log-probabilities of prompts that have not been returned yet.
    scored: Vec<ScoredPrompt>,
    next: u64,
}

/// A text that is being continued.
struct Row {
    request_id: RequestId,
    /// The tokens in the model's context.
    sequence: SequenceState,
    /// The whole text.
    text: Vec<u32>,
    /// The number of initial tokens.
    begun: usize,
    options: Options,
    scoring: Scoring,
    sampler: Sampler,
    is_over: bool,
}

impl<'m> BatchScheduler<'m> {
    /// A scheduler without sequences.
    pub fn new(model: &'m dyn GenerativeModel) -> Self {
        let (running, waiting, scored) = (Vec::new(), Vec::new(), Vec::new());
        Self { model, running, state: None, waiting, scored, next: 0 }
    }

    /// Submits a request; it is prefilled at the next step, together with other new requests.
    ///
    /// # Errors
    ///
    /// An empty prompt, a prompt longer than the context, a token id out of range, invalid options.
    pub fn submit(&mut self, request: Request) -> Result<RequestId, GenerateError> {
        self.submit_scored(request, Scoring::default())
    }

    /// Submits a request with log-probabilities: [`BatchScheduler::take_scored`] returns those of
    /// the prompt after the next step, in which a request for no new token leaves the batch.
    ///
    /// # Errors
    ///
    /// As for [`BatchScheduler::submit`]; [`GenerateError::Source`] if log-probabilities of an
    /// encoder-decoder's prompt are requested.
    pub fn submit_scored(
        &mut self,
        request: Request,
        scoring: Scoring,
    ) -> Result<RequestId, GenerateError> {
        request.options.validate()?;
        check_prompt(self.model, self.next as usize, &request)?;
        let sequence = prepare(self.model, &request);
        if scoring.prompt.is_some() && !sequence.source.is_empty() {
            return Err(GenerateError::Source);
        }
        let request_id = RequestId(self.next);
        self.next += 1;
        let Request { options, stream, .. } = request;
        let (text, begun) = (sequence.text.clone(), sequence.text.len());
        let sampler = Sampler::new(options.sampling, stream);
        let is_over = options.max_new_tokens == 0;
        if !is_over || scoring.prompt.is_some() {
            let row = Row { request_id, sequence, text, begun, options, scoring, sampler, is_over };
            self.waiting.push(row);
        }
        Ok(request_id)
    }

    /// Adds a token to every text. Finished texts leave the batch.
    ///
    /// # Errors
    ///
    /// Non-finite logits; the batch is emptied.
    pub fn step(&mut self) -> Result<Vec<Event>, GenerateError> {
        self.retire_outgrown();
        let mut events = Vec::with_capacity(self.len());
        let mut scores = Vec::new();
        if let Some(state) = &mut self.state {
            let newest: Vec<u32> =
                self.running.iter().filter_map(|row| row.text.last().copied()).collect();
            let tokens = token_ids(&newest, newest.len(), &self.model.device());
            scores.push(last(self.model.decode(tokens, state)));
        }
        if !self.waiting.is_empty() {
            let sequences: Vec<&SequenceState> =
                self.waiting.iter().map(|row| &row.sequence).collect();
            let more = self.waiting.iter().map(Row::left).max().unwrap_or(0).min(RESERVE);
            let Prefilled { hidden, state: fresh } = self.model.prefill(&sequences, more);
            scores.push(self.model.last_scores(hidden.clone()));
            if !self.score_prompts(&hidden) {
                return Err(self.not_finite());
            }
            self.state = Some(match self.state.take() {
                Some(state) => state.join(fresh),
                None => fresh,
            });
            self.running.append(&mut self.waiting);
        }
        let vocab_size = self.model.vocab_size();
        let mut rows = self.running.iter_mut();
        for scores in scores {
            let mut scores = to_vec_f32(scores);
            let rows = scores.chunks_exact_mut(vocab_size).zip(&mut rows);
            for (scores, row) in rows.filter(|(_, row)| !row.is_over) {
                match row.extend(scores) {
                    Some(event) => events.push(event),
                    None => return Err(self.not_finite()),
                }
            }
        }
        self.keep(|row| !row.is_over);
        Ok(events)
    }

    /// Returns the log-probabilities of prompts prefilled since the last call, each once.
    pub fn take_scored(&mut self) -> Vec<ScoredPrompt> {
        std::mem::take(&mut self.scored)
    }

    /// Cancels a request; its row leaves the batch immediately. Does nothing if it has finished.
    pub fn cancel(&mut self, request_id: RequestId) {
        self.waiting.retain(|row| row.request_id != request_id);
        if self.running.iter().any(|row| row.request_id == request_id) {
            self.keep(|row| row.request_id != request_id);
        }
    }

    /// The number of unfinished texts.
    pub fn len(&self) -> usize {
        self.running.len() + self.waiting.len()
    }

    /// Whether all texts are finished.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Empties the batch.
    fn not_finite(&mut self) -> GenerateError {
        (self.state, self.scored) = (None, Vec::new());
        self.running.clear();
        self.waiting.clear();
        GenerateError::NotFinite
    }

    /// Computes the log-probabilities of the waiting prompts, each once, from the hidden states of
    /// all waiting rows; returns `false` if the logits are not finite.
    ///
    /// # Shapes
    ///
    /// - `hidden`: `[waiting, longest, d_model]`, padded on the left
    fn score_prompts(&mut self, hidden: &Tensor<3>) -> bool {
        let (vocab_size, longest) = (self.model.vocab_size(), hidden.dims()[1]);
        let at_once = (SCORES_AT_ONCE / vocab_size).max(1);
        for (place, row) in self.waiting.iter_mut().enumerate() {
            let Some(top) = row.scoring.prompt.take() else { continue };
            let text = &row.sequence.text;
            let hidden = hidden.clone().slice_dim(0, place..place + 1);
            let hidden = hidden.slice_dim(1, longest - text.len()..longest);
            let mut tokens = Vec::with_capacity(text.len() - 1);
            // The logits after a token predict the next one.
            for (index, next) in text[1..].chunks(at_once).enumerate() {
                let from = index * at_once;
                let part = hidden.clone().slice_dim(1, from..from + next.len());
                let scores = to_vec_f32(self.model.scores(part));
                for (scores, &token) in scores.chunks_exact(vocab_size).zip(next) {
                    let Some(found) = TokenLogprobs::of(scores, token, top) else { return false };
                    tokens.push(found);
                }
            }
            self.scored.push(ScoredPrompt { request_id: row.request_id, tokens });
        }
        true
    }

    /// Keeps the running rows that satisfy `holds`, called in their order; returns the others.
    fn keep(&mut self, mut holds: impl FnMut(&Row) -> bool) -> Vec<Row> {
        let (mut places, mut gone) = (Vec::new(), Vec::new());
        for (place, row) in std::mem::take(&mut self.running).into_iter().enumerate() {
            if holds(&row) {
                places.push(place);
                self.running.push(row);
            } else {
                gone.push(row);
            }
        }
        if !gone.is_empty() {
            let state = self.state.take().filter(|_| !places.is_empty());
            self.state = state.map(|state| state.select(&places));
        }
        gone
    }

    /// Truncates rows that have outgrown the context, and prefills them again.
    fn retire_outgrown(&mut self) {
        let context = self.model.context();
        let mut outgrown = self.keep(|row| row.sequence.text.len() <= context);
        for row in &mut outgrown {
            let text = &mut row.sequence.text;
            text.drain(..text.len() - context.div_ceil(2));
        }
        self.waiting.append(&mut outgrown);
    }
}

impl Row {
    /// The number of tokens that may still be added.
    fn left(&self) -> usize {
        self.options.max_new_tokens - (self.text.len() - self.begun)
    }

    /// Adds the next token; `None` if the logits are not finite.
    fn extend(&mut self, scores: &mut [f32]) -> Option<Event> {
        if scores.iter().any(|score| score.is_nan()) {
            return None;
        }
        let Self { sequence, text, begun, options, sampler, .. } = self;
        // A copy, because the constraints modify the logits.
        let own = self.scoring.added.map(|top| (scores.to_vec(), top));
        let history = History { source: &sequence.source, text, begun: *begun };
        options.constrain(history, scores);
        let token = sampler.choose(scores);
        let logprobs = match own {
            Some((own, top)) => Some(TokenLogprobs::of(&own, token, top)?),
            None => None,
        };
        text.push(token);
        sequence.text.push(token);
        let finish = if options.eos.contains(&token) {
            Some(Finish::Eos)
        } else {
            (text.len() - *begun >= options.max_new_tokens).then_some(Finish::Length)
        };
        self.is_over = finish.is_some();
        Some(Event { request_id: self.request_id, token, finish, logprobs })
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;
    use crate::backbones::{Initialization, Inputs, TokenBatch, initialize};
    use crate::families::{self, Size};
    use crate::heads::CausalLm;
    use crate::layers::embedding::padded_ids;
    use crate::layers::mask::Padding;

    const VOCABULARY: usize = 23;

    fn model() -> CausalLm {
        let size = Size {
            vocab_size: VOCABULARY,
            context: 16,
            d_model: 16,
            n_layers: 1,
            n_heads: 2,
            n_kv_heads: None,
            d_ff: None,
            dropout: 0.0,
            eos: None,
        };
        let architecture = families::find("llama").unwrap().sized(&size).unwrap().architecture;
        let model = CausalLm::new(&architecture.backbone, &Device::flex()).unwrap();
        initialize(model, Initialization::of_blocks(0.8, 1), 5)
    }

    fn request(prompt: &[u32], max_new_tokens: usize) -> Request {
        let options = Options { max_new_tokens, ..Options::default() };
        Request { prompt: prompt.to_vec(), options, stream: 0 }
    }

    /// In tests, logits are computed for two positions at a time.
    #[test]
    fn scoring_a_prompt_in_chunks_matches_the_whole() {
        let model = model();
        let prompts: [&[u32]; 4] = [&[3, 9, 4, 1, 1, 22, 0], &[7], &[8, 2], &[5, 5, 5, 6, 7]];
        let mut scheduler = BatchScheduler::new(&model);
        let scoring = Scoring { added: Some(2), prompt: Some(3) };
        for (prompt, count) in prompts.iter().zip([2, 0, 1, 0]) {
            scheduler.submit_scored(request(prompt, count), scoring).unwrap();
        }
        // One more request, without scoring.
        scheduler.submit(request(&[1, 2, 3], 3)).unwrap();
        let events = scheduler.step().unwrap();
        let tokens: Vec<usize> = events.iter().map(|event| event.request_id.index()).collect();
        assert_eq!(tokens, [0, 2, 4]);
        assert!(events[2].logprobs.is_none() && events[0].logprobs.is_some());
        assert_eq!(scheduler.len(), 2);
        let scored = scheduler.take_scored();
        assert_eq!(scored.len(), prompts.len());
        for (prompt, scored) in prompts.iter().zip(&scored) {
            let ids = padded_ids(&[prompt], 0, &Device::flex());
            let tokens = TokenBatch::new(ids, Padding::right(&[prompt.len()]));
            let whole = to_vec_f32(model.forward(&Inputs::text(tokens)));
            assert_eq!(scored.tokens.len(), prompt.len() - 1);
            for (index, found) in scored.tokens.iter().enumerate() {
                let scores = &whole[index * VOCABULARY..(index + 1) * VOCABULARY];
                let expected = TokenLogprobs::of(scores, prompt[index + 1], 3).unwrap();
                assert_eq!(found.chosen.token, expected.chosen.token);
                for (found, expected) in found
                    .top
                    .iter()
                    .chain([&found.chosen])
                    .zip(expected.top.iter().chain([&expected.chosen]))
                {
                    assert_eq!(found.token, expected.token);
                    assert!((found.logprob - expected.logprob).abs() < 1e-5, "{found:?}");
                }
            }
        }
        assert!(scheduler.take_scored().is_empty());
        scheduler.step().unwrap();
        assert!(scheduler.take_scored().is_empty(), "a prompt is scored once");
    }
}
