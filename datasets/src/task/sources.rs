//! The texts that a task was made from.

use super::word_encoder::Sentence;
use crate::labeled::{LabeledTarget, LabeledText};

/// The texts of a task's examples, for models with a tokenizer of their own: one for each example of
/// each split, in the same order.
#[derive(Clone, Debug, PartialEq)]
pub struct Sources {
    /// Of the training examples.
    pub train: Vec<LabeledText>,
    /// Of the validation examples.
    pub validation: Vec<LabeledText>,
    /// Of the test examples.
    pub test: Vec<LabeledText>,
}

/// A text with one label.
pub(super) fn classified(text: &str, label: u32) -> LabeledText {
    LabeledText { text: text.to_owned(), pair: None, target: LabeledTarget::Label(label) }
}

/// A text with the text that it becomes.
pub(super) fn rewritten(text: &str, target: &str) -> LabeledText {
    let target = LabeledTarget::Text(target.to_owned());
    LabeledText { text: text.to_owned(), pair: None, target }
}

/// Words with their tags; spaces within a word would separate two.
pub(super) fn tagged(sentence: &Sentence, names: &[String]) -> LabeledText {
    let word = |word: &str| word.split_whitespace().collect::<Vec<_>>().join("\u{a0}");
    let words: Vec<String> = sentence.iter().map(|tagged| word(&tagged.word)).collect();
    let tag = |tag: &String| names.iter().position(|name| name == tag).unwrap_or(0) as u32;
    let tags = sentence.iter().map(|tagged| tag(&tagged.tag)).collect();
    LabeledText { text: words.join(" "), pair: None, target: LabeledTarget::Tags(tags) }
}
