//! The AdamW update in one pass over each parameter.

use burn::tensor::Tensor;

use crate::dispatch::kernels;
pub use crate::ops::adamw::{AdamWTensors, AdamWUpdate};

/// A parameter and its moments after an update, in place if their memory is not shared.
pub fn step(
    tensors: AdamWTensors<Tensor<1>>,
    gradient: Tensor<1>,
    update: AdamWUpdate,
) -> AdamWTensors<Tensor<1>> {
    let tensors = tensors.map(Tensor::into_dispatch);
    let gradient = gradient.into_dispatch();
    match kernels(tensors.each_ref().into_iter().chain([&gradient])) {
        Some(kernels) => (kernels.step)(tensors, gradient, update).map(Tensor::from_dispatch),
        None => {
            composed(tensors.map(Tensor::from_dispatch), Tensor::from_dispatch(gradient), update)
        }
    }
}

fn composed(
    tensors: AdamWTensors<Tensor<1>>,
    gradient: Tensor<1>,
    update: AdamWUpdate,
) -> AdamWTensors<Tensor<1>> {
    let AdamWTensors { parameter, first_moment, second_moment } = tensors;
    let AdamWUpdate { betas: [beta_1, beta_2], gradient_scale, keep, rate, second_scale, epsilon } =
        update;
    let gradient = if gradient_scale == 1.0 { gradient } else { gradient * gradient_scale };
    let first_moment = first_moment * beta_1 + gradient.clone() * (1.0 - beta_1);
    let second_moment = second_moment * beta_2 + gradient.clone() * gradient * (1.0 - beta_2);
    let scale = (second_moment.clone() * second_scale).sqrt() + epsilon;
    let parameter = parameter * keep - first_moment.clone() / scale * rate;
    AdamWTensors { parameter, first_moment, second_moment }
}

#[cfg(test)]
mod tests {

    use super::*;
    use crate::testing::{close, devices, random};

    #[test]
    fn fused_update_equals_its_composition() {
        for device in devices() {
            let update = AdamWUpdate {
                betas: [0.9, 0.99],
                gradient_scale: 0.7,
                keep: 0.999,
                rate: 0.01,
                second_scale: 1.0 / 0.3,
                epsilon: 1e-8,
            };
            for length in [1, 100, 50_021] {
                let tensor = |scale| random([length], &device).abs() * scale;
                let tensors = AdamWTensors {
                    parameter: tensor(0.5),
                    first_moment: tensor(0.1),
                    second_moment: tensor(1.0),
                };
                let gradient = random([length], &device);
                let data = |tensors: &AdamWTensors<Tensor<1>>| {
                    tensors.each_ref().map(|tensor| tensor.clone().into_data())
                };
                let before = data(&tensors);
                let found = step(tensors.clone(), gradient.clone(), update);
                assert_eq!(data(&tensors), before, "the memory is shared");
                let expected = composed(tensors, gradient, update);
                for (found, expected) in found.each_ref().into_iter().zip(expected.each_ref()) {
                    close(found.clone(), expected.clone());
                }
            }
        }
    }
}
