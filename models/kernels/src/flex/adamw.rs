//! [`adamw`](crate::adamw) for tensors in host memory.

use super::host::{any, contiguous, f32_slice, owned, vectorized, write_all};
use crate::gradient::Any;
use crate::ops::adamw::{AdamWTensors, AdamWUpdate};

/// See [`adamw::step`](crate::adamw::step).
pub(super) fn step(
    tensors: AdamWTensors<Any>,
    gradient: Any,
    update: AdamWUpdate,
) -> AdamWTensors<Any> {
    let given = contiguous(gradient);
    let given = f32_slice(&given);
    let AdamWUpdate { betas, gradient_scale, keep, rate, second_scale, epsilon } = update;
    let [beta_1, beta_2] = betas.map(|beta| beta as f32);
    let [rest_1, rest_2] = betas.map(|beta| (1.0 - beta) as f32);
    let [keep, rate, epsilon] = [keep, rate, epsilon].map(|x| x as f32);
    let [gradient_scale, second_scale] = [gradient_scale, second_scale].map(|x| x as f32);
    let mut tensors = tensors.map(owned);
    let AdamWTensors { parameter, first_moment, second_moment } = &mut tensors;
    write_all(
        [parameter, first_moment, second_moment].map(|x| x.storage_mut()),
        |at, [p, m, v]| {
            vectorized(|| {
                let terms = p.iter_mut().zip(m).zip(v).zip(&given[at]);
                for (((p, m), v), g) in terms {
                    let g = g * gradient_scale;
                    *m = *m * beta_1 + g * rest_1;
                    *v = *v * beta_2 + g * g * rest_2;
                    *p = *p * keep - rate * *m / ((*v * second_scale).sqrt() + epsilon);
                }
            });
        },
    );
    tensors.map(any)
}
