//! [`attention`](crate::attention) with LibTorch's kernels.

use burn::backend::TensorMetadata;
use burn::backend::libtorch::TchTensor;
use tch::Tensor;

use super::tensors::{any, held, is_on_the_host, shared};
use crate::gradient::{Any, Operation, apply};
use crate::ops::attention::{SdpaInputs, SdpaParams};

/// See [`attention`](crate::attention::attention). LibTorch's CPU kernel supports full and
/// causal attention without padding, bias and dropout.
pub(super) fn attention(inputs: &SdpaInputs<Any>, params: &SdpaParams) -> Option<Any> {
    let SdpaInputs { query, key, value, bias } = inputs;
    let window = &params.window;
    let is_plain = bias.is_none() && params.softcap.is_none() && params.dropout.is_none();
    if !is_plain || window.left.is_some() {
        return None;
    }
    let of_query = query.shape();
    let of_key = key.shape();
    let is_causal = match window.right {
        None => false,
        // A single query is aligned with the last key.
        Some(0) if of_query[2] == 1 => false,
        Some(0) if of_query[2] == of_key[2] => true,
        Some(_) => return None,
    };
    let is_full = window.key_mask.iter().flatten().all(|is_there| *is_there);
    let flash = Flash { is_causal, scale: params.scale };
    (is_full && of_query[1] == of_key[1] && is_on_the_host(query))
        .then(|| apply(flash, [query, key, value].map(Any::clone)))
}

#[derive(Debug, Clone)]
struct Flash {
    is_causal: bool,
    scale: f64,
}

/// The inputs, the result, and the logsumexp of each query.
#[derive(Debug, Clone)]
struct Saved {
    inputs: [Any; 3],
    result: TchTensor,
    logsumexp: TchTensor,
}

impl Operation<3> for Flash {
    type Saved = Saved;

    fn forward(&self, inputs: [Any; 3]) -> (Any, Saved) {
        let [query, key, value] = inputs.clone().map(|x| held(x).tensor);
        let (result, logsumexp) = Tensor::internal_scaled_dot_product_flash_attention_for_cpu(
            &query,
            &key,
            &value,
            0.0,
            self.is_causal,
            None::<Tensor>,
            self.scale,
        );
        let [result, logsumexp] = [result, logsumexp].map(TchTensor::new);
        (shared(result.clone()), Saved { inputs, result, logsumexp })
    }

    fn backward(&self, saved: Saved, gradient: Any, _: [bool; 3]) -> [Option<Any>; 3] {
        let Saved { inputs, result, logsumexp } = saved;
        let [query, key, value] = inputs.map(|x| held(x).tensor);
        let (query, key, value) =
            Tensor::internal_scaled_dot_product_flash_attention_for_cpu_backward(
                &held(gradient).tensor,
                &query,
                &key,
                &value,
                &result.tensor,
                &logsumexp.tensor,
                0.0,
                self.is_causal,
                None::<Tensor>,
                self.scale,
            );
        [query, key, value].map(|x| Some(any(x)))
    }
}
