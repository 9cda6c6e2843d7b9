//! Sinusoidal positions: sines and cosines of different frequencies, computed and not learned.

use burn::tensor::{Device, Tensor, TensorData};
use serde::{Deserialize, Serialize};

/// The order of sines and cosines among the features.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SinusoidLayout {
    /// The sine and the cosine of a frequency next to each other. Reference: Vaswani et al. 2017,
    /// §3.5, <https://arxiv.org/abs/1706.03762>
    Interleaved,
    /// All sines, then all cosines.
    Halves,
    /// All sines, then all cosines, with frequencies from 1 to `1 / 10000` inclusive: fairseq.
    HalvesInclusive,
}

/// The sinusoidal vector of each position.
///
/// ```text
/// sin(p / 10000^(i / n)), cos(p / 10000^(i / n)),   n = d_model / 2, and n - 1 where inclusive
/// ```
///
/// # Shapes
///
/// - `positions`: rows of equal length
/// - result: `[rows, seq, d_model]`
pub fn sinusoid(
    positions: &[Vec<usize>],
    d_model: usize,
    layout: SinusoidLayout,
    device: &Device,
) -> Tensor<3> {
    let half = d_model / 2;
    let rate = |i: usize| match layout {
        SinusoidLayout::HalvesInclusive => {
            // In f32, as in the reference: at position 1000 the rounding of the step is visible.
            let step = 10_000f64.ln() / (half as f64 - 1.0).max(1.0);
            f64::from((i as f32 * -step as f32).exp())
        }
        _ => 10_000f64.powf(-(i as f64) / half as f64),
    };
    let rates: Vec<f64> = (0..half).map(rate).collect();
    let angle = |position: usize, rate: f64| match layout {
        SinusoidLayout::HalvesInclusive => f64::from(position as f32 * rate as f32),
        _ => position as f64 * rate,
    };
    let seq = positions.first().map_or(0, Vec::len);
    let mut values: Vec<f32> = Vec::with_capacity(positions.len() * seq * d_model);
    for &position in positions.iter().flatten() {
        let angles = rates.iter().map(|&rate| angle(position, rate));
        match layout {
            SinusoidLayout::Interleaved => {
                values.extend(angles.flat_map(|a| [a.sin() as f32, a.cos() as f32]));
            }
            _ => {
                values.extend(angles.clone().map(|a| a.sin() as f32));
                values.extend(angles.map(|a| a.cos() as f32));
            }
        }
    }
    Tensor::from_data(TensorData::new(values, [positions.len(), seq, 2 * half]), device)
}
