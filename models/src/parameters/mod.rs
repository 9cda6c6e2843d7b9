//! The parameters of a module: their paths, such as `layers.0.attention.query.weight`, their
//! properties, and their values.
//!
//! Properties are declared at the field that holds a parameter, by the type around it; see
//! [`Constant`] and the other wrappers.

mod info;
mod map;
mod path;
mod visit;
mod wrappers;

pub use info::{InitialScale, ParameterDtype, ParameterInfo, ParameterProperties, ParameterRole};
pub use map::{ParameterValue, cast, replace};
pub use path::Path;
pub use visit::{count, list, read};
pub use wrappers::{Buffer, Computed, Constant, KeepF32, ResidualOutput, UnitVariance};
