//! [`attention`](super::attention) composed of operations that every backend has.

use std::ops::Range;

use burn::tensor::{Bool, FloatDType, Tensor, TensorData, activation};

use crate::dropout;
use crate::gradient::{Any, Operation, apply};
use crate::ops::attention::{SdpaInputs, SdpaParams};
use crate::ops::dropout::Dropout;

/// Queries per chunk, whose scores are in memory at the same time.
const QUERIES: usize = 256;

/// Whether the score matrix of this many queries and keys is too large to be kept in memory.
pub(crate) fn are_many([n_queries, n_keys]: [usize; 2]) -> bool {
    n_queries >= 2 * QUERIES && n_queries * n_keys >= 4 * QUERIES * QUERIES
}

/// See [`attention`](super::attention::attention).
pub(crate) fn attention(inputs: SdpaInputs<Any>, params: SdpaParams) -> Any {
    let inputs = inputs.map(Tensor::<4>::from_dispatch);
    let sizes = [inputs.query.dims()[2], inputs.key.dims()[2]];
    let attention = ChunkedAttention { params, sizes };
    let SdpaInputs { query, key, value, bias } = inputs.map(Tensor::into_dispatch);
    match bias {
        None => apply(attention, [query, key, value]),
        Some(bias) => apply(attention, [query, key, value, bias]),
    }
}

#[derive(Debug, Clone)]
struct ChunkedAttention {
    params: SdpaParams,
    /// The numbers of queries and keys.
    sizes: [usize; 2],
}

type Saved = SdpaInputs<Tensor<4>>;

impl Operation<3> for ChunkedAttention {
    type Saved = Saved;

    fn forward(&self, inputs: [Any; 3]) -> (Any, Saved) {
        self.run(inputs.map(Tensor::from_dispatch).into())
    }

    fn backward(&self, saved: Saved, gradient: Any, _: [bool; 3]) -> [Option<Any>; 3] {
        let found = self.gradients(saved, Tensor::from_dispatch(gradient), false);
        let SdpaInputs { query, key, value, .. } = found.map(Tensor::into_dispatch);
        [query, key, value].map(Some)
    }
}

impl Operation<4> for ChunkedAttention {
    type Saved = Saved;

    fn forward(&self, inputs: [Any; 4]) -> (Any, Saved) {
        self.run(inputs.map(Tensor::from_dispatch).into())
    }

    fn backward(&self, saved: Saved, gradient: Any, wanted: [bool; 4]) -> [Option<Any>; 4] {
        let found = self.gradients(saved, Tensor::from_dispatch(gradient), wanted[3]);
        let SdpaInputs { query, key, value, bias } = found.map(Tensor::into_dispatch);
        [Some(query), Some(key), Some(value), bias]
    }
}

/// A block of queries with the keys in the window of at least one of them. The query heads that
/// share a key head are stacked along the query dimension.
struct Chunk {
    queries: Range<usize>,
    keys: Range<usize>,
    /// `[batch, n_kv_heads, shared · queries, d_head]`
    query: Tensor<4>,
    /// `[batch, n_kv_heads, keys, d_head]`
    key: Tensor<4>,
    value: Tensor<4>,
    /// The attention weights, `[batch, n_kv_heads, shared · queries, keys]`, in f32.
    weights: Tensor<4>,
    /// The dropout factors of the weights, 0 for dropped weights.
    factors: Option<Tensor<4>>,
    /// The derivative of the soft cap, a factor on the gradients of the scores.
    softcap_grad: Option<Tensor<4>>,
    /// Scores that get no gradient, `true` = masked.
    masked: Option<Tensor<4, Bool>>,
}

impl Chunk {
    /// Applies the dropout factors to the weights, or to their gradients.
    fn dropped(&self, weights: Tensor<4>) -> Tensor<4> {
        match &self.factors {
            Some(factors) => weights * factors.clone(),
            None => weights,
        }
    }
}

