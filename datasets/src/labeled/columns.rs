//! The columns of a task.

use serde::{Deserialize, Serialize};

use crate::records::{FileError, Records};

/// The names of columns; the usual names are found where there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Columns {
    /// The text; the source of a text from a text; the question; the words that are tagged; the
    /// file of an image.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The second text of a pair; the text with the answer to a question.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pair: Option<String>,
    /// The label, the labels, the number or the tags; the target text; the answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
}

const TEXTS: [&str; 9] = [
    "text",
    "sentence",
    "sentence1",
    "premise",
    "review",
    "content",
    "comment",
    "tweet",
    "document",
];
const PAIRS: [&str; 5] = ["text_pair", "pair", "text2", "sentence2", "hypothesis"];
const LABELS: [&str; 9] =
    ["label", "labels", "class", "category", "sentiment", "score", "stars", "rating", "target"];
const IMAGES: [&str; 5] = ["file_name", "image", "path", "filename", "file"];
const WORDS: [&str; 3] = ["words", "tokens", "text"];
const TAGS: [&str; 5] = ["tags", "ner_tags", "pos_tags", "labels", "label"];
const SOURCES: [&str; 8] =
    ["source", "src", "input", "document", "article", "dialogue", "question", "text"];
const TARGETS: [&str; 8] =
    ["target", "tgt", "output", "summary", "highlights", "translation", "answer", "reference"];
const QUERIES: [&str; 9] =
    ["anchor", "query", "question", "sentence1", "premise", "text1", "text", "sentence", "source"];
const DOCUMENTS: [&str; 12] = [
    "positive",
    "document",
    "passage",
    "answer",
    "sentence2",
    "hypothesis",
    "text2",
    "text_pair",
    "pair",
    "response",
    "corpus",
    "target",
];
const SIMILARITIES: [&str; 4] = ["similarity", "score", "label", "labels"];
const RELEVANCES: [&str; 4] = ["relevance", "score", "label", "labels"];

impl Columns {
    pub(crate) fn text(&self, records: &Records) -> Result<String, FileError> {
        records.column(self.text.as_deref(), "--text-column", &TEXTS)
    }

    /// The second text; `None` where no column has such a name and none is requested.
    pub(super) fn pair(&self, records: &Records) -> Result<Option<String>, FileError> {
        let found = records.column(self.pair.as_deref(), "--pair-column", &PAIRS);
        optional(self.pair.as_ref(), found)
    }

    pub(super) fn label(&self, records: &Records) -> Result<String, FileError> {
        records.column(self.label.as_deref(), "--label-column", &LABELS)
    }

    pub(super) fn image(&self, records: &Records) -> Result<String, FileError> {
        records.column(self.text.as_deref(), "--text-column", &IMAGES)
    }

    pub(super) fn words(&self, records: &Records) -> Result<String, FileError> {
        records.column(self.text.as_deref(), "--text-column", &WORDS)
    }

    pub(super) fn tags(&self, records: &Records) -> Result<String, FileError> {
        records.column(self.label.as_deref(), "--label-column", &TAGS)
    }

    pub(super) fn source(&self, records: &Records) -> Result<String, FileError> {
        records.column(self.text.as_deref(), "--text-column", &SOURCES)
    }

    pub(super) fn target(&self, records: &Records) -> Result<String, FileError> {
        records.column(self.label.as_deref(), "--label-column", &TARGETS)
    }

    pub(super) fn question(&self, records: &Records) -> Result<String, FileError> {
        records.column(self.text.as_deref(), "--text-column", &["question"])
    }

    pub(super) fn context(&self, records: &Records) -> Result<String, FileError> {
        records.column(self.pair.as_deref(), "--pair-column", &["context", "passage", "text"])
    }

    pub(super) fn query(&self, records: &Records) -> Result<String, FileError> {
        records.column(self.text.as_deref(), "--text-column", &QUERIES)
    }

    pub(super) fn document(&self, records: &Records) -> Result<String, FileError> {
        records.column(self.pair.as_deref(), "--pair-column", &DOCUMENTS)
    }

    pub(super) fn relevance(&self, records: &Records) -> Result<String, FileError> {
        records.column(self.label.as_deref(), "--label-column", &RELEVANCES)
    }

    /// The similarity of two texts; `None` where no column has such a name and none is requested.
    pub(super) fn similarity(&self, records: &Records) -> Result<Option<String>, FileError> {
        let found = records.column(self.label.as_deref(), "--label-column", &SIMILARITIES);
        optional(self.label.as_ref(), found)
    }

    pub(super) fn answers(&self, records: &Records) -> Result<String, FileError> {
        records.column(self.label.as_deref(), "--label-column", &["answers"])
    }
}

/// A column that may be missing if none is requested.
fn optional(
    requested: Option<&String>,
    found: Result<String, FileError>,
) -> Result<Option<String>, FileError> {
    match (requested, found) {
        (None, Err(FileError::NoColumn { .. })) => Ok(None),
        (_, found) => found.map(Some),
    }
}
