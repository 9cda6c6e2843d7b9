//! Operations of our own, each beside the plain composition that it must equal.
//!
//! A layer asks for one, and composes Burn's operations where it is told that there is none: on other
//! backends, in other formats. An operation is here because a benchmark is faster or smaller with it.
//!
//! `gradient` records operations with a backward pass of their own, on any backend, and `backing` finds the
//! one that holds a tensor; `flex` has them for tensors in the host's memory, `libtorch` by the kernels of
//! that library, and `tiles` has the one attention for all others.

pub mod adamw;
pub mod attention;
mod backing;
pub mod cross_entropy;
pub mod dropout;
pub mod elementwise;
pub mod few_rows;
mod gradient;
#[cfg(feature = "tch")]
mod libtorch;
pub mod linear;
pub mod memory;
pub mod norm;
pub mod recompute;
pub mod seed;
pub mod squares;
#[cfg(test)]
mod testing;
mod tiles;

#[cfg(feature = "flex")]
mod flex;
// Without the backend there is nothing to compute with it.
#[cfg(not(feature = "flex"))]
#[path = "without_flex.rs"]
mod flex;
