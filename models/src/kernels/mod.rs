//! Operations of our own, each beside the plain composition that it must equal.
//!
//! A layer asks for one, and composes Burn's operations where it is told that there is none: on other
//! backends, in other formats. An operation is here because a benchmark is faster or smaller with it.
//!
//! `gradient` records operations with a backward pass of their own, on any backend, and `dispatch` finds the
//! one that holds a tensor; `flex` has them for tensors in the host's memory, `libtorch` by the kernels of
//! that library, and `chunked_attention` has the one attention for all others.

pub mod adamw;
pub mod attention;
mod chunked_attention;
pub mod cross_entropy;
mod dispatch;
pub mod dropout;
pub mod elementwise;
mod gradient;
#[cfg(feature = "tch")]
mod libtorch;
pub mod linear;
pub mod memory;
pub mod norm;
pub mod recompute;
pub mod seed;
pub mod skinny_gemm;
pub mod squares;
#[cfg(test)]
mod testing;

#[cfg(feature = "flex")]
mod flex;
// Without the backend there is nothing to compute with it.
#[cfg(not(feature = "flex"))]
#[path = "without_flex.rs"]
mod flex;
