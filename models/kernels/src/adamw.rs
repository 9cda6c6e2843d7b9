//! The AdamW update in one pass over each parameter.

use burn::tensor::Tensor;

use super::dispatch::operations;

/// The constants of one update.
///
/// ```text
/// g <- gradient_scale · g
/// m <- β₁ m + (1 - β₁) g;  v <- β₂ v + (1 - β₂) g²
/// p <- keep · p - rate · m / (sqrt(v · second_scale) + ε)
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Update {
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

/// A parameter and its first and second moments after an update, in place if their memory is not
/// shared.
pub fn step(tensors: [Tensor<1>; 3], gradient: Tensor<1>, update: Update) -> [Tensor<1>; 3] {
    let tensors = tensors.map(Tensor::into_dispatch);
    let gradient = gradient.into_dispatch();
    match operations(tensors.iter().chain([&gradient])) {
        Some(operations) => (operations.step)(tensors, gradient, update).map(Tensor::from_dispatch),
        None => {
            composed(tensors.map(Tensor::from_dispatch), Tensor::from_dispatch(gradient), update)
        }
    }
}

fn composed(
    [parameter, first, second]: [Tensor<1>; 3],
    gradient: Tensor<1>,
    update: Update,
) -> [Tensor<1>; 3] {
    let Update { betas: [beta_1, beta_2], gradient_scale, keep, rate, second_scale, epsilon } =
        update;
    let gradient = if gradient_scale == 1.0 { gradient } else { gradient * gradient_scale };
    let first = first * beta_1 + gradient.clone() * (1.0 - beta_1);
    let second = second * beta_2 + gradient.clone() * gradient * (1.0 - beta_2);
    let scale = (second.clone() * second_scale).sqrt() + epsilon;
    [parameter * keep - first.clone() / scale * rate, first, second]
}

#[cfg(test)]
mod tests {

    use super::*;
    use crate::testing::{close, devices, random};

    #[test]
    fn fused_update_equals_its_composition() {
        for device in devices() {
            let update = Update {
                betas: [0.9, 0.99],
                gradient_scale: 0.7,
                keep: 0.999,
                rate: 0.01,
                second_scale: 1.0 / 0.3,
                epsilon: 1e-8,
            };
            for length in [1, 100, 50_021] {
                let tensors = [0.5, 0.1, 1.0].map(|scale| random([length], &device).abs() * scale);
                let gradient = random([length], &device);
                let before = tensors.clone().map(Tensor::into_data);
                let found = step(tensors.clone(), gradient.clone(), update);
                assert_eq!(tensors.clone().map(Tensor::into_data), before, "the memory is shared");
                let expected = composed(tensors, gradient, update);
                found
                    .into_iter()
                    .zip(expected)
                    .for_each(|(found, expected)| close(found, expected));
            }
        }
    }
}
