//! Operations of our own, each beside the plain composition that it must equal.
//!
//! A layer asks for one, and composes Burn's operations where it is told that there is none: on other
//! backends, in other formats, where gradients are wanted, for other shapes. An operation is here because
//! a benchmark is faster with it.

pub mod adamw;
pub mod attention;
pub mod cross_entropy;
pub mod elementwise;
pub mod few_rows;
mod gradient;
pub mod linear;
pub mod memory;
pub mod norm;
#[cfg(test)]
mod testing;
mod tiles;

#[cfg(feature = "flex")]
mod flex;
// Without the backend there is nothing to compute with it.
#[cfg(not(feature = "flex"))]
#[path = "without_flex.rs"]
mod flex;
