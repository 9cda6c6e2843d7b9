//! Units of text.

use serde::{Deserialize, Serialize};

/// The kind of tokens that texts are split into.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Units {
    /// Characters.
    Characters,
    /// Words; rare ones are unknown.
    Words,
    /// Subwords of a byte-level BPE.
    Subwords,
}
