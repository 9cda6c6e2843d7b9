//! The parameters of an AdamW update.

/// The constants of one update.
///
/// ```text
/// g <- gradient_scale · g
/// m <- β₁ m + (1 - β₁) g;  v <- β₂ v + (1 - β₂) g²
/// p <- keep · p - rate · m / (sqrt(v · second_scale) + ε)
/// ```
#[derive(Debug, Clone, Copy)]
pub struct AdamWUpdate {
    /// `β₁` and `β₂`.
    pub betas: [f64; 2],
    /// Factor on the gradient.
    pub gradient_scale: f64,
    /// Factor on the parameter.
    pub keep: f64,
    /// The learning rate, including the bias correction of the first moment.
    pub rate: f64,
    /// The bias correction of the second moment.
    pub second_scale: f64,
    /// Added to the square root of the second moment.
    pub epsilon: f64,
}

/// The tensors that an update changes, flattened.
#[derive(Debug, Clone)]
pub struct AdamWTensors<T> {
    /// The parameter.
    pub parameter: T,
    /// The running mean of its gradients, `m`.
    pub first_moment: T,
    /// The running mean of its squared gradients, `v`.
    pub second_moment: T,
}

impl<T> AdamWTensors<T> {
    /// Applies a function to each tensor.
    pub fn map<U>(self, mut convert: impl FnMut(T) -> U) -> AdamWTensors<U> {
        AdamWTensors {
            parameter: convert(self.parameter),
            first_moment: convert(self.first_moment),
            second_moment: convert(self.second_moment),
        }
    }

    /// All tensors.
    pub(crate) fn each_ref(&self) -> [&T; 3] {
        [&self.parameter, &self.first_moment, &self.second_moment]
    }
}
