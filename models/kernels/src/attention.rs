//! Attention with memory linear in the sequence length instead of quadratic.
//!
//! Queries are processed in blocks. Each query attends to all of its keys at once, so that its
//! softmax is the plain one, but only one block of score rows is in memory at a time. The backward
//! pass recomputes them.
//!
//! Reference: Rabe and Staats 2021, <https://arxiv.org/abs/2112.05682>; Dao et al. 2022,
//! <https://arxiv.org/abs/2205.14135>

use burn::tensor::Tensor;

use crate::chunked_attention::{self, are_many};
use crate::dispatch::kernels;
use crate::gradient::is_known;
use crate::ops::attention::SdpaInputs;
pub use crate::ops::attention::{AttentionWindow, SdpaParams};
pub use crate::ops::dropout::Dropout;

/// `dropout(softmax(scale · query keyᵀ + bias)) value`; `None` if no kernel supports the inputs.
///
/// Several query heads may share one key and value head.
///
/// # Shapes
///
/// - `query` and the result: `[batch, n_heads, queries, d_head]`
/// - `key`, `value`: `[batch, n_kv_heads, keys, d_head]`
/// - `bias`, added to the scores: `[1 or batch, 1 or n_heads, 1 or queries, keys]`
pub fn attention(
    query: &Tensor<4>,
    key: &Tensor<4>,
    value: &Tensor<4>,
    bias: Option<&Tensor<4>>,
    params: SdpaParams,
) -> Option<Tensor<4>> {
    let sizes @ [n_queries, n_keys] = [query.dims()[2], key.dims()[2]];
    let bias = bias.map(|bias| {
        let (batch, n_heads) = (bias.dims()[0], query.dims()[1]);
        bias.clone().expand([batch, n_heads, n_queries, n_keys])
    });
    let [query, key, value] = [query, key, value].map(Tensor::clone);
    let inputs = SdpaInputs { query, key, value, bias }.map(Tensor::into_dispatch);
    if !inputs.iter().all(is_known) {
        return None;
    }
    let own = kernels(inputs.iter()).map(|kernels| kernels.attention);
    let result = match own.and_then(|attention| attention(&inputs, &params)) {
        Some(result) => Some(result),
        None if are_many(sizes) => Some(chunked_attention::attention(inputs, params)),
        None => None,
    };
    result.map(Tensor::from_dispatch)
}

