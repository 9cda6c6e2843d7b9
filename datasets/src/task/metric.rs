//! How answers are scored, and what others reached.

use std::fmt;

/// How the answers to a task are scored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Metric {
    /// Percent of inputs with the right label.
    Accuracy,
    /// Percent of the positions asked about with the right label, over all inputs together.
    TagAccuracy,
    /// Micro-averaged F1 over whole entities in percent, as CoNLL's `conlleval` computes it.
    EntityF1,
    /// Percent of inputs whose whole target sequence is right, to its end.
    ExactMatch,
    /// Mean binary logarithm of the inverse probability of a target: bits per character.
    BitsPerCharacter,
    /// BLEU over the whole part, in percent, as sacreBLEU computes it.
    Bleu,
    /// chrF2 over the whole part, in percent, as sacreBLEU computes it.
    ChrF,
}

impl Metric {
    /// Whether the greater of two scores is the better one.
    pub fn higher_is_better(self) -> bool {
        self != Self::BitsPerCharacter
    }
}

/// The name for tables.
impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Accuracy => "accuracy",
            Self::TagAccuracy => "accuracy of tags",
            Self::EntityF1 => "entity F1",
            Self::ExactMatch => "exact match",
            Self::BitsPerCharacter => "bits per character",
            Self::Bleu => "BLEU",
            Self::ChrF => "chrF",
        })
    }
}

/// A published result.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reference {
    /// The model, and what it had that ours may not have.
    pub what: &'static str,
    /// Its score, in the units of the task's [`Metric`].
    pub score: f64,
    /// Where it is published.
    pub source: &'static str,
}
