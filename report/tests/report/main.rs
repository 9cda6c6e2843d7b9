//! Integration tests of reports.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod charts;
mod example;
mod files;
mod html;
mod numbers;
mod verdicts;
