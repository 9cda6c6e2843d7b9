//! Objectives on running text.

mod corrupted_data;
mod text_objective;

pub use corrupted_data::CorruptedData;
pub use text_objective::TextObjective;
