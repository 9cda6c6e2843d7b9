//! The command line: one file per subcommand. Results go to stdout, everything else to stderr.

mod answer;
mod check;
mod classify;
#[cfg(feature = "images")]
mod classify_image;
mod companions;
#[cfg(feature = "compare")]
mod compare;
mod convert;
mod devices;
mod download;
mod dtype;
mod embed;
mod error;
mod evaluate;
mod fill;
mod forward;
mod generate;
mod global;
mod image_input;
mod list;
mod logging;
mod model;
mod parity;
mod program;
mod rank;
mod renamed;
mod rewrite;
#[cfg(feature = "serve")]
mod serve;
mod show;
mod tag;
mod texts;
mod tokenizer;
mod train;
mod verb;
mod writing;

use dtype::DtypeArg;
use error::{complain, usage};
use global::Global;
use model::ModelArg;
pub use program::main;
