//! Cross-entropy loss without a second tensor as large as the logits.

use burn::tensor::Tensor;

use crate::dispatch::kernels;
pub use crate::ops::cross_entropy::Classes;

/// The sum of `-log softmax(scores)[class]` over all rows with a class, in nats; `None` if no
/// kernel supports the inputs.
///
/// The backward pass writes the gradients into the memory of the logits, unless it is shared.
///
/// # Shapes
///
/// - `scores`: logits, `[rows, classes]`
/// - `classes`: `[rows]`
/// - result: `[1]`
///
/// # Panics
///
/// Panics if a class is out of range.
pub fn cross_entropy_sum(scores: &Tensor<2>, classes: &Classes) -> Option<Tensor<1>> {
    let scores = scores.clone().into_dispatch();
    let kernels = kernels([&scores])?;
    Some(Tensor::from_dispatch((kernels.cross_entropy_sum)(scores, classes)))
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, Int, activation};

    use super::*;
    use crate::testing::{agree, devices, random};

    #[test]
    fn loss_and_gradient_equal_the_composition() {
        for device in devices() {
            for (rows, width) in [(1, 1), (3, 2), (40, 65), (9, 5_003)] {
                let classes: Classes =
                    (0..rows).map(|row| (row % 4 != 2).then_some(row * 31 % width)).collect();
                let composed = |scores: Tensor<2>| {
                    let device = scores.device();
                    let places: Vec<i64> =
                        classes.iter().map(|class| class.unwrap_or(0) as i64).collect();
                    let counts: Vec<f32> =
                        classes.iter().map(|class| f32::from(class.is_some())).collect();
                    let places = Tensor::<1, Int>::from_ints(places.as_slice(), &device);
                    let counts = Tensor::<1>::from_floats(counts.as_slice(), &device);
                    let log_probs =
                        activation::log_softmax(scores, 1).gather(1, places.reshape([rows, 1]));
                    (log_probs.flatten::<1>(0, 1).neg() * counts).sum()
                };
                let of = |x: Tensor<1>| x.reshape([rows, width]);
                agree(
                    [random([rows * width], &device) * 30.0],
                    &|[x]| cross_entropy_sum(&of(x), &classes).expect("a kernel"),
                    &|[x]| composed(of(x)),
                );
            }
        }
    }

    #[test]
    fn shared_scores_are_not_overwritten() {
        for device in devices().into_iter().map(Device::autodiff) {
            let scores = random([2, 3], &device).require_grad();
            let before = scores.clone().into_data();
            let loss = cross_entropy_sum(&scores, &[Some(1), None].into()).expect("a kernel");
            let gradients = loss.backward();
            assert_eq!(scores.clone().into_data(), before);
            let gradient = scores.grad(&gradients).expect("a gradient").into_data();
            assert_eq!(gradient.as_slice::<f32>().expect("f32 data")[3..], [0.0; 3]);
        }
    }
}
