//! The test suite, as one binary.

#![recursion_limit = "256"]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod circles;
mod cli;
mod compare;
mod contract;
mod families_page;
mod fine_tuning;
mod generation;
mod golden;
mod heads;
mod hostile_configs;
mod hub;
mod layout;
mod loading;
mod minilm;
mod mutations;
mod new_heads;
mod observed;
mod optimizers;
mod parameters;
mod parity;
mod pipelines;
mod pretraining;
mod published;
mod pypi;
mod resized;
mod rope;
mod serve;
mod target_texts;
mod tied;
mod training;
mod vocabulary;
