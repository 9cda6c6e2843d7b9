//! The documents of a plain text.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// How plain text is split into documents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Documents {
    /// Each file is one document.
    #[default]
    File,
    /// Each line that is not blank.
    Line,
    /// Lines up to a blank line.
    BlankLine,
}

/// A name that is no [`Documents`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown documents {name:?}; there are file, line, blank-line")]
pub struct UnknownDocuments {
    /// The name.
    pub name: String,
}

impl FromStr for Documents {
    type Err = UnknownDocuments;

    fn from_str(name: &str) -> Result<Self, UnknownDocuments> {
        match name {
            "file" => Ok(Self::File),
            "line" => Ok(Self::Line),
            "blank-line" => Ok(Self::BlankLine),
            _ => Err(UnknownDocuments { name: name.to_owned() }),
        }
    }
}

impl fmt::Display for Documents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::File => "file",
            Self::Line => "line",
            Self::BlankLine => "blank-line",
        })
    }
}

/// A piece of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextPiece<'a> {
    /// Its text.
    pub text: &'a str,
    /// Whether the document goes on or ends.
    pub end: PieceEnd,
}

/// What follows a piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PieceEnd {
    /// Another piece of the same document.
    Piece,
    /// Another document, or nothing.
    Document,
}

impl<'a> TextPiece<'a> {
    /// A whole document.
    pub fn whole(text: &'a str) -> Self {
        Self { text, end: PieceEnd::Document }
    }
}

/// Receives pieces in their order, until it breaks.
pub(super) type Pieces<'p> = dyn FnMut(TextPiece<'_>) -> std::ops::ControlFlow<()> + 'p;