/// Whether [`attention`] supports dropout for this number of queries and keys; if not, it returns
/// `None`.
pub fn drops(query: &Tensor<4>, key: &Tensor<4>) -> bool {
    let inputs = [query, key].map(|x| x.clone().into_dispatch());
    let is_own = || kernels(&inputs).is_some_and(|kernels| kernels.attention_drops);
    are_many([query.dims()[2], key.dims()[2]]) || is_own()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use burn::tensor::{Bool, Device, TensorData, activation};

    use super::*;
    use crate::testing::{agree, devices, random};

    /// Batch rows, query heads, key heads, queries, keys, and features of a head.
    #[derive(Debug, Clone, Copy)]
    struct Sizes([usize; 6]);

    impl Sizes {
        fn split(self, [query, key, value]: [Tensor<1>; 3]) -> [Tensor<4>; 3] {
            let [rows, heads, kv_heads, queries, keys, d_head] = self.0;
            // The layout that layers use: the heads of a position are adjacent in memory.
            let of = |x: Tensor<1>, heads, length| {
                x.reshape([rows, length, heads, d_head]).swap_dims(1, 2)
            };
            [of(query, heads, queries), of(key, kv_heads, keys), of(value, kv_heads, keys)]
        }

        fn inputs(self, device: &Device) -> [Tensor<1>; 3] {
            let [rows, heads, kv_heads, queries, keys, d_head] = self.0;
            let lengths = [heads * queries, kv_heads * keys, kv_heads * keys];
            lengths.map(|length| random([rows * length * d_head], device) * 2.0)
        }
    }

    fn composed(
        [query, key, value]: [Tensor<4>; 3],
        bias: Option<&Tensor<4>>,
        params: &SdpaParams,
    ) -> Tensor<4> {
        let [rows, heads, queries, _] = query.dims();
        let [_, kv_heads, keys, d_head] = key.dims();
        let repeated = |x: Tensor<4>| {
            let x = x.reshape([rows, kv_heads, 1, keys, d_head]);
            x.repeat_dim(2, heads / kv_heads).reshape([rows, heads, keys, d_head])
        };
        let masked: Vec<bool> = (0..rows * queries * keys)
            .map(|i| {
                let (row, query, key) = (i / keys / queries, i / keys % queries, i % keys);
                let seen = params.window.of(query, [queries, keys]).contains(&key);
                let is_there = params.window.key_mask.get(row).is_none_or(|row| row[key]);
                !seen || !is_there
            })
            .collect();
        let masked = TensorData::new(masked, [rows, 1, queries, keys]);
        let masked = Tensor::<4, Bool>::from_data(masked, &query.device());
        let products = query.matmul(repeated(key).transpose()) * params.scale;
        let products = match bias {
            Some(bias) => products + bias.clone(),
            None => products,
        };
        let products = match params.softcap {
            Some(limit) => (products / limit).tanh() * limit,
            None => products,
        };
        let products = products.mask_fill(masked.expand([rows, heads, queries, keys]), f32::MIN);
        let weights = activation::softmax(products, 3);
        weights.matmul(repeated(value))
    }

    fn window(left: Option<usize>, right: Option<usize>) -> AttentionWindow {
        AttentionWindow { left, right, key_mask: [].into() }
    }

    fn flat(x: Tensor<4>) -> Tensor<1> {
        x.flatten(0, 3)
    }

    const SIZES: [Sizes; 5] = [
        Sizes([1, 1, 1, 1, 1, 1]),
        Sizes([2, 4, 2, 5, 5, 8]),
        Sizes([1, 2, 1, 150, 150, 16]),
        Sizes([2, 2, 2, 3, 70, 4]),
        Sizes([2, 3, 3, 9, 4, 5]),
    ];

    #[test]
    fn result_and_gradients_equal_the_composition() {
        let device = Device::flex();
        for sizes in SIZES {
            for (left, right) in
                [(None, None), (None, Some(0)), (Some(2), Some(0)), (Some(1), Some(2))]
            {
                for softcap in [None, Some(3.0)] {
                    let params = || SdpaParams {
                        scale: 0.7,
                        softcap,
                        window: window(left, right),
                        dropout: None,
                    };
                    agree(
                        sizes.inputs(&device),
                        &|inputs| {
                            let [query, key, value] = sizes.split(inputs);
                            flat(attention(&query, &key, &value, None, params()).expect("a kernel"))
                        },
                        &|inputs| flat(composed(sizes.split(inputs), None, &params())),
                    );
                }
            }
        }
    }

    #[test]
    fn bias_gradients_equal_the_composition() {
        let device = Device::flex();
        for sizes in SIZES {
            let Sizes([rows, heads, _, queries, keys, _]) = sizes;
            for (of_rows, of_heads, of_queries) in
                [(1, heads, queries), (rows, heads, queries), (1, heads, 1), (1, 1, queries)]
            {
                let shape = [of_rows, of_heads, of_queries, keys];
                let bias = random([shape.iter().product::<usize>()], &device);
                let [query, key, value] = sizes.inputs(&device);
                let run = |inputs: [Tensor<1>; 4], is_fused: bool| {
                    let [query, key, value, bias] = inputs;
                    let bias = bias.reshape(shape);
                    let params = SdpaParams {
                        scale: 0.3,
                        softcap: None,
                        window: window(None, Some(0)),
                        dropout: None,
                    };
                    let [query, key, value] = sizes.split([query, key, value]);
                    flat(if is_fused {
                        attention(&query, &key, &value, Some(&bias), params).expect("a kernel")
                    } else {
                        composed([query, key, value], Some(&bias), &params)
                    })
                };
                agree([query, key, value, bias], &|inputs| run(inputs, true), &|inputs| {
                    run(inputs, false)
                });
            }
        }
    }

    #[test]
    fn padding_keys_are_masked() {
        let device = Device::flex();
        let sizes = Sizes([3, 2, 2, 6, 6, 4]);
        let keys: Arc<[Vec<bool>]> = [
            vec![true; 6],
            vec![false, false, true, true, true, true],
            // Some queries have only padding in their window.
            vec![false, false, false, false, true, false],
        ]
        .into();
        for right in [None, Some(0)] {
            let window = || AttentionWindow { left: None, right, key_mask: Arc::clone(&keys) };
            let params =
                || SdpaParams { scale: 1.3, softcap: None, window: window(), dropout: None };
            agree(
                sizes.inputs(&device),
                &|inputs| {
                    let [query, key, value] = sizes.split(inputs);
                    flat(attention(&query, &key, &value, None, params()).expect("a kernel"))
                },
                &|inputs| flat(composed(sizes.split(inputs), None, &params())),
            );
        }
    }

    #[test]
    fn libtorch_has_a_kernel_for_plain_attention() {
        for device in devices().into_iter().filter(|device| *device != Device::flex()) {
            for sizes in [
                Sizes([1, 1, 1, 1, 1, 1]),
                Sizes([2, 3, 3, 9, 9, 5]),
                Sizes([1, 2, 2, 150, 150, 16]),
            ] {
                for right in [None, Some(0)] {
                    let params = || SdpaParams {
                        scale: 0.7,
                        softcap: None,
                        window: window(None, right),
                        dropout: None,
                    };
                    agree(
                        sizes.inputs(&device),
                        &|inputs| {
                            let [query, key, value] = sizes.split(inputs);
                            flat(attention(&query, &key, &value, None, params()).expect("a kernel"))
                        },
                        &|inputs| flat(composed(sizes.split(inputs), None, &params())),
                    );
                }
            }
            let [query, key, value] = SIZES[4].split(SIZES[4].inputs(&device));
            let padded = AttentionWindow {
                key_mask: vec![vec![true, true, false, true]; 2].into(),
                ..window(None, None)
            };
            for (softcap, window) in [
                (None, window(None, Some(0))),
                (None, window(Some(1), None)),
                (Some(2.0), window(None, None)),
                (None, padded),
            ] {
                let params = SdpaParams { scale: 1.0, softcap, window, dropout: None };
                assert!(
                    attention(&query, &key, &value, None, params).is_none(),
                    "no kernel for this"
                );
            }
        }
    }

    #[test]
    fn chunked_attention_equals_the_composition() {
        let device = Device::flex();
        let keys: Arc<[Vec<bool>]> =
            [(0..600).map(|i| i >= 37).collect(), (0..600).map(|i| i < 555).collect()].into();
        let some = Sizes([2, 2, 1, 600, 600, 4]);
        assert!(are_many([600, 600]) && !are_many([400, 400]));
        for (sizes, left, right, keys) in [
            (some, None, None, [].into()),
            (some, None, Some(0), keys.clone()),
            (some, Some(10), Some(5), [].into()),
            (Sizes([1, 2, 2, 520, 700, 3]), Some(100), Some(0), [].into()),
        ] {
            for softcap in [None, Some(2.0)] {
                for has_bias in [false, true] {
                    let Sizes([rows, heads, _, queries, n_keys, _]) = sizes;
                    let bias = random([rows * heads * queries * n_keys], &device);
                    let [query, key, value] = sizes.inputs(&device);
                    let run = |inputs: [Tensor<1>; 4], is_chunked: bool| {
                        let [query, key, value, bias] = inputs;
                        // Gives the bias a gradient even if it is not used.
                        let none = bias.clone().slice_dim(0, 0..1) * 0.0;
                        let bias = bias.reshape([rows, heads, queries, n_keys]);
                        let params = SdpaParams {
                            scale: 0.5,
                            softcap,
                            window: AttentionWindow { left, right, key_mask: Arc::clone(&keys) },
                            dropout: None,
                        };
                        let bias = has_bias.then_some(&bias);
                        let inputs = sizes.split([query, key, value]);
                        flat(if is_chunked {
                            let [query, key, value] = inputs;
                            let inputs = SdpaInputs { query, key, value, bias: bias.cloned() };
                            let inputs = inputs.map(Tensor::into_dispatch);
                            Tensor::from_dispatch(chunked_attention::attention(inputs, params))
                        } else {
                            composed(inputs, bias, &params)
                        }) + none
                    };
                    agree([query, key, value, bias], &|inputs| run(inputs, true), &|inputs| {
                        run(inputs, false)
                    });
                }
            }
        }
    }
}
