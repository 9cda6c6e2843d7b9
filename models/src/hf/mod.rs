//! Hugging Face's wire format: the declarations that families make, and how configs are parsed.

pub mod activation;
pub mod config;
pub mod keys;
pub mod labels;
pub mod rope;
