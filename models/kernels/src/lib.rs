//! Custom operations for Burn: fused kernels with their own gradients, and attention in memory
//! linear in the sequence length.
//!
//! ```
//! use burn::tensor::{Device, Distribution, Tensor};
//! use zoo_kernels::norm::{Centre, NormParams, norm};
//!
//! let device = Device::flex().autodiff();
//! let x = Tensor::<2>::random([4, 64], Distribution::Default, &device).require_grad();
//! let gamma = Tensor::ones([64], &device);
//!
//! let rms = NormParams { centre: Centre::Zero, epsilon: 1e-6, offset: 0.0 };
//! let y = norm(rms, &x, gamma, None).expect("flex has a kernel for f32");
//! let gradients = y.sum().backward();
//! assert_eq!(x.grad(&gradients).expect("a gradient").dims(), [4, 64]);
//! ```
//!
//! Most functions return `None` if no kernel supports the inputs (another backend, another dtype);
//! the caller then falls back to Burn's operations. A kernel is here because it makes a benchmark
//! faster or reduces its memory, and is tested against the plain composition of Burn's operations
//! that it replaces: values and gradients.
//!
//! Modules are layered; a module imports only from lower levels:
//!
//! | level | module | content |
//! |---|---|---|
//! | 0 | `backend`, `gradient` | the backend that holds a tensor; operations with a custom backward pass |
//! | 1 | `ops` | what each operation is: its parameters, and the table of kernels that a backend fills |
//! | 2 | `flex`, `libtorch` | kernels for tensors in host memory; kernels with LibTorch |
//! | 3 | `dispatch` | finds the kernels of the backend that holds a tensor |
//! | 4 | `chunked_attention`, `recompute` | operations for every backend |
//! | 5 | [`attention`], [`linear`], [`norm`] and the rest | the functions to call |

#![recursion_limit = "256"]

/// Compiles the README's example.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

/// A fingerprint of what decides the results of operations: their code without comments, and the
/// versions of the backends. It tells whether a stored measurement is of this code.
pub const FINGERPRINT: &str = env!("ZOO_KERNELS_FINGERPRINT");

pub mod adamw;
pub mod attention;
mod backend;
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
mod ops;
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
