//! Custom kernels. Each is tested against the plain composition of Burn's operations that it
//! replaces.
//!
//! Most functions here return `None` if no kernel supports the inputs (another backend, another
//! dtype); the layer then falls back to Burn's operations. A kernel is here because it makes a
//! benchmark faster or reduces its memory.
//!
//! `gradient` records operations with a custom backward pass, on any backend, and `dispatch` finds
//! the backend that holds a tensor. `flex` has the kernels for tensors in host memory, `libtorch`
//! those that use LibTorch, and `chunked_attention` the attention for all other backends.

#![recursion_limit = "256"]

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
// A stub if the backend is not compiled in.
#[cfg(not(feature = "flex"))]
#[path = "without_flex.rs"]
mod flex;
