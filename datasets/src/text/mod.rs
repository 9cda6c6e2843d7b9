//! Text for language models: generated stories, well-known small data sets, the user's files.

mod byte_order_mark;
mod corpus;
mod error;
mod names;
mod source;
mod stories;
mod text_file;
mod tinyshakespeare;

pub use byte_order_mark::without_byte_order_mark;
pub use corpus::{Corpus, Train};
pub use error::TextError;
pub use source::{DATA_SETS, DataSet, TextSource, UnknownDataSet};
pub use stories::Stories;

pub(crate) use names::FILE as NAMES_FILE;
pub(crate) use tinyshakespeare::FILE as SHAKESPEARE_FILE;
