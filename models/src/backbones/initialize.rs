//! Initial weights, which depend only on the seed and the parameter's path.

use burn::module::Module;
use burn::tensor::TensorData;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::parameters::{self, InitialScale};

/// The distribution of a backbone's initial weights.
#[derive(Debug, Clone, Copy)]
pub struct Initialization {
    /// Standard deviation of every matrix that declares no other.
    pub std: f64,
    /// The number of layers that add to the residual stream.
    pub n_layers: usize,
}

impl Initialization {
    /// For stacks of blocks.
    pub fn of_blocks(std: f64, n_layers: usize) -> Self {
        Self { std, n_layers }
    }

    /// For recurrent layers, which have no residual stream.
    pub fn of_recurrent(std: f64) -> Self {
        Self { std, n_layers: 1 }
    }
}

/// Samples every matrix of `module` from a normal distribution; norms and biases keep their ones
/// and zeros.
///
/// The standard deviation of projections to the residual stream ([`ResidualOutput`]) is divided by
/// `sqrt(2 n_layers)`, so that the variance of the stream does not grow with depth. Every parameter
/// has its own random generator, seeded by `seed` and the parameter's path: the same seed gives the
/// same weights on every device and in any order of initialization.
///
/// Reference: Radford et al. 2019, §2.3, GPT-2.
///
/// [`ResidualOutput`]: crate::parameters::ResidualOutput
pub fn initialize<M: Module>(module: M, how: Initialization, seed: u64) -> M {
    let residual_std = how.std / (2.0 * how.n_layers as f64).sqrt();
    parameters::replace(module, &mut |parameter| {
        if parameter.shape.len() < 2 || !parameter.is_trained() {
            return None;
        }
        let std = match parameter.properties.scale {
            InitialScale::Model => how.std,
            InitialScale::Residual => residual_std,
            InitialScale::Unit => 1.0,
        };
        let mut normal = Normal::new(seed ^ fnv1a(&seeded_name(&parameter.path)));
        let count = parameter.shape.iter().product();
        let values: Vec<f32> = (0..count).map(|_| (normal.draw() * std) as f32).collect();
        Some(TensorData::new(values, parameter.shape.clone()).into())
    })
}

/// The name that seeds a parameter's generator. The prefix keeps the weights of published runs
/// reproducible: the paths of backbones began with it at the time.
fn seeded_name(path: &str) -> String {
    if path.starts_with("lm_head.") { path.to_string() } else { format!("decoder.{path}") }
}

/// Samples from the standard normal distribution, by the polar method.
///
/// Reference: Marsaglia and Bray 1964.
struct Normal {
    generator: ChaCha8Rng,
    spare: Option<f64>,
}

impl Normal {
    fn new(seed: u64) -> Self {
        Self { generator: ChaCha8Rng::seed_from_u64(seed), spare: None }
    }

    fn draw(&mut self) -> f64 {
        if let Some(spare) = self.spare.take() {
            return spare;
        }
        loop {
            let x = self.generator.random::<f64>() * 2.0 - 1.0;
            let y = self.generator.random::<f64>() * 2.0 - 1.0;
            let square = x * x + y * y;
            if square > 0.0 && square < 1.0 {
                let factor = (-2.0 * square.ln() / square).sqrt();
                self.spare = Some(y * factor);
                return x * factor;
            }
        }
    }
}

/// A hash that stays the same in every version of Rust, unlike the standard library's.
///
/// Reference: Fowler, Noll and Vo, 64-bit FNV-1a.
fn fnv1a(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_have_zero_mean_and_unit_variance() {
        let mut normal = Normal::new(7);
        let draws: Vec<f64> = (0..100_000).map(|_| normal.draw()).collect();
        let mean = draws.iter().sum::<f64>() / draws.len() as f64;
        let variance = draws.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / draws.len() as f64;
        assert!(mean.abs() < 0.01, "mean {mean}");
        assert!((variance - 1.0).abs() < 0.02, "variance {variance}");
    }
}
