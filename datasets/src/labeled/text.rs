//! Texts with their labels.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

use super::LabeledTask;
use crate::hash::hex;

/// Labeled texts of one task.
#[derive(Clone, Debug, PartialEq)]
pub struct LabeledTexts {
    /// The task.
    pub task: LabeledTask,
    /// The names of the labels, by index; one name for the number of a regression, none for tasks
    /// without labels.
    pub labels: Vec<String>,
    /// The examples, in the order of the files.
    pub examples: Vec<LabeledText>,
}

/// A text, or a pair of texts, with its target.
#[derive(Clone, Debug, PartialEq)]
pub struct LabeledText {
    /// The text; words that are tagged are joined by spaces.
    pub text: String,
    /// The second text of a pair; the text with the answer to a question; the document of a query.
    pub pair: Option<String>,
    /// The target.
    pub target: LabeledTarget,
}

/// The target of a text. Labels are indices into [`LabeledTexts::labels`].
#[derive(Clone, Debug, PartialEq)]
pub enum LabeledTarget {
    /// One label.
    Label(u32),
    /// The labels that apply, in increasing order.
    Labels(Vec<u32>),
    /// A number.
    Number(f64),
    /// How well the second text fits the text, from 0 to 1.
    Relevance(f64),
    /// The label of each word of the text.
    Tags(Vec<u32>),
    /// The answers in the second text, all of them right; none if it has no answer.
    Answers(Vec<Answer>),
    /// A text.
    Text(String),
    /// The relation of the text to the second text, and to others.
    Related(Relation),
}

/// The relation of a text to other texts: without a similarity, the second text has the same
/// meaning, or answers the text, and the negatives do not.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Relation {
    /// The similarity to the second text, from -1 to 1.
    pub similarity: Option<f64>,
    /// Texts with another meaning.
    pub negatives: Vec<String>,
}

/// An answer in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The answer.
    pub text: String,
    /// The index of its first character.
    pub start: usize,
}

impl LabeledTexts {
    /// The same texts with the labels in another order: labels with the same names.
    ///
    /// # Panics
    ///
    /// Panics if a label is missing.
    pub fn with_labels(self, labels: &[String]) -> Self {
        let index: HashMap<&str, u32> = labels.iter().map(String::as_str).zip(0..).collect();
        let places: Vec<Option<u32>> =
            self.labels.iter().map(|name| index.get(name.as_str()).copied()).collect();
        let place = |label: &u32| {
            let name = &self.labels[*label as usize];
            places[*label as usize].unwrap_or_else(|| panic!("there is no label {name:?}"))
        };
        let moved = |text: &LabeledText| {
            let target = match &text.target {
                LabeledTarget::Label(label) => LabeledTarget::Label(place(label)),
                LabeledTarget::Labels(set) => LabeledTarget::Labels({
                    let mut set: Vec<u32> = set.iter().map(place).collect();
                    set.sort_unstable();
                    set
                }),
                LabeledTarget::Tags(tags) => LabeledTarget::Tags(tags.iter().map(place).collect()),
                other => other.clone(),
            };
            LabeledText { target, ..text.clone() }
        };
        let examples = self.examples.iter().map(moved).collect();
        Self { task: self.task, labels: labels.to_vec(), examples }
    }

    /// A SHA-256 over the texts and targets of splits, by the names of their labels.
    pub fn fingerprint(splits: &[&Self]) -> String {
        let mut hash = Sha256::new();
        for split in splits {
            hash.update((split.examples.len() as u64).to_le_bytes());
            for LabeledText { text, pair, target } in &split.examples {
                let name = |label: &u32| split.labels[*label as usize].as_str();
                let target = match target {
                    LabeledTarget::Label(label) => name(label).to_owned(),
                    LabeledTarget::Labels(labels) | LabeledTarget::Tags(labels) => {
                        labels.iter().map(name).collect::<Vec<_>>().join("\n")
                    }
                    LabeledTarget::Number(number) | LabeledTarget::Relevance(number) => {
                        number.to_string()
                    }
                    LabeledTarget::Answers(answers) => format!("{answers:?}"),
                    LabeledTarget::Text(text) => text.clone(),
                    LabeledTarget::Related(relation) => format!("{relation:?}"),
                };
                for part in [text.as_str(), pair.as_deref().unwrap_or_default(), &target] {
                    hash.update((part.len() as u64).to_le_bytes());
                    hash.update(part);
                }
            }
        }
        hex(&hash.finalize())
    }
}
