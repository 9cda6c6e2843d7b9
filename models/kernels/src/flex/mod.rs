//! The kernels for tensors in host memory: f32 on `flex`.

mod adamw;
mod attention;
mod cross_entropy;
mod dropout;
mod elementwise;
mod group;
mod host;
mod kernels;
mod linear;
mod math;
mod memory;
mod norm;
mod product;
mod registers;
mod skinny_gemm;
mod squares;
mod streaming;
mod thread_pool;
mod weight_matrix;
mod widened;

pub(crate) use dropout::factors;
pub(crate) use kernels::KERNELS;
pub(crate) use memory::keep;
pub(crate) use skinny_gemm::linear as skinny_gemm;
