//! The wire format of Hugging Face: what families say in its terms, and how it is read.

pub mod activation;
pub mod config;
pub mod keys;
pub mod labels;
pub mod rope;
