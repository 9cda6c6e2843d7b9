//! Text for language models: generated stories, well-known small data sets, the user's files.

mod byte_order_mark;
mod corpus;
mod documents;
mod error;
mod names;
mod plain;
mod running_text;
mod source;
mod stories;
mod summary;
mod text_file;
mod text_files;
mod tinyshakespeare;

pub use byte_order_mark::without_byte_order_mark;
pub use corpus::{Corpus, Train};
pub use documents::{Documents, PieceEnd, TextPiece, UnknownDocuments};
pub use error::TextError;
pub use running_text::{ReadLimits, RunningText, TextSplit};
pub use source::{DATA_SETS, DataSet, TextSource, UnknownDataSet};
pub use stories::Stories;
pub use text_files::{TextFiles, TextFormat};

pub(crate) use names::FILE as NAMES_FILE;
pub(crate) use tinyshakespeare::FILE as SHAKESPEARE_FILE;
