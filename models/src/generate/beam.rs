//! Beam search: the likeliest texts rather than the likeliest next tokens.

use burn::tensor::Tensor;

use super::GenerateError;
use super::batch::{Request, begin, check_prompt};
use super::constraints::History;
use super::decode::Flow;
use super::options::{Options, OptionsError};
use super::writer::{Passage, Writer, last};
use crate::layers::embedding::token_ids;

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
        Self { width, length_penalty: 1.0, early_stopping, groups: 1, diversity_penalty: 0.0 }
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
/// The texts of different prompts do not depend on each other. `watch` sees the added tokens of every
/// continuation that is considered, and says whether it ends there. Texts end at the model's context.
///
/// Reference: the search of `transformers` 5; groups: Vijayakumar et al. 2016,
/// <https://arxiv.org/abs/1610.02424>
///
/// # Errors
///
/// An empty prompt, one longer than the context, a token id out of range, settings that make no sense
/// (sampling among them), scores that are no numbers.
pub fn beam_search(
    model: &dyn Writer,
    requests: &[Request],
    beams: &Beams,
    watch: &mut dyn FnMut(&[u32]) -> Flow,
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
    let passages: Vec<&Passage> = searches.iter().map(|search| &search.passage).collect();
    let more = searches.iter().map(|search| search.options.max_new_tokens).max().unwrap_or(0);
    let (mut scores, mut memory) = model.read(&passages, more);
    // Which search each row of the memory is of.
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
            if count > 0 && search.advance(own, watch) {
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
        memory =
            if owners == next_owners { memory.reorder(&parents) } else { memory.select(&parents) };
        owners = next_owners;
        let tokens = token_ids(&newest, newest.len(), &model.device());
        scores = last(model.step(tokens, &mut memory));
    }
}

/// The search for one prompt's texts.
struct Search {
    passage: Passage,
    begun: usize,
    options: Options,
    beams: Beams,
    groups: Vec<Group>,
}

/// Beams that are followed together.
struct Group {
    running: Vec<Beam>,
    /// Best first.
    finished: Vec<Hypothesis>,
}

/// A text that may still go on.
#[derive(Clone)]
struct Beam {
    text: Vec<u32>,
    /// The sum of its log-probabilities.
    score: f64,
    /// The row, of this search's, that it continues.
    parent: usize,
}

/// A beam, continued.
struct Candidate {
    score: f64,
    beam: usize,
    token: u32,
}

impl Search {
    fn new(model: &dyn Writer, request: &Request, beams: &Beams) -> Self {
        let passage = begin(model, request);
        let begun = passage.text.len();
        let mut options = request.options.clone();
        // The last token is not read, so it needs no position.
        let most = (model.context() + 1).saturating_sub(begun);
        options.max_new_tokens = options.max_new_tokens.min(most);
        options.min_new_tokens = options.min_new_tokens.min(options.max_new_tokens);
        let start = Beam { text: passage.text.clone(), score: 0.0, parent: 0 };
        let running = if options.max_new_tokens == 0 { Vec::new() } else { vec![start] };
        let group = || Group { running: running.clone(), finished: Vec::new() };
        let groups = (0..beams.groups).map(|_| group()).collect();
        Self { passage, begun, options, beams: *beams, groups }
    }

    /// How many rows of the memory are this search's: at first one for all groups.
    fn n_rows(&self) -> usize {
        self.running()
            .map(|beam| beam.text.len())
            .max()
            .map_or(0, |length| if length == self.begun { 1 } else { self.running().count() })
    }

    fn running(&self) -> impl Iterator<Item = &Beam> {
        self.groups.iter().flat_map(|group| &group.running)
    }

    /// Adds a token to every beam; returns whether everything is to end.
    fn advance(&mut self, rows: &[Vec<f32>], watch: &mut dyn FnMut(&[u32]) -> Flow) -> bool {
        let is_first = self.running().all(|beam| beam.text.len() == self.begun);
        let mut taken: Vec<u32> = Vec::new();
        let mut first = 0;
        for index in 0..self.groups.len() {
            let count = self.groups[index].running.len();
            let rows = if is_first { &rows[..1] } else { &rows[first..first + count] };
            let candidates = self.candidates(index, rows, &taken);
            let mut ended = Vec::with_capacity(candidates.len());
            for candidate in &candidates {
                let beam = &self.groups[index].running[candidate.beam];
                let text = [&beam.text[..], &[candidate.token]].concat();
                let added = text.len() - self.begun;
                let flow = watch(&text[self.begun..]);
                if flow == Flow::EndAll {
                    return true;
                }
                let is_last = self.options.eos.contains(&candidate.token)
                    || added >= self.options.max_new_tokens
                    || flow == Flow::EndText;
                let parent = if is_first { 0 } else { first + candidate.beam };
                ended.push((Beam { text, score: candidate.score, parent }, is_last));
            }
            self.settle(index, ended);
            taken.extend(self.groups[index].running.iter().filter_map(|beam| beam.text.last()));
            first += count;
        }
        false
    }

