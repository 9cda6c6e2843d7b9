//! Seeds derived from a device's random generator or from another seed.

use burn::tensor::{Device, Distribution, Tensor};

/// Draws a seed from the device's random generator.
pub fn draw(device: &Device) -> u64 {
    let uniform = Distribution::Uniform(0.0, f64::from(1 << 24));
    Tensor::<1>::random([1], uniform, &device.clone().inner()).into_scalar::<f32>() as u64
}

/// Element `index` of SplitMix64's sequence for `seed`; neighboring elements are uncorrelated.
///
/// Reference: Steele et al. 2014, <https://doi.org/10.1145/2660193.2660195>
pub fn mix(seed: u64, index: u64) -> u64 {
    let x = seed.wrapping_add((index + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}
