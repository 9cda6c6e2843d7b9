//! The version of cached runs.

/// The version of the code that computes a run; cached runs of other versions are not reused. The
/// number after `operations` increases whenever the results of a run change, even in the last bits.
pub const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "+operations-6", "+burn-0.22.1");
