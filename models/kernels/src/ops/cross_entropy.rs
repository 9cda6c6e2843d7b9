//! The targets of a cross-entropy loss.

use std::sync::Arc;

/// The target class of each row; `None` for ignored rows.
pub type Classes = Arc<[Option<usize>]>;
