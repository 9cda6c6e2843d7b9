//! The table of the kernels of LibTorch.

use super::{
    adamw, attention, cross_entropy, dropout, elementwise, linear, norm, squares, tensors,
};
use crate::ops::kernels::Kernels;

/// All kernels.
pub(crate) static KERNELS: Kernels = Kernels {
    is_here: tensors::is_here,
    upcasts: |_| false,
    is_on_the_host: tensors::is_on_the_host,
    attention: attention::attention,
    attention_drops: false,
    cross_entropy_sum: cross_entropy::cross_entropy_sum,
    activation: elementwise::activation,
    dropout: dropout::dropout,
    gated_activation: elementwise::gated_activation,
    linear: linear::LINEAR,
    norm: norm::norm,
    step: adamw::step,
    sum_of_squares: squares::sum_of_squares,
};
