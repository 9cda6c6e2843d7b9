//! The peak throughput of the machine.

use std::num::NonZero;
use std::thread;
use std::time::Instant;

use anyhow::Result;
use burn::tensor::{Distribution, Tensor};
use burn_zoo::Device;

/// The number of rows and columns of the multiplied matrices.
const SIZE: usize = 2048;

/// The number of passes; the fastest is reported.
const PASSES: usize = 15;

/// The number of available cores.
pub fn threads() -> usize {
    thread::available_parallelism().map_or(1, NonZero::get)
}

/// The throughput of large f32 matrix products in GFLOP/s.
///
/// # Errors
///
/// The device fails.
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
