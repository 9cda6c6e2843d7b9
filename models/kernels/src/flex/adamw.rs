//! [`adamw`](crate::adamw) for tensors in host memory.

use super::host::{any, contiguous, f32_slice, owned, vectorized, write_all};
use crate::adamw::Update;
use crate::gradient::Any;

/// See [`adamw::step`](crate::adamw::step).
pub(super) fn step(tensors: [Any; 3], gradient: Any, update: Update) -> [Any; 3] {
    let given = contiguous(gradient);
    let given = f32_slice(&given);
    let Update { betas, gradient_scale, keep, rate, second_scale, epsilon } = update;
    let [beta_1, beta_2] = betas.map(|beta| beta as f32);
    let [rest_1, rest_2] = betas.map(|beta| (1.0 - beta) as f32);
    let [keep, rate, epsilon] = [keep, rate, epsilon].map(|x| x as f32);
    let [gradient_scale, second_scale] = [gradient_scale, second_scale].map(|x| x as f32);
    let [mut parameter, mut first, mut second] = tensors.map(owned);
    write_all(
        [&mut parameter, &mut first, &mut second].map(|x| x.storage_mut()),
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
    [parameter, first, second].map(any)
}