impl ChunkedAttention {
    fn run(&self, inputs: Saved) -> (Any, Saved) {
        let [batch, n_heads, _, d_head] = inputs.query.dims();
        let results = self.blocks().map(|queries| {
            let chunk = self.chunk(&inputs, queries.clone());
            let weights = chunk.dropped(chunk.weights.clone()).cast(chunk.value.dtype());
            weights.matmul(chunk.value).reshape([batch, n_heads, queries.len(), d_head])
        });
        (Tensor::cat(results.collect(), 2).into_dispatch(), inputs)
    }

    fn blocks(&self) -> impl Iterator<Item = Range<usize>> + use<> {
        let n_queries = self.sizes[0];
        (0..n_queries).step_by(QUERIES).map(move |start| start..n_queries.min(start + QUERIES))
    }

    fn chunk(&self, inputs: &Saved, queries: Range<usize>) -> Chunk {
        let SdpaInputs { query, key, value, bias } = inputs;
        let [batch, n_heads, _, d_head] = query.dims();
        let n_kv_heads = key.dims()[1];
        let [first, last] =
            [queries.start, queries.end - 1].map(|query| self.params.window.of(query, self.sizes));
        // A query that is fully masked by padding gets the mean of all values.
        let keys = match self.params.window.key_mask.is_empty() {
            true => first.start..last.end.max(first.start + 1),
            false => 0..self.sizes[1],
        };
        let rows = n_heads / n_kv_heads * queries.len();
        let [key, value] = [key, value].map(|x| x.clone().slice_dim(2, keys.clone()));
        let query = query.clone().slice_dim(2, queries.clone());
        let query = query.reshape([batch, n_kv_heads, rows, d_head]);
        let of_heads = [batch, n_heads, queries.len(), keys.len()];
        let products = query.clone().matmul(key.clone().transpose()).cast(FloatDType::F32);
        let scores = products.reshape(of_heads) * self.params.scale;
        let scores = match bias {
            Some(bias) => {
                let own = bias.clone().slice_dim(2, queries.clone()).slice_dim(3, keys.clone());
                scores + own.cast(FloatDType::F32)
            }
            None => scores,
        };
        let (scores, softcap_grad) = match self.params.softcap {
            Some(limit) => {
                let share = (scores / limit).tanh();
                (share.clone() * limit, Some(share.clone() * share * -1.0 + 1.0))
            }
            None => (scores, None),
        };
        let masked = self
            .masked(&queries, &keys)
            .map(|masked| Tensor::<4, Bool>::from_data(masked, &scores.device()).expand(of_heads));
        let scores = match masked.clone() {
            Some(masked) => scores.mask_fill(masked, f32::MIN),
            None => scores,
        };
        let weights = activation::softmax(scores, 3);
        let factors = self.params.dropout.map(|dropout| {
            let seed = dropout.seed_of(queries.start);
            dropout::factors(&weights, Dropout { seed, ..dropout })
        });
        let below = |x: Tensor<4>| x.reshape([batch, n_kv_heads, rows, keys.len()]);
        Chunk {
            query,
            key,
            value,
            weights: below(weights),
            factors: factors.map(below),
            softcap_grad: softcap_grad.map(below),
            masked: masked.map(|masked| masked.reshape([batch, n_kv_heads, rows, keys.len()])),
            queries,
            keys: keys.clone(),
        }
    }

