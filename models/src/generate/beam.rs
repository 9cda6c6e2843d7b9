//! Beam search: the likeliest texts rather than the likeliest next tokens.

mod search;

use burn::tensor::Tensor;

use self::search::Search;
use super::GenerateError;
use super::decode::Flow;
use super::generative_model::{GenerativeModel, SequenceState, last};
use super::options::OptionsError;
use super::request::{Request, check_prompt};
use crate::layers::embedding::token_ids;
use crate::precision::to_vec_f32;

/// How several continuations of a text are followed at once.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Beams {
    /// How many are followed, and how many finished ones are kept.
    pub width: usize,
    /// The sum of a text's log-probabilities is divided by its length to this power: above 0 favours
    /// long texts, below 0 short ones.
    pub length_penalty: f64,
    /// When to stop.
    pub early_stopping: EarlyStopping,
    /// The beams are followed in so many groups that avoid each other's tokens.
    pub groups: usize,
    /// What a token loses for every beam of an earlier group that takes it at the same place.
    pub diversity_penalty: f64,
    /// What becomes of the probability of tokens that may not be written.
    pub forbidden: Forbidden,
}

/// What becomes of the probability of tokens that may not be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forbidden {
    /// It is lost: texts that need them less are likelier.
    Lost,
    /// The others share it: `renormalize_logits` is true.
    Shared,
}

/// When a beam search stops, with as many finished texts as there are beams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EarlyStopping {
    /// At once: `early_stopping` is true.
    WhenFull,
    /// When the best running text, as long as it is now, would not be better: false.
    WhenUnlikely,
    /// When the best running text cannot become better, however long: "never".
    Never,
}

/// A finished text.
#[derive(Debug, Clone, PartialEq)]
pub struct Hypothesis {
    /// The tokens that were added, the end token included.
    pub tokens: Vec<u32>,
    /// The sum of their log-probabilities, with the length penalty.
    pub score: f64,
}

impl Beams {
    /// Beams of this width, with the usual settings.
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
    /// Names the first that makes no sense.
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

/// The best texts that follow on each prompt, best first: at most as many as there are beams.
///
/// The texts of different prompts do not depend on each other. `watch` receives the index of a prompt and
/// the added tokens of a continuation that is considered, and says whether it ends there. Texts end at the model's context.
///
/// Reference: the search of `transformers` 5; groups: Vijayakumar et al. 2016,
/// <https://arxiv.org/abs/1610.02424>
///
/// # Errors
///
/// An empty prompt, one longer than the context, a token id out of range, settings that make no sense
/// (sampling among them), scores that are no numbers.
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
    let (mut scores, mut state) = model.prefill(&sequences, more);
    // Which search each row of the state is of.
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

/// Scores as log-probabilities, row by row; `None` where one is not a number.
fn log_probabilities(scores: Tensor<2>, vocab_size: usize) -> Option<Vec<Vec<f32>>> {
    let scores = to_vec_f32(scores);
    let normed = |row: &[f32]| {
        let mut row = row.to_vec();
        normalize(&mut row).is_finite().then_some(row)
    };
    scores.chunks_exact(vocab_size).map(normed).collect()
}

/// Makes the scores of a row log-probabilities; returns what was subtracted.
fn normalize(row: &mut [f32]) -> f64 {
    let best = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let sum: f64 = row.iter().map(|score| f64::from(score - best).exp()).sum();
    let total = f64::from(best) + sum.ln();
    if total.is_finite() {
        row.iter_mut().for_each(|score| *score = (f64::from(*score) - total) as f32);
    }
    total
}
