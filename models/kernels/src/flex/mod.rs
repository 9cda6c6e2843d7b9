//! The kernels for tensors in host memory: f32 on `flex`.

mod adamw;
mod attention;
mod cross_entropy;
mod dropout;
mod elementwise;
mod group;
mod host;
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

use crate::ops::kernels::Kernels;

pub(crate) use dropout::factors;
pub(crate) use memory::keep;
pub(crate) use skinny_gemm::linear as skinny_gemm;

/// All kernels except `skinny_gemm`.
pub(crate) static KERNELS: Kernels = Kernels {
    is_here: host::is_here,
    upcasts: host::is_half,
    is_on_the_host: |_| true,
    attention: attention::attention,
    attention_drops: true,
    cross_entropy_sum: cross_entropy::cross_entropy_sum,
    activation: elementwise::activation,
    dropout: dropout::dropout,
    gated_activation: elementwise::gated_activation,
    linear: linear::LINEAR,
    norm: norm::norm,
    step: adamw::step,
    sum_of_squares: squares::sum_of_squares,
};
