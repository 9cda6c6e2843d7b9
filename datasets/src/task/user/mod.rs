//! `jsonl` and `csv`: the user's own texts with labels, pairs of texts, or words with tags.
//!
//! The fields determine the task: `text` and `label` for classification, `source` and `target` for
//! text to text, `words` and `tags` for tagging. One row in ten is for validation and one in ten
//! for the test, selected by the SHA-256 of the input, so that rows with the same input are in the
//! same split, and stay there when rows are added. The vocabulary is built from the training split.

mod settings;
mod user_file;

pub(super) use user_file::UserFile;
