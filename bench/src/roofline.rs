//! What the machine can do at most.

use std::num::NonZero;
use std::thread;
use std::time::Instant;

use anyhow::Result;
use burn::tensor::{Distribution, Tensor};
use burn_zoo::Device;

/// Rows and columns of the matrices that are multiplied.
const SIZE: usize = 2048;

/// How often they are; the fastest counts.
const PASSES: usize = 15;

/// Cores that programs may use.
pub fn threads() -> usize {
    thread::available_parallelism().map_or(1, NonZero::get)
}

/// Billions of floating-point operations per second of products of large matrices of 32-bit floats.
///
/// # Errors
///
/// The device cannot compute.
pub fn matrix_products(device: &Device) -> Result<f64> {
    let matrix = || Tensor::<2>::random([SIZE, SIZE], Distribution::Default, device);
    let (a, b) = (matrix(), matrix());
    let mut fastest = f64::INFINITY;
    for _ in 0..PASSES {
        let began = Instant::now();
        let product = a.clone().matmul(b.clone());
        device.sync()?;
        fastest = fastest.min(began.elapsed().as_secs_f64());
        drop(product);
    }
    Ok(2.0 * (SIZE as f64).powi(3) / fastest / 1e9)
}
