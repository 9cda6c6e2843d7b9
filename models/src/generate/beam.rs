//! Beam search: finds likely sequences rather than the likeliest next token.

mod search;

use burn::tensor::Tensor;

use self::search::Search;
use super::GenerateError;
use super::decode::Flow;
use super::generative_model::{GenerativeModel, Prefilled, SequenceState, last};
use super::options::OptionsError;
use super::request::{Request, check_prompt};
use crate::layers::embedding::token_ids;
use crate::precision::to_vec_f32;

/// The settings of a beam search.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Beams {
    /// The number of beams, and of finished hypotheses to keep.
    pub width: usize,
    /// The exponent of the length that a sum of log-probabilities is divided by: values above 0
    /// favor long texts, values below 0 short texts.
    pub length_penalty: f64,
    /// When to stop.
    pub early_stopping: EarlyStopping,
    /// The number of beam groups, which avoid each other's tokens (diverse beam search).
    pub groups: usize,
    /// Subtracted from a token's score for every beam of an earlier group with the same token at
    /// this position.
    pub diversity_penalty: f64,
    /// How the probability of forbidden tokens is handled.
    pub forbidden: Forbidden,
}

/// How the probability of forbidden tokens is handled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forbidden {
    /// It is lost, which favors texts with fewer constrained positions.
    Lost,
    /// The other tokens are renormalized: `renormalize_logits` is true.
    Shared,
}

/// When a beam search stops, once there are as many finished texts as beams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EarlyStopping {
    /// Immediately: `early_stopping` is true.
    WhenFull,
    /// When the best unfinished text, at its current length, does not score higher: false.
    WhenUnlikely,
    /// When the best unfinished text cannot score higher at any length: "never".
    Never,
}

/// A finished text.
#[derive(Debug, Clone, PartialEq)]
pub struct Hypothesis {
    /// The generated tokens, including the end token.
    pub tokens: Vec<u32>,
    /// The sum of their log-probabilities, with the length penalty.
    pub score: f64,
}

impl Beams {
    /// A beam search of this width with the default settings.
    pub fn new(width: usize) -> Self {
        let early_stopping = EarlyStopping::WhenUnlikely;
        Self {
            width,
            length_penalty: 1.0,
            early_stopping,
            groups: 1,
            diversity_penalty: 0.0,
            forbidden: Forbidden::Lost,
        }
    }

    /// Checks the settings.
    ///
    /// # Errors
    ///
    /// The error names the first invalid setting.
    pub fn validate(&self) -> Result<(), OptionsError> {
        let Self { width, groups, length_penalty, diversity_penalty, .. } = *self;
        if !(1..=1024).contains(&width) {
            return Err(OptionsError::new("num_beams", width, "it must be between 1 and 1024"));
        }
        if groups == 0 || !width.is_multiple_of(groups) {
            return Err(OptionsError::new("num_beam_groups", groups, "it must divide num_beams"));
        }
        if !length_penalty.is_finite() {
            return Err(OptionsError::new("length_penalty", length_penalty, "it must be a number"));
        }
        if !(diversity_penalty.is_finite() && diversity_penalty >= 0.0) {
            let rule = "it must be 0 or more";
            return Err(OptionsError::new("diversity_penalty", diversity_penalty, rule));
        }
        Ok(())
    }
}

/// The best continuations of each prompt, best first: at most as many as there are beams.
///
/// The continuations of different prompts are independent. `watch` is called with the index of a
/// prompt and the added tokens of a candidate continuation, and returns whether it ends there.
/// Texts end at the model's context length.
///
/// Reference: the search of `transformers` 5; groups: Vijayakumar et al. 2016,
/// <https://arxiv.org/abs/1610.02424>
///
/// # Errors
///
/// An empty prompt, a prompt longer than the context, a token id out of range, invalid settings
/// (including sampling), non-finite logits.
pub fn beam_search(
    model: &dyn GenerativeModel,
    requests: &[Request],
    beams: &Beams,
    watch: &mut dyn FnMut(usize, &[u32]) -> Flow,
) -> Result<Vec<Vec<Hypothesis>>, GenerateError> {
    beams.validate()?;
    let mut searches: Vec<Search> = Vec::with_capacity(requests.len());
    for (index, request) in requests.iter().enumerate() {
        request.options.validate()?;
        if !request.options.sampling.is_greedy() {
            let rule = "it must be 0 with num_beams: beam search does not sample";
            let temperature = request.options.sampling.temperature;
            return Err(OptionsError::new("temperature", temperature, rule).into());
        }
        check_prompt(model, index, request)?;
        searches.push(Search::new(model, request, beams));
    }
    if requests.is_empty() {
        return Ok(Vec::new());
    }
    let sequences: Vec<&SequenceState> = searches.iter().map(|search| &search.sequence).collect();
    let more = searches.iter().map(|search| search.options.max_new_tokens).max().unwrap_or(0);
    let Prefilled { hidden, mut state } = model.prefill(&sequences, more);
    let mut scores = model.last_scores(hidden);
    // The search of each row of the state.
    let mut owners: Vec<usize> = (0..searches.len()).collect();
    loop {
        let rows = log_probabilities(scores, model.vocab_size()).ok_or(GenerateError::NotFinite)?;
        let mut parents = Vec::new();
        let mut next_owners = Vec::new();
        let mut newest = Vec::new();
        let mut first = 0;
        for (owner, search) in searches.iter_mut().enumerate() {
            let count = search.n_rows();
            let own = &rows[first..first + count];
            if count > 0 && search.advance(own, &mut |tokens| watch(owner, tokens)) {
                return Ok(searches.into_iter().map(Search::into_best).collect());
            }
            for beam in search.running() {
                parents.push(first + beam.parent);
                newest.extend(beam.text.last());
                next_owners.push(owner);
            }
            first += count;
        }
        if parents.is_empty() {
            return Ok(searches.into_iter().map(Search::into_best).collect());
        }
        state =
            if owners == next_owners { state.reorder(&parents) } else { state.select(&parents) };
        owners = next_owners;
        let tokens = token_ids(&newest, newest.len(), &model.device());
        scores = last(model.decode(tokens, &mut state));
    }
}

/// The log-softmax of each row; `None` if a row is not finite.
fn log_probabilities(scores: Tensor<2>, vocab_size: usize) -> Option<Vec<Vec<f32>>> {
    let scores = to_vec_f32(scores);
    let normed = |row: &[f32]| {
        let mut row = row.to_vec();
        normalize(&mut row).is_finite().then_some(row)
    };
    scores.chunks_exact(vocab_size).map(normed).collect()
}

/// Converts a row of logits to log-probabilities in place; returns the log-sum-exp.
fn normalize(row: &mut [f32]) -> f64 {
    let best = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let sum: f64 = row.iter().map(|score| f64::from(score - best).exp()).sum();
    let total = f64::from(best) + sum.ln();
    if total.is_finite() {
        row.iter_mut().for_each(|score| *score = (f64::from(*score) - total) as f32);
    }
    total
}
