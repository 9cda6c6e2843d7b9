//! Integration tests of reports.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod aggregates;
mod example;
mod files;
mod html;
mod verdicts;
