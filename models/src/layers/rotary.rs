//! Rotary position embeddings: the frequencies, and their scaling to longer contexts.

use burn::tensor::{Device, Tensor, TensorData};
use serde::{Deserialize, Serialize};

use super::position::{PositionIds, Rotation};

/// Rotary embeddings over the first `d_rotary` features of each head.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RotaryConfig {
    /// Rotated features of each head; an even number.
    pub d_rotary: usize,
    /// Base of the frequencies, `rope_theta` in configs.
    pub theta: f64,
    /// How frequencies are scaled for contexts beyond the trained length.
    pub scaling: RotaryScaling,
    /// Which features of a head make a pair.
    pub layout: RotaryLayout,
}

/// Which features of a head make a pair that is rotated together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum RotaryLayout {
    /// `x[i]` and `x[i + d/2]`: GPT-NeoX, Llama.
    Halves,
    /// `x[2i]` and `x[2i + 1]`: the paper, GPT-J.
    Interleaved,
}

/// How rotary frequencies are scaled.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum RotaryScaling {
    /// No scaling.
    None,
    /// Every frequency divided by `factor`. Reference: Chen et al. 2023,
    /// <https://arxiv.org/abs/2306.15595>
    Linear {
        /// The factor by which the context is extended.
        factor: f64,
    },
    /// The base grows with the length once the length exceeds `max_positions`.
    Dynamic {
        /// The factor by which the context may be extended.
        factor: f64,
        /// The trained length, in tokens.
        max_positions: usize,
    },
    /// High frequencies stay, low ones are divided, with a linear ramp in between.
    Yarn(Yarn),
    /// The same idea with wavelengths as bounds: Llama 3.1.
    Llama3(Llama3),
    /// A divisor for each frequency, with one set for short sequences and one for long ones.
    Long(LongRope),
}

/// Parameters of LongRoPE.
///
/// Reference: Ding et al. 2024, <https://arxiv.org/abs/2402.13753>
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LongRope {
    /// Divisors of the frequencies up to the trained length.
    pub short: Vec<f64>,
    /// Divisors of the frequencies beyond it.
    pub long: Vec<f64>,
    /// The trained length, in tokens.
    pub original_max_positions: usize,
    /// Scale of cosines and sines, at any length.
    pub attention_factor: f64,
}

/// Parameters of YaRN.
///
/// Reference: Peng et al. 2023, §3.2 and §3.3, <https://arxiv.org/abs/2309.00071>
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Yarn {
    /// The factor by which the context is extended.
    pub factor: f64,
    /// Scale of cosines and sines.
    pub attention_factor: f64,
    /// Rotations over the trained length above which a frequency stays.
    pub beta_fast: f64,
    /// Rotations over the trained length below which a frequency is divided.
    pub beta_slow: f64,
    /// The trained length, in tokens.
    pub original_max_positions: usize,
    /// How the bounds of the ramp are rounded.
    pub borders: RampBorders,
}

/// How the bounds of YaRN's ramp are rounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum RampBorders {
    /// Outward, to integer dimensions.
    Whole,
    /// No rounding.
    Exact,
}

/// Parameters of Llama 3.1's scaling.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Llama3 {
    /// The factor by which the context is extended.
    pub factor: f64,
    /// Wavelengths above `original_max_positions / low_freq_factor` are divided.
    pub low_freq_factor: f64,
    /// Wavelengths below `original_max_positions / high_freq_factor` stay.
    pub high_freq_factor: f64,
    /// The trained length, in tokens.
    pub original_max_positions: usize,
}

impl RotaryConfig {
    /// Cosines and sines for the tokens of one forward pass.
    ///
    /// Angles are computed as products in f32, as in the reference: at position 100,000 a more
    /// exact frequency would give a different rotation.
    pub fn rotation(&self, positions: &PositionIds, device: &Device) -> Rotation {
        let frequencies = self.frequencies(positions.span());
        let scale = self.attention_factor();
        let rows = positions.rows();
        let seq = rows.first().map_or(0, Vec::len);
        let mut cos = Vec::with_capacity(rows.len() * seq * frequencies.len());
        let mut sin = Vec::with_capacity(cos.capacity());
        for &position in rows.iter().flatten() {
            for frequency in &frequencies {
                let angle = f64::from(position as f32 * frequency);
                cos.push((angle.cos() * scale) as f32);
                sin.push((angle.sin() * scale) as f32);
            }
        }
        let shape = [rows.len(), 1, seq, frequencies.len()];
        Rotation {
            cos: Tensor::from_data(TensorData::new(cos, shape), device),
            sin: Tensor::from_data(TensorData::new(sin, shape), device),
            layout: self.layout,
        }
    }

