//! The test suite, as one program.

#![recursion_limit = "256"]

mod cli;
mod contract;
mod golden;
mod layout;
mod loading;
mod rope;
mod training;