    /// The best continuations of a group's beams, best first: so many that enough of them go on even
    /// if every end token is among them.
    fn candidates(&self, group: usize, rows: &[Vec<f32>], taken: &[u32]) -> Vec<Candidate> {
        let most = (1 + self.options.eos.len()).max(2) * self.group_width();
        let mut best: Vec<Candidate> = Vec::with_capacity(most + 1);
        for (index, beam) in self.groups[group].running.iter().enumerate() {
            let mut scores = rows[index].clone();
            for &token in taken {
                scores[token as usize] -= self.beams.diversity_penalty as f32;
            }
            let history =
                History { source: &self.passage.source, text: &beam.text, begun: self.begun };
            self.options.constrain(history, &mut scores);
            for (token, score) in (0..).zip(scores) {
                let score = beam.score + f64::from(score);
                let is_worse = best.len() == most && score <= best[most - 1].score;
                if is_worse || score == f64::NEG_INFINITY {
                    continue;
                }
                let place = best.partition_point(|other| other.score >= score);
                best.insert(place, Candidate { score, beam: index, token });
                best.truncate(most);
            }
        }
        best
    }

    fn group_width(&self) -> usize {
        self.beams.width / self.groups.len()
    }

    /// Takes a group's continuations, best first, each with whether it ends: those go on that do not,
    /// and the best of those that end are kept.
    fn settle(&mut self, group: usize, continued: Vec<(Beam, bool)>) {
        let (width, begun, max) = (self.group_width(), self.begun, self.options.max_new_tokens);
        let Beams { length_penalty, early_stopping, .. } = self.beams;
        let normed = |score: f64, length: usize| score / (length as f64).powf(length_penalty);
        let Group { running, finished } = &mut self.groups[group];
        running.clear();
        let added = continued.first().map_or(0, |(beam, _)| beam.text.len() - begun);
        for (rank, (beam, is_last)) in continued.into_iter().enumerate() {
            if !is_last {
                if running.len() < width {
                    running.push(beam);
                }
            } else if rank < width {
                let score = normed(beam.score, added);
                let place = finished.partition_point(|other| other.score >= score);
                let tokens = beam.text[begun..].to_vec();
                finished.insert(place, Hypothesis { tokens, score });
                finished.truncate(width);
            }
        }
        let (Some(best), true) = (running.first(), finished.len() == width) else {
            return;
        };
        let worst = finished[width - 1].score;
        let is_done = match early_stopping {
            EarlyStopping::WhenFull => true,
            EarlyStopping::Never if length_penalty > 0.0 => normed(best.score, max) <= worst,
            EarlyStopping::Never | EarlyStopping::WhenUnlikely => {
                normed(best.score, added) <= worst
            }
        };
        if is_done {
            running.clear();
        }
    }

    fn into_best(self) -> Vec<Hypothesis> {
        let mut all: Vec<Hypothesis> =
            self.groups.into_iter().flat_map(|group| group.finished).collect();
        all.sort_by(|a, b| b.score.total_cmp(&a.score));
        all
    }
}

/// Scores as log-probabilities, row by row; `None` where one is not a number.
fn log_probabilities(scores: Tensor<2>, vocab_size: usize) -> Option<Vec<Vec<f32>>> {
    let scores: Vec<f32> = scores.into_data().iter::<f32>().collect();
    let normed = |row: &[f32]| {
        let best = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let sum: f64 = row.iter().map(|score| f64::from(score - best).exp()).sum();
        let total = f64::from(best) + sum.ln();
        total.is_finite().then(|| row.iter().map(|s| (f64::from(*s) - total) as f32).collect())
    };
    scores.chunks_exact(vocab_size).map(normed).collect()
}
