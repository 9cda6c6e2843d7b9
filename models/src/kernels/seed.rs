//! Seeds that a device or another seed decides.

use burn::tensor::{Device, Distribution, Tensor};

/// A seed, as the device's own numbers decide.
pub fn draw(device: &Device) -> u64 {
    let uniform = Distribution::Uniform(0.0, f64::from(1 << 24));
    Tensor::<1>::random([1], uniform, &device.clone().inner()).into_scalar::<f32>() as u64
}

/// SplitMix64's number at a place of the sequence that begins at a seed: neighbouring places get unrelated ones.
///
/// Reference: Steele et al. 2014, <https://doi.org/10.1145/2660193.2660195>
pub fn mix(seed: u64, place: u64) -> u64 {
    let x = seed.wrapping_add((place + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}
