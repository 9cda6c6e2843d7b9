//! Comparing architectures: the same data, a matched budget, several seeds, one report.
//!
//! A [`study`] is everything that was measured, as plain values; a [`report`] shows one.

pub mod report;
pub mod study;
