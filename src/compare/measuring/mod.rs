//! Measures the costs of a model at a length: time and memory of training, of a forward pass and of
//! generation, each in a subprocess.

mod curve;
mod measurement;
mod work;

pub use curve::{Room, cost_curve};
pub use measurement::{Measured, Measurement, What};
pub use work::{WRITTEN, work};
