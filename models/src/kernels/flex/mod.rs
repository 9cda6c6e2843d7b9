//! The operations where tensors lie in the host's memory: 32-bit floats on `flex`.

mod adamw;
mod attention;
mod crew;
mod cross_entropy;
mod elementwise;
mod few_rows;
mod host;
mod linear;
mod math;
mod memory;
mod norm;
mod product;
mod squares;
mod streaming;

pub(super) use adamw::step;
pub(super) use attention::attention;
pub(super) use cross_entropy::cross_entropy_sum;
pub(super) use elementwise::{curve, gated};
pub(super) use few_rows::linear as few_rows;
pub(super) use linear::linear;
pub(super) use memory::keep;
pub(super) use norm::norm;
pub(super) use squares::sum_of_squares;
