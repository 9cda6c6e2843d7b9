//! The report of a comparison.

mod charts;
mod example;
mod files;
mod html;
mod numbers;
mod verdicts;
