//! The beam search of one prompt.

use super::{Beams, EarlyStopping, Forbidden, Hypothesis, normalize};
use crate::generate::constraints::History;
use crate::generate::decode::Flow;
use crate::generate::generative_model::{GenerativeModel, SequenceState};
use crate::generate::options::Options;
use crate::generate::request::{Request, prepare};

/// The beam search of one prompt.
pub(super) struct Search {
    pub(super) sequence: SequenceState,
    begun: usize,
    pub(super) options: Options,
    beams: Beams,
    groups: Vec<Group>,
}

/// A group of beams.
struct Group {
    running: Vec<Beam>,
    /// Best first.
    finished: Vec<Hypothesis>,
}

/// An unfinished text.
#[derive(Clone)]
pub(super) struct Beam {
    pub(super) text: Vec<u32>,
    /// The sum of its log-probabilities.
    score: f64,
    /// The index, among this search's rows, of the row that it continues.
    pub(super) parent: usize,
}

/// A candidate continuation of a beam.
struct Candidate {
    score: f64,
    beam: usize,
    token: u32,
}

/// The outcome of a continuation.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    GoesOn,
    /// It has an end token, or the caller ended it.
    Ends,
    /// It has reached the maximum length.
    IsFull,
}

impl Search {
    pub(super) fn new(model: &dyn GenerativeModel, request: &Request, beams: &Beams) -> Self {
        let sequence = prepare(model, request);
        let begun = sequence.text.len();
        let mut options = request.options.clone();
        // The last token is not a model input, so it needs no position.
        let most = (model.context() + 1).saturating_sub(begun);
        options.max_new_tokens = options.max_new_tokens.min(most);
        options.min_new_tokens = options.min_new_tokens.min(options.max_new_tokens);
        let start = Beam { text: sequence.text.clone(), score: 0.0, parent: 0 };
        let running = if options.max_new_tokens == 0 { Vec::new() } else { vec![start] };
        let group = || Group { running: running.clone(), finished: Vec::new() };
        let groups = (0..beams.groups).map(|_| group()).collect();
        Self { sequence, begun, options, beams: *beams, groups }
    }

    /// The number of this search's rows in the state: initially one for all groups.
    pub(super) fn n_rows(&self) -> usize {
        self.running()
            .map(|beam| beam.text.len())
            .max()
            .map_or(0, |length| if length == self.begun { 1 } else { self.running().count() })
    }

    pub(super) fn running(&self) -> impl Iterator<Item = &Beam> {
        self.groups.iter().flat_map(|group| &group.running)
    }

    /// Adds a token to every beam; returns whether to end all searches.
    pub(super) fn advance(
        &mut self,
        rows: &[Vec<f32>],
        watch: &mut dyn FnMut(&[u32]) -> Flow,
    ) -> bool {
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
                let has_end = self.options.eos.contains(&candidate.token) || flow == Flow::EndText;
                let fate = match added >= self.options.max_new_tokens {
                    _ if has_end => Fate::Ends,
                    true => Fate::IsFull,
                    false => Fate::GoesOn,
                };
                let parent = if is_first { 0 } else { first + candidate.beam };
                ended.push((Beam { text, score: candidate.score, parent }, fate));
            }
            // Later groups avoid the tokens of this group's unfinished candidates.
            let goes_on = ended.iter().filter(|(_, fate)| *fate != Fate::Ends);
            let next = goes_on.take(self.group_width()).filter_map(|(beam, _)| beam.text.last());
            taken.extend(next);
            self.settle(index, ended);
            first += count;
        }
        false
    }

    /// The best continuations of a group's beams, best first: enough to fill all beams even if
    /// every end token is among them.
    fn candidates(&self, group: usize, rows: &[Vec<f32>], taken: &[u32]) -> Vec<Candidate> {
        let most = (1 + self.options.eos.len()).max(2) * self.group_width();
        let mut best: Vec<Candidate> = Vec::with_capacity(most + 1);
        for (index, beam) in self.groups[group].running.iter().enumerate() {
            let mut scores = rows[index].clone();
            for &token in taken {
                scores[token as usize] -= self.beams.diversity_penalty as f32;
            }
            let history =
                History { source: &self.sequence.source, text: &beam.text, begun: self.begun };
            self.options.constrain(history, &mut scores);
            if self.beams.forbidden == Forbidden::Shared {
                normalize(&mut scores);
            }
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

    /// Sorts a group's continuations, best first: fills the beams with unfinished ones and keeps
    /// the best finished ones.
    fn settle(&mut self, group: usize, continued: Vec<(Beam, Fate)>) {
        let (width, begun, max) = (self.group_width(), self.begun, self.options.max_new_tokens);
        let Beams { length_penalty, early_stopping, .. } = self.beams;
        let normed = |score: f64, length: usize| score / (length as f64).powf(length_penalty);
        let has_groups = self.groups.len() > 1;
        let Group { running, finished } = &mut self.groups[group];
        running.clear();
        let leading = continued.first().map(|(beam, _)| beam.score);
        let added = continued.first().map_or(0, |(beam, _)| beam.text.len() - begun);
        let mut full = 0;
        for (rank, (beam, fate)) in continued.into_iter().enumerate() {
            // Of texts at the maximum length, transformers 5 keeps those among the best
            // continuations; transformers 4, the last version with groups, keeps those that would
            // have continued.
            let is_kept = match fate {
                Fate::IsFull if has_groups => full < width,
                Fate::IsFull | Fate::Ends => rank < width,
                Fate::GoesOn => false,
            };
            full += usize::from(fate == Fate::IsFull);
            if fate == Fate::GoesOn && running.len() < width {
                running.push(beam);
            } else if is_kept {
                let score = normed(beam.score, added);
                let place = finished.partition_point(|other| other.score >= score);
                let tokens = beam.text[begun..].to_vec();
                finished.insert(place, Hypothesis { tokens, score });
                finished.truncate(width);
            }
        }
        // The finished texts are compared with the best unfinished text in transformers 5, and with
        // the best continuation, finished or not, in transformers 4.
        let best = match has_groups {
            true => leading,
            false => running.first().map(|beam| beam.score),
        };
        let (Some(best), true) = (best, finished.len() == width) else {
            return;
        };
        let worst = finished[width - 1].score;
        let is_done = match early_stopping {
            EarlyStopping::WhenFull => true,
            EarlyStopping::Never if length_penalty > 0.0 => normed(best, max) <= worst,
            EarlyStopping::Never | EarlyStopping::WhenUnlikely => normed(best, added) <= worst,
        };
        if is_done {
            running.clear();
        }
    }

    pub(super) fn into_best(self) -> Vec<Hypothesis> {
        let mut all: Vec<Hypothesis> =
            self.groups.into_iter().flat_map(|group| group.finished).collect();
        all.sort_by(|a, b| b.score.total_cmp(&a.score));
        all
    }
}
