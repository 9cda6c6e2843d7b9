//! What a model is trained on.

use std::collections::BTreeMap;

/// Words in order, with the number of their occurrences.
pub(super) type Words = BTreeMap<String, u64>;
