//! Locates the files of published data sets: the user's folder, the cache, or the network.
//!
//! The size and SHA-256 of every file must match the table of data sets, wherever it was found:
//! a score measured on other data than the report names is worse than no score.

mod data_file;
mod fetch;
mod search_path;

pub use data_file::DataFile;
pub use search_path::{DATA_VARIABLE, LocateError, SearchPath};
