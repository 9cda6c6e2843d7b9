//! The parameters of norms.

/// A norm over the last dimension.
///
/// ```text
/// (x - mean) / sqrt(mean((x - mean)²) + ε) · (offset + γ) + β
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NormParams {
    /// Whether the mean is subtracted.
    pub centre: Centre,
    /// Added to the variance.
    pub epsilon: f32,
    /// Added to the scale.
    pub offset: f32,
}

/// The center from which deviations are measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Centre {
    /// The mean: layer norm.
    Mean,
    /// 0: RMS norm.
    Zero,
}
