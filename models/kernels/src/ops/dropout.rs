//! The parameters of dropout.

use burn::tensor::Device;

use crate::seed::{draw, mix};

/// Inverted dropout: elements are dropped in training, and the others are scaled up, so that the
/// expected sum is unchanged.
///
/// The dropout mask depends only on the seed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dropout {
    /// The probability of dropping an element, below 1.
    pub probability: f64,
    /// The seed of the dropout mask.
    pub seed: u64,
}

impl Dropout {
    /// Dropout with a seed from the device's random generator.
    pub fn draw(probability: f64, device: &Device) -> Self {
        Self { probability, seed: draw(device) }
    }

    /// The factor on elements that are not dropped.
    pub(crate) fn scale(self) -> f64 {
        1.0 / (1.0 - self.probability)
    }

    /// The seed of part number `part`.
    pub(crate) fn seed_of(self, part: usize) -> u64 {
        mix(self.seed, part as u64)
    }
}