    /// The angle per position of each pair of features, in radians, for a sequence of `length`
    /// tokens.
    ///
    /// ```text
    /// theta^(-2i/d),  i = 0 .. d/2
    /// ```
    pub fn frequencies(&self, length: usize) -> Vec<f32> {
        let plain = |theta: f64| -> Vec<f64> {
            let d = self.d_rotary as f64;
            (0..self.d_rotary / 2)
                .map(|i| f64::from((1.0 / theta.powf(2.0 * i as f64 / d)) as f32))
                .collect()
        };
        let scaled: Vec<f64> = match &self.scaling {
            RotaryScaling::None => plain(self.theta),
            RotaryScaling::Linear { factor } => {
                plain(self.theta).iter().map(|frequency| frequency / factor).collect()
            }
            RotaryScaling::Dynamic { factor, max_positions } => {
                let d = self.d_rotary as f64;
                let stretch = length.max(*max_positions) as f64 / *max_positions as f64;
                plain(self.theta * (factor * stretch - (factor - 1.0)).powf(d / (d - 2.0)))
            }
            RotaryScaling::Yarn(yarn) => yarn.scale(&plain(self.theta), self.theta, self.d_rotary),
            RotaryScaling::Long(long_rope) => {
                let is_long = length > long_rope.original_max_positions;
                let divisors = if is_long { &long_rope.long } else { &long_rope.short };
                plain(self.theta).iter().zip(divisors).map(|(f, divisor)| f / divisor).collect()
            }
            RotaryScaling::Llama3(llama3) => {
                plain(self.theta).iter().map(|&frequency| llama3.scale(frequency)).collect()
            }
        };
        scaled.into_iter().map(|frequency| frequency as f32).collect()
    }

    /// Scale of cosines and sines; 1 for all scalings but YaRN and LongRoPE.
    pub fn attention_factor(&self) -> f64 {
        match &self.scaling {
            RotaryScaling::Yarn(yarn) => yarn.attention_factor,
            RotaryScaling::Long(long_rope) => long_rope.attention_factor,
            _ => 1.0,
        }
    }
}

impl Yarn {
    /// The attention factor that the paper recommends for a context `factor` times longer, with an
    /// optional multiplier `mscale` of its logarithm.
    pub fn recommended_attention_factor(factor: f64, mscale: f64) -> f64 {
        if factor <= 1.0 { 1.0 } else { 0.1 * mscale * factor.ln() + 1.0 }
    }

    fn scale(&self, frequencies: &[f64], theta: f64, d_rotary: usize) -> Vec<f64> {
        // The dimension whose frequency makes `rotations` rotations over the trained length.
        let dimension = |rotations: f64| {
            let length = self.original_max_positions as f64;
            d_rotary as f64 * (length / (rotations * std::f64::consts::TAU)).ln()
                / (2.0 * theta.ln())
        };
        let (mut low, mut high) = (dimension(self.beta_fast), dimension(self.beta_slow));
        if self.borders == RampBorders::Whole {
            (low, high) = (low.floor(), high.ceil());
        }
        (low, high) = (low.max(0.0), high.min(d_rotary as f64 - 1.0));
        // As in the reference, an empty ramp is widened by this much to avoid a division by zero.
        let width = if low == high { 0.001 } else { high - low };
        let blend = |(i, &frequency): (usize, &f64)| {
            let ramp = ((i as f64 - low) / width).clamp(0.0, 1.0);
            frequency / self.factor * ramp + frequency * (1.0 - ramp)
        };
        frequencies.iter().enumerate().map(blend).collect()
    }
}

impl Llama3 {
    fn scale(&self, frequency: f64) -> f64 {
        let wavelength = std::f64::consts::TAU / frequency;
        let turns = self.original_max_positions as f64 / wavelength;
        if turns > self.high_freq_factor {
            frequency
        } else if turns < self.low_freq_factor {
            frequency / self.factor
        } else {
            let kept =
                (turns - self.low_freq_factor) / (self.high_freq_factor - self.low_freq_factor);
            frequency * ((1.0 - kept) / self.factor + kept)
        }
    }
}