    /// The mask of some queries and keys, `[1 or batch, 1, queries, keys]`, `true` = masked; `None`
    /// if no key is masked.
    fn masked(&self, queries: &Range<usize>, keys: &Range<usize>) -> Option<TensorData> {
        let sees =
            |query: usize, key: &usize| self.params.window.of(query, self.sizes).contains(key);
        let sees_ends = |query| {
            let seen = self.params.window.of(query, self.sizes);
            seen.start <= keys.start && keys.end <= seen.end
        };
        if self.params.window.key_mask.is_empty() && queries.clone().all(sees_ends) {
            return None;
        }
        let rows = self.params.window.key_mask.len().max(1);
        let mut values = Vec::with_capacity(rows * queries.len() * keys.len());
        for row in 0..rows {
            let there = self.params.window.row(row, self.sizes[1]);
            let is_there =
                |key: &usize| there.and_then(|row| row.get(*key)).copied().unwrap_or(true);
            for query in queries.clone() {
                values.extend(keys.clone().map(|key| !(sees(query, &key) && is_there(&key))));
            }
        }
        Some(TensorData::new(values, [rows, 1, queries.len(), keys.len()]))
    }

    /// The gradients of all inputs. The formulas are at the operation of `flex`.
    fn gradients(&self, saved: Saved, gradient: Tensor<4>, of_bias: bool) -> Saved {
        let [batch, n_heads, _, d_head] = saved.query.dims();
        let [mut of_key, mut of_value] = [saved.key.zeros_like(), saved.value.zeros_like()];
        let (mut of_query, mut of_scores) = (Vec::new(), Vec::new());
        for queries in self.blocks() {
            let chunk = self.chunk(&saved, queries);
            let dtype = chunk.value.dtype();
            let given = gradient.clone().slice_dim(2, chunk.queries.clone());
            let given = given.reshape(chunk.query.dims());
            let of_weights = given.clone().matmul(chunk.value.clone().transpose());
            let of_weights = chunk.dropped(of_weights.cast(FloatDType::F32));
            let dropped = chunk.dropped(chunk.weights.clone()).cast(dtype);
            let Chunk { queries, keys, query, key, weights, softcap_grad, masked, .. } = chunk;
            let mean = (weights.clone() * of_weights.clone()).sum_dim(3);
            let d_scores = weights.clone() * (of_weights - mean);
            let d_scores = match softcap_grad {
                Some(softcap_grad) => d_scores * softcap_grad,
                None => d_scores,
            };
            let d_scores = match masked {
                Some(masked) => d_scores.mask_fill(masked, 0.0),
                None => d_scores,
            };
            if of_bias {
                let own = d_scores.clone().reshape([batch, n_heads, queries.len(), keys.len()]);
                of_scores.push(spread(own, 3, keys.start, self.sizes[1]));
            }
            let d_scores = (d_scores * self.params.scale).cast(dtype);
            let own = d_scores.clone().matmul(key);
            of_query.push(own.reshape([batch, n_heads, queries.len(), d_head]));
            let add = |sum: Tensor<4>, more: Tensor<4>| {
                let part = sum.clone().slice_dim(2, keys.clone()) + more;
                let [rows, heads, _, d_head] = sum.dims();
                sum.slice_assign([0..rows, 0..heads, keys.clone(), 0..d_head], part)
            };
            of_key = add(of_key, d_scores.transpose().matmul(query));
            of_value = add(of_value, dropped.transpose().matmul(given));
        }
        let of_bias = of_bias.then(|| {
            let all = Tensor::cat(of_scores, 2);
            let rows = saved.bias.as_ref().map_or(1, |bias| bias.dims()[0]);
            if rows == 1 { all.sum_dim(0) } else { all }
        });
        let query = Tensor::cat(of_query, 2);
        SdpaInputs { query, key: of_key, value: of_value, bias: of_bias }
    }
}

/// Pads a tensor with zeros along `dim`, so that it begins at `start` and the dimension has
/// `length`.
fn spread(x: Tensor<4>, dim: usize, start: usize, length: usize) -> Tensor<4> {
    let mut dims = x.dims();
    let mut ranges = dims.map(|size| 0..size);
    ranges[dim] = start..start + dims[dim];
    dims[dim] = length;
    Tensor::zeros(dims, (&x.device(), x.dtype())).slice_assign(ranges, x)
}
