//! What each operation is: its parameters, and the table of kernels that a backend fills. Nothing
//! here knows a backend.

pub(crate) mod adamw;
pub(crate) mod attention;
pub(crate) mod cross_entropy;
pub(crate) mod dropout;
pub(crate) mod elementwise;
pub(crate) mod kernels;
pub(crate) mod linear;
pub(crate) mod norm;
