//! The table of the kernels for tensors in host memory.

use super::{adamw, attention, cross_entropy, dropout, elementwise, host, linear, norm, squares};
use crate::ops::kernels::Kernels;

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
