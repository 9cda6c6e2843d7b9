//! Norms over the last dimension in one pass over memory, forward and backward.

use burn::tensor::Tensor;

use crate::dispatch::kernels;
pub use crate::ops::norm::{Centre, NormParams};

/// The normalized rows; `None` if no kernel supports the inputs.
///
/// # Shapes
///
/// - `x` and the result: `[.., d]`
/// - `gamma`, `beta`: `[d]`
pub fn norm<const D: usize>(
    params: NormParams,
    x: &Tensor<D>,
    gamma: Tensor<1>,
    beta: Option<Tensor<1>>,
) -> Option<Tensor<D>> {
    let (gamma, beta) = (gamma.into_dispatch(), beta.map(Tensor::into_dispatch));
    let x = x.clone().into_dispatch();
    let kernels = kernels([&x, &gamma].into_iter().chain(&beta))?;
    (kernels.norm)(params, x, gamma, beta).map(Tensor::from_dispatch)
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;
    use crate::testing::{agree, devices, random};

    fn composed(
        params: NormParams,
        x: Tensor<2>,
        gamma: Tensor<1>,
        beta: Option<Tensor<1>>,
    ) -> Tensor<2> {
        let distance = match params.centre {
            Centre::Mean => x.clone() - x.mean_dim(1),
            Centre::Zero => x,
        };
        let square = distance.clone() * distance.clone();
        let deviation = (square.mean_dim(1) + params.epsilon).sqrt();
        let normed = distance / deviation * (gamma + params.offset).unsqueeze();
        match beta {
            Some(beta) => normed + beta.unsqueeze(),
            None => normed,
        }
    }

    #[test]
    fn norms_and_gradients_equal_their_compositions() {
        for device in devices() {
            for (rows, width) in [(1, 1), (3, 5), (7, 64), (200, 33), (130, 768)] {
                for centre in [Centre::Mean, Centre::Zero] {
                    if width == 1 && centre == Centre::Mean {
                        // All deviations are 0, which leaves only rounding errors.
                        continue;
                    }
                    for offset in [0.0, 1.0] {
                        let kind = NormParams { centre, epsilon: 1e-5, offset };
                        let probe = norm(
                            kind,
                            &random([1, width], &device),
                            random([width], &device),
                            None,
                        );
                        if probe.is_none() {
                            // LibTorch has a kernel for layer norm only.
                            assert!(
                                device != Device::flex()
                                    && (centre == Centre::Zero || offset != 0.0)
                            );
                            continue;
                        }
                        // Far from 0, where a sum of squares would lose precision.
                        let x = random([rows * width], &device) * 2.0 + 5.0;
                        let scale = random([width], &device);
                        let of = |x: Tensor<1>| x.reshape([rows, width]);
                        agree(
                            [x.clone(), scale.clone()],
                            &|[x, gamma]| {
                                norm(kind, &of(x), gamma, None).expect("a kernel").flatten(0, 1)
                            },
                            &|[x, gamma]| composed(kind, of(x), gamma, None).flatten(0, 1),
                        );
                        agree(
                            [x, scale, random([width], &device)],
                            &|[x, gamma, beta]| {
                                norm(kind, &of(x), gamma, Some(beta))
                                    .expect("a kernel")
                                    .flatten(0, 1)
                            },
                            &|[x, gamma, beta]| {
                                composed(kind, of(x), gamma, Some(beta)).flatten(0, 1)
                            },
                        );
                    }
                }
            }
        }
    }
}
