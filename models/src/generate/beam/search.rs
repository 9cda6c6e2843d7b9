//! The search for the texts of one prompt.

use super::{Beams, EarlyStopping, Forbidden, Hypothesis, normalize};
use crate::generate::constraints::History;
use crate::generate::decode::Flow;
use crate::generate::generative_model::{GenerativeModel, SequenceState};
use crate::generate::options::Options;
use crate::generate::request::{Request, prepare};

/// The search for one prompt's texts.
pub(super) struct Search {
    pub(super) sequence: SequenceState,
    begun: usize,
    pub(super) options: Options,
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
pub(super) struct Beam {
    pub(super) text: Vec<u32>,
    /// The sum of its log-probabilities.
    score: f64,
    /// The row, of this search's, that it continues.
    pub(super) parent: usize,
}

/// A beam, continued.
struct Candidate {
    score: f64,
    beam: usize,
    token: u32,
}

/// What becomes of a continuation.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    GoesOn,
    /// With an end token, or because it was told to.
    Ends,
    /// It is as long as it may be.
    IsFull,
}

impl Search {
    pub(super) fn new(model: &dyn GenerativeModel, request: &Request, beams: &Beams) -> Self {
        let sequence = prepare(model, request);
        let begun = sequence.text.len();
        let mut options = request.options.clone();
        // The last token is not read, so it needs no position.
        let most = (model.context() + 1).saturating_sub(begun);
        options.max_new_tokens = options.max_new_tokens.min(most);
        options.min_new_tokens = options.min_new_tokens.min(options.max_new_tokens);
        let start = Beam { text: sequence.text.clone(), score: 0.0, parent: 0 };
        let running = if options.max_new_tokens == 0 { Vec::new() } else { vec![start] };
        let group = || Group { running: running.clone(), finished: Vec::new() };
        let groups = (0..beams.groups).map(|_| group()).collect();
        Self { sequence, begun, options, beams: *beams, groups }
    }

    /// How many rows of the state are this search's: at first one for all groups.
    pub(super) fn n_rows(&self) -> usize {
        self.running()
            .map(|beam| beam.text.len())
            .max()
            .map_or(0, |length| if length == self.begun { 1 } else { self.running().count() })
    }

    pub(super) fn running(&self) -> impl Iterator<Item = &Beam> {
        self.groups.iter().flat_map(|group| &group.running)
    }

    /// Adds a token to every beam; returns whether everything is to end.
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
            // The groups behind avoid the tokens with which this one goes on, or would.
            let goes_on = ended.iter().filter(|(_, fate)| *fate != Fate::Ends);
            let next = goes_on.take(self.group_width()).filter_map(|(beam, _)| beam.text.last());
            taken.extend(next);
            self.settle(index, ended);
            first += count;
        }
        false
    }

    /// The best continuations of a group's beams, best first: so many that enough of them go on
    /// even if every end token is among them.
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

    /// Takes a group's continuations, best first: so many go on as there are beams, and the best of
    /// those that end are kept.
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
            // Of texts that are full, version 5 of the reference keeps those that are among the
            // best continuations, and version 4, the last one with groups, those that would have
            // gone on.
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
        // What the finished texts are compared with: in version 5 of the reference the best text
        // that goes on, in version 4 the best continuation, even one that ends.
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
