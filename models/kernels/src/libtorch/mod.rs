//! The operations with LibTorch's own kernels: f32 on `tch`, on all of its devices.

#![allow(deprecated, reason = "the backend is deprecated but supported")]

mod adamw;
mod attention;
mod cross_entropy;
mod dropout;
mod elementwise;
mod kernels;
mod linear;
mod norm;
mod product;
mod squares;
mod tensors;

pub(crate) use kernels::KERNELS;
