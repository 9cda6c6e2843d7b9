//! Reports of Burn Zoo's comparisons: the stored results, their statistics, and their rendering.
//!
//! A [`study::Study`] holds the results of a comparison as plain values. [`aggregate`] computes its
//! means, tests and fits from the runs, with the methods of [`statistics`]. A report renders a study
//! as HTML, Markdown, CSV and JSON, and computes nothing but [`verdict`]s. This crate depends on no
//! model and no tensor.
//!
//! ```no_run
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let study = zoo_report::read(&std::fs::read_to_string("study.json")?)?;
//! for path in zoo_report::write(&study, std::path::Path::new("reports/listops"))? {
//!     println!("{}", path.display());
//! }
//! # Ok(())
//! # }
//! ```

/// Compiles the README's example.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

pub mod aggregate;
pub mod page;
pub mod prelude;
pub mod runs;
pub mod statistics;
pub mod study;
pub mod verdict;

mod chart;
mod error;
mod files;
mod html;
mod json;
mod markdown;
mod number;
mod sections;

pub use error::ReportError;
pub use files::write;
pub use html::html;
pub use json::{json, read, rounded};
pub use markdown::markdown;
pub use sections::page;
