//! The code that a measured training step depends on.

/// The sources of gradients and updates, a part of the fingerprints of measured results.
pub const UPDATE_SOURCES: [&str; 2] = [include_str!("adamw.rs"), include_str!("gradients.rs")];
