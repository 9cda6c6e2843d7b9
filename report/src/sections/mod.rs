//! The sections of a report.

mod assemble;
mod costs;
mod curves;
mod labels;
mod lengths;
mod median;
mod rates;
mod runs;
mod scaling;
mod scores;
mod setup;
mod shown;

pub use assemble::page;
