//! Labeled texts: what people fine-tune on, and evaluate with.
//!
//! A [`LabeledTask`] says what is learned, and [`LabeledTexts::read`] finds the columns of
//! [`Records`](crate::records::Records) that it needs.

mod columns;
mod read;
mod related;
mod split;
mod task;
mod text;

pub use columns::Columns;
pub use task::{LabeledTask, UnknownLabeledTask};
pub use text::{Answer, LabeledTarget, LabeledText, LabeledTexts, Relation};
