//! How documents are put into rows.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// How the documents of a text are put into the rows of batches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Packing {
    /// Rows are windows of one stream of all documents, with an end token between two.
    #[default]
    Stream,
    /// A row has tokens of one document, which ends with an end token. Shorter rows are padded.
    Bordered,
}

/// A name that is no [`Packing`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown packing {name:?}; there are stream, bordered")]
pub struct UnknownPacking {
    /// The name.
    pub name: String,
}

impl FromStr for Packing {
    type Err = UnknownPacking;

    fn from_str(name: &str) -> Result<Self, UnknownPacking> {
        match name {
            "stream" => Ok(Self::Stream),
            "bordered" => Ok(Self::Bordered),
            _ => Err(UnknownPacking { name: name.to_owned() }),
        }
    }
}

impl fmt::Display for Packing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stream => "stream",
            Self::Bordered => "bordered",
        })
    }
}
