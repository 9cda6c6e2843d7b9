//! Integration tests of data sets, tokenizers, scores and batches.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod batches;
mod downloads;
mod hostile_tokenizers;
mod published;
mod real_data;
mod records;
mod running_text;
mod scores;
mod stories;
mod streams;
mod tasks;
mod text_encoders;
mod tokenizers;
mod training;
mod user_text;
