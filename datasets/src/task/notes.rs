//! What a user should know about a task before training on it.

use super::built::Task;
use super::example::{Example, Target};
use super::kind::{Context, TaskKind};
use super::metric::Metric;
use super::token_table::TokenTable;

/// The share of unknown tokens above which a vocabulary does not cover its text.
const UNCOVERED: f64 = 0.2;

/// The share of targets with unknown tokens above which a score is limited by the vocabulary.
const UNANSWERABLE: f64 = 0.1;

impl Task {
    /// The share of the validation inputs' tokens that the vocabulary lacks, from 0 to 1.
    pub fn unknown_share(&self) -> f64 {
        let tokens = || self.validation.iter().flat_map(|example| &example.input);
        let unknown = tokens().filter(|&&token| token == TokenTable::UNKNOWN).count();
        unknown as f64 / tokens().count().max(1) as f64
    }

    /// The share of the validation targets with a token that the vocabulary lacks, from 0 to 1.
    fn unanswerable_share(&self) -> f64 {
        let is_unanswerable = |example: &&Example| match &example.target {
            Target::Sequence(tokens) => tokens.contains(&TokenTable::UNKNOWN),
            Target::Class(_) | Target::Tags(_) => false,
        };
        let count = self.validation.iter().filter(is_unanswerable).count();
        count as f64 / self.validation.len().max(1) as f64
    }

    /// Properties of the data that change what is learned or scored, one sentence each.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        let share = self.unknown_share();
        if share > UNCOVERED {
            notes.push(format!(
                "{:.0} % of the validation inputs are unknown to the vocabulary of {} tokens; \
                 symbols=characters or symbols=subwords covers more, where the task has it",
                100.0 * share,
                self.tokens.len()
            ));
        }
        let share = self.unanswerable_share();
        if share > UNANSWERABLE {
            notes.push(format!(
                "{:.0} % of the validation targets have words that the vocabulary of {} tokens \
                 lacks, and no answer to them is right; symbols=characters or symbols=subwords \
                 covers more, where the task has it",
                100.0 * share,
                self.tokens.len()
            ));
        }
        let is_tagging = self.kind == TaskKind::Tagging(Context::Bidirectional);
        if is_tagging && self.score == Metric::TagAccuracy {
            let sentence = "the tags follow no scheme of entities (IOB, IOBES, BILOU), so tag \
                            accuracy is scored instead of entity F1";
            notes.push(sentence.to_owned());
        }
        notes
    }
}
