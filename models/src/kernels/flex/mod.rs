//! The operations where tensors lie in the host's memory: 32-bit floats on `flex`.

mod adamw;
mod attention;
mod crew;
mod cross_entropy;
mod dropout;
mod elementwise;
mod few_rows;
mod group;
mod host;
mod linear;
mod math;
mod memory;
mod norm;
mod product;
mod registers;
mod squares;
mod streaming;
mod widened;

use super::backing::Operations;

pub(super) use dropout::factors;
pub(super) use few_rows::linear as few_rows;
pub(super) use memory::keep;

/// All of them but those of a few rows.
pub(super) static OPERATIONS: Operations = Operations {
    is_here: host::is_here,
    widens: host::is_half,
    is_on_the_host: |_| true,
    attention: attention::attention,
    attention_drops: true,
    cross_entropy_sum: cross_entropy::cross_entropy_sum,
    curve: elementwise::curve,
    dropout: dropout::dropout,
    gated: elementwise::gated,
    linear: linear::LINEAR,
    norm: norm::norm,
    step: adamw::step,
    sum_of_squares: squares::sum_of_squares,
};
