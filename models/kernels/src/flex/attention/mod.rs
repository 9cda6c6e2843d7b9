//! [`attention`](crate::attention) for tensors in host memory.

mod fully_masked_rows;
mod heads;
mod operation;
mod rows;

pub(super) use operation::attention;
