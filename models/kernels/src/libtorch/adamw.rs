//! [`adamw`](crate::adamw) with LibTorch's kernels.

use tch::Tensor;

use super::tensors::{held, owned, shared};
use crate::gradient::Any;
use crate::ops::adamw::{AdamWTensors, AdamWUpdate};

/// Elements that are updated at a time: few enough to stay in the processor's caches between
/// kernels, and enough for all of its cores.
const PART: i64 = 1 << 17;

/// See [`adamw::step`](crate::adamw::step).
pub(super) fn step(
    tensors: AdamWTensors<Any>,
    gradient: Any,
    update: AdamWUpdate,
) -> AdamWTensors<Any> {
    let gradient = held(gradient).tensor.contiguous();
    let tensors = tensors.map(owned);
    let length = gradient.size()[0];
    for start in (0..length).step_by(PART as usize) {
        let length = PART.min(length - start);
        let [parameter, first_moment, second_moment] =
            tensors.each_ref().map(|x| x.tensor.narrow(0, start, length));
        let own = AdamWTensors { parameter, first_moment, second_moment };
        update_part(own, &gradient.narrow(0, start, length), update);
    }
    tensors.map(shared)
}

/// Each kernel works in place on its first argument.
fn update_part(tensors: AdamWTensors<Tensor>, gradient: &Tensor, update: AdamWUpdate) {
    let AdamWTensors { mut parameter, first_moment: mut first, second_moment: mut second } =
        tensors;
    let AdamWUpdate { betas: [beta_1, beta_2], gradient_scale, keep, rate, second_scale, epsilon } =
        update;
    let mut scaled = gradient * gradient_scale;
    let _ = first.lerp_(&scaled, 1.0 - beta_1);
    let _ = scaled.g_mul_scalar_((1.0 - beta_2).sqrt());
    let _ = second.g_mul_scalar_(beta_2).addcmul_(&scaled, &scaled);
    let scale = (&second * second_scale).sqrt_().g_add_scalar_(epsilon);
    let _ = parameter.g_mul_scalar_(keep).addcdiv_(&(&first * -rate), &scale);
}
