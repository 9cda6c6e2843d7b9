//! `zoo tokenizer`

mod command;
mod count;
mod decode;
mod encode;
mod files;
mod model;
mod train;

pub(super) use command::{TokenizerArgs, run};
