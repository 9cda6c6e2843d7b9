//! The tasks of labeled data.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What is learned from labeled texts or images.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LabeledTask {
    /// One label for each text, or pair of texts.
    Classification,
    /// Any number of labels for each text, or pair of texts.
    MultiLabelClassification,
    /// A number for each text, or pair of texts.
    Regression,
    /// A label for each word.
    Tagging,
    /// The span of a text that answers a question, or none.
    QuestionAnswering,
    /// A text from a text: translation, summarization.
    TextToText,
    /// A vector for each text, near those of texts with the same meaning.
    SentenceEmbedding,
    /// How well a text fits a query, from 0 to 1.
    Ranking,
    /// One label for each image.
    ImageClassification,
}

/// A name that is no task.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown task {name:?}; there are {}", LabeledTask::names().join(", "))]
pub struct UnknownLabeledTask {
    /// The name.
    pub name: String,
}

impl LabeledTask {
    /// All tasks.
    pub const ALL: [Self; 9] = [
        Self::Classification,
        Self::MultiLabelClassification,
        Self::Regression,
        Self::Tagging,
        Self::QuestionAnswering,
        Self::TextToText,
        Self::SentenceEmbedding,
        Self::Ranking,
        Self::ImageClassification,
    ];

    /// The names of all tasks.
    pub fn names() -> Vec<&'static str> {
        Self::ALL.iter().map(|task| task.name()).collect()
    }

    /// Whether a model of the task has named labels; a regression and a ranking have one name for
    /// their number.
    pub fn has_labels(self) -> bool {
        !matches!(self, Self::QuestionAnswering | Self::TextToText | Self::SentenceEmbedding)
    }

    /// The name, as in `--task`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Classification => "classification",
            Self::MultiLabelClassification => "multi-label-classification",
            Self::Regression => "regression",
            Self::Tagging => "tagging",
            Self::QuestionAnswering => "question-answering",
            Self::TextToText => "text-to-text",
            Self::SentenceEmbedding => "sentence-embedding",
            Self::Ranking => "ranking",
            Self::ImageClassification => "image-classification",
        }
    }
}

impl fmt::Display for LabeledTask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for LabeledTask {
    type Err = UnknownLabeledTask;

    fn from_str(name: &str) -> Result<Self, UnknownLabeledTask> {
        let found = Self::ALL.into_iter().find(|task| task.name() == name);
        found.ok_or_else(|| UnknownLabeledTask { name: name.to_owned() })
    }
}
