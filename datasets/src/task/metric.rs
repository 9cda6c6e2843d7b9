//! Metrics of tasks, and published results.

use std::fmt;

/// The metric of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Metric {
    /// Percent of inputs with the correct label.
    Accuracy,
    /// Percent of target positions with the correct label, over all inputs together.
    TagAccuracy,
    /// Micro-averaged F1 over whole entities in percent, as CoNLL's `conlleval` computes it.
    EntityF1,
    /// Percent of inputs whose whole target sequence is correct, including its end. Of texts: whose
    /// text is that of the data, up to the kind and number of spaces, so that an unknown word is
    /// never correct.
    ExactMatch,
    /// Bits per character: the mean of -log2 of each target's probability.
    BitsPerCharacter,
    /// BLEU over the whole split, in percent, as sacreBLEU computes it.
    Bleu,
    /// chrF2 over the whole split, in percent, as sacreBLEU computes it.
    ChrF,
}

impl Metric {
    /// Whether a higher score is better.
    pub fn higher_is_better(self) -> bool {
        self != Self::BitsPerCharacter
    }
}

/// The name of the metric in tables.
impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Accuracy => "accuracy",
            Self::TagAccuracy => "tag accuracy",
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
    /// The model, and the advantages it had over the models compared here.
    pub what: &'static str,
    /// Its score, in the units of the task's [`Metric`].
    pub score: f64,
    /// The publication.
    pub source: &'static str,
}
