//! What the data sets, tokenizers and batches promise.

mod batches;
mod downloads;
mod real_data;
mod stories;
mod tokenizers;
mod user_text;
