//! The loss of naming classes, without a second tensor as large as the scores.

use std::sync::Arc;

use burn::tensor::Tensor;

use super::dispatch::operations;

/// The class of each row, or none where it does not count.
pub type Classes = Arc<[Option<usize>]>;

/// The sum of `-log softmax(scores)[class]` over all rows that have a class, in nats; `None` where that is
/// for Burn's operations to do.
///
/// The backward pass writes its gradients where the scores were.
///
/// # Shapes
///
/// - `scores`: `[rows, classes]`
/// - `classes`: one for each row, or none
/// - result: `[1]`
///
/// # Panics
///
/// Panics if a class is not below the number of scores.
pub fn cross_entropy_sum(scores: &Tensor<2>, classes: &Classes) -> Option<Tensor<1>> {
    let scores = scores.clone().into_dispatch();
    let operations = operations([&scores])?;
    Some(Tensor::from_dispatch((operations.cross_entropy_sum)(scores, classes)))
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, Int, activation};

    use super::*;
    use crate::kernels::testing::{agree, devices, random};

    #[test]
    fn the_loss_equals_its_composition_and_so_does_its_gradient() {
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
                    &|[x]| cross_entropy_sum(&of(x), &classes).expect("floats"),
                    &|[x]| composed(of(x)),
                );
            }
        }
    }

    #[test]
    fn scores_that_somebody_holds_are_not_overwritten() {
        for device in devices().into_iter().map(Device::autodiff) {
            let scores = random([2, 3], &device).require_grad();
            let before = scores.clone().into_data();
            let loss = cross_entropy_sum(&scores, &[Some(1), None].into()).expect("floats");
            let gradients = loss.backward();
            assert_eq!(scores.clone().into_data(), before);
            let gradient = scores.grad(&gradients).expect("of the scores").into_data();
            assert_eq!(gradient.as_slice::<f32>().expect("floats")[3..], [0.0; 3]);
        }
    }
}
