//! [`attention`](crate::kernels::attention) where tensors lie in the host's memory.

use std::ops::Range;

use burn::backend::flex::FlexTensor;
use burn::tensor::Tensor;

use super::host::{any, empty, host, in_parallel, is_here, vectorized, write_parts};
use super::math::{dot, exponentials, max, tanh};
use super::product::{Layout, Matrix, Onto, Threads, multiply, stride};
use crate::kernels::attention::{Queries, Scores, Sight};
use crate::kernels::gradient::{Any, Operation, apply};

/// Queries whose scores are in memory at a time.
const QUERIES: usize = 64;

/// See [`attention`](crate::kernels::attention::attention).
pub(in crate::kernels) fn attention(inputs: [Any; 3], scores: &Scores<'_>) -> Option<Tensor<4>> {
    let &Scores { scale, bias, softcap, ref sight, queries } = scores;
    if !inputs.iter().all(is_here) {
        return None;
    }
    let softcap = softcap.map(|limit| limit as f32);
    let attention = Attention { scale: scale as f32, softcap, sight: sight.clone(), queries };
    let result = match bias {
        None => apply(attention, inputs),
        Some(bias) => {
            let [_, n_heads, n_queries, _] = dims(&inputs[0]);
            let [_, _, n_keys, _] = dims(&inputs[1]);
            let batch = bias.dims()[0];
            // Of one query it may be that of all; its gradient is added up on the way back.
            let bias = bias.clone().expand([batch, n_heads, n_queries, n_keys]).into_dispatch();
            if !is_here(&bias) {
                return None;
            }
            let [query, key, value] = inputs;
            apply(attention, [query, key, value, bias])
        }
    };
    // Heads lie side by side in memory, as those want them who read them.
    Some(Tensor::<4>::from_dispatch(result))
}

fn dims(x: &Any) -> [usize; 4] {
    use burn::backend::TensorMetadata;
    let shape = x.shape();
    std::array::from_fn(|i| shape[i])
}

#[derive(Debug, Clone)]
struct Attention {
    scale: f32,
    softcap: Option<f32>,
    sight: Sight,
    queries: Queries,
}

/// What is kept: the inputs, and the logarithm of each query's sum of exponentials.
#[derive(Debug, Clone)]
struct Saved {
    inputs: [Any; 3],
    bias: Option<Any>,
    logarithms: Vec<Vec<f32>>,
}

/// The gradients of one head of keys and values, and of the heads of queries that read it.
struct Gradients {
    query: Vec<f32>,
    key: Vec<f32>,
    value: Vec<f32>,
    bias: Vec<f32>,
}

impl Operation<3> for Attention {
    type Saved = Saved;

    fn forward(&self, inputs: [Any; 3]) -> (Any, Saved) {
        self.run(inputs, None)
    }

    fn backward(&self, saved: Saved, gradient: Any, _: [bool; 3]) -> [Option<Any>; 3] {
        let ([query, key, value], _) = self.gradients(saved, gradient, false);
        [query, key, value].map(Some)
    }
}

impl Operation<4> for Attention {
    type Saved = Saved;

    fn forward(&self, [query, key, value, bias]: [Any; 4]) -> (Any, Saved) {
        self.run([query, key, value], Some(bias))
    }

    fn backward(&self, saved: Saved, gradient: Any, wanted: [bool; 4]) -> [Option<Any>; 4] {
        let ([query, key, value], bias) = self.gradients(saved, gradient, wanted[3]);
        [Some(query), Some(key), Some(value), bias]
    }
}

impl Attention {
    fn run(&self, inputs: [Any; 3], bias: Option<Any>) -> (Any, Saved) {
        let saved = Saved { inputs, bias, logarithms: Vec::new() };
        let heads = Heads::of(&saved);
        let of_groups = in_parallel(heads.groups(), |group| self.forward_of(&heads, group));
        let (results, logarithms): (Vec<_>, Vec<_>) = of_groups.into_iter().unzip();
        let result = heads.side_by_side(heads.n_heads, heads.n_queries, &results);
        (result, Saved { logarithms, ..saved })
    }

    /// The results of one head of keys and values, head of queries by head of queries, and the
    /// logarithms that are kept.
    fn forward_of(&self, heads: &Heads, group: usize) -> (Vec<f32>, Vec<f32>) {
        let Heads { n_queries, d_head, .. } = *heads;
        let mut result = vec![0.0; heads.shared * n_queries * d_head];
        let mut logarithms = vec![0.0; heads.shared * n_queries];
        let mut scores = Vec::new();
        let [key, value] = [heads.key(group), heads.value(group)];
        for block in self.blocks(heads, group) {
            let keys = block.keys;
            scores.resize(block.queries.len() * keys.len(), 0.0);
            let query = heads.query(group, block.head).rows(block.queries.clone());
            multiply(
                (&mut scores, keys.len()),
                (query, key.rows(keys.clone()).transposed()),
                (Onto::Replace, Threads::One),
            );
            for (row, query) in
                scores.chunks_exact_mut(keys.len().max(1)).zip(block.queries.clone())
            {
                self.finish_scores(heads, row, (group, block.head, query), &keys);
                let logarithm = vectorized(|| softmax(row));
                logarithms[block.head * n_queries + query] = logarithm;
            }
            let into = (block.head * n_queries + block.queries.start) * d_head;
            let weights = Matrix::new(&scores, Layout::rows([block.queries.len(), keys.len()]));
            multiply(
                (&mut result[into..], d_head),
                (weights, value.rows(keys)),
                (Onto::Replace, Threads::One),
            );
        }
        (result, logarithms)
    }

    /// The queries of a head that there are, a few at a time, and the keys that at least one of them may
    /// see.
    fn blocks(&self, heads: &Heads, group: usize) -> impl Iterator<Item = Block> {
        let sizes = [heads.n_queries, heads.n_keys];
        let there = self.sight.there(group / heads.n_kv_heads, heads.n_keys);
        let before = heads.n_keys.saturating_sub(heads.n_queries);
        let queries = match self.queries {
            Queries::AtKeys if !self.sight.keys.is_empty() => {
                there.start.saturating_sub(before)..there.end.saturating_sub(before)
            }
            Queries::AtKeys | Queries::Elsewhere => 0..heads.n_queries,
        };
        let starts = queries.clone().step_by(QUERIES);
        let blocks = starts.map(move |start| start..queries.end.min(start + QUERIES));
        (0..heads.shared).flat_map(move |head| {
            let (sight, there) = (self.sight.clone(), there.clone());
            blocks.clone().map(move |queries| {
                let first = sight.of(queries.start, sizes);
                let last = sight.of(queries.end - 1, sizes);
                let start = first.start.max(there.start);
                Block { head, queries, keys: start..last.end.min(there.end).max(start) }
            })
        })
    }

    /// Scales a query's products with some keys, adds its bias, squeezes them, and hides what it does not see.
    fn finish_scores(
        &self,
        heads: &Heads,
        scores: &mut [f32],
        (group, head, query): (usize, usize, usize),
        keys: &Range<usize>,
    ) {
        vectorized(|| scores.iter_mut().for_each(|x| *x *= self.scale));
        if let Some(bias) = heads.bias(group, head) {
            for (score, key) in scores.iter_mut().zip(keys.clone()) {
                *score += bias.at(query, key);
            }
        }
        if let Some(limit) = self.softcap {
            vectorized(|| scores.iter_mut().for_each(|x| *x = limit * tanh(*x / limit)));
        }
        let seen = self.sight.of(query, [heads.n_queries, heads.n_keys]);
        scores[..seen.start.clamp(keys.start, keys.end) - keys.start].fill(f32::NEG_INFINITY);
        scores[seen.end.clamp(keys.start, keys.end) - keys.start..].fill(f32::NEG_INFINITY);
        if let Some(row) = self.sight.row(group / heads.n_kv_heads, heads.n_keys) {
            for (score, key) in scores.iter_mut().zip(keys.clone()) {
                if !row.get(key).copied().unwrap_or(true) {
                    *score = f32::NEG_INFINITY;
                }
            }
        }
    }

    fn gradients(&self, saved: Saved, gradient: Any, of_bias: bool) -> ([Any; 3], Option<Any>) {
        let heads = Heads::of(&saved);
        let gradient = host(gradient);
        let groups = in_parallel(heads.groups(), |group| {
            self.gradients_of(&heads, (group, &gradient), &saved.logarithms[group], of_bias)
        });
        let Heads { n_heads, n_kv_heads, n_queries, n_keys, .. } = heads;
        let side_by_side = |n, length, pick: fn(&Gradients) -> &Vec<f32>| {
            let parts: Vec<&Vec<f32>> = groups.iter().map(pick).collect();
            heads.side_by_side(n, length, &parts)
        };
        let query = side_by_side(n_heads, n_queries, |gradients| &gradients.query);
        let key = side_by_side(n_kv_heads, n_keys, |gradients| &gradients.key);
        let value = side_by_side(n_kv_heads, n_keys, |gradients| &gradients.value);
        let bias = of_bias.then(|| heads.gradient_of_bias(&groups));
        ([query, key, value], bias)
    }

    /// The gradients that come through one head of keys and values.
    ///
    /// ```text
    /// dV = Pᵀ dO,   dP = dO Vᵀ,   dS = P (dP - Σ P dP),   dQ = scale · dS K,   dK = scale · dSᵀ Q
    /// ```
    fn gradients_of(
        &self,
        heads: &Heads,
        (group, gradient): (usize, &FlexTensor),
        logarithms: &[f32],
        of_bias: bool,
    ) -> Gradients {
        let Heads { n_queries, n_keys, d_head, shared, .. } = *heads;
        let numbers = |count: usize| vec![0.0; count];
        let mut found = Gradients {
            query: numbers(shared * n_queries * d_head),
            key: numbers(n_keys * d_head),
            value: numbers(n_keys * d_head),
            bias: numbers(if of_bias { shared * n_queries * n_keys } else { 0 }),
        };
        let [mut weights, mut slopes] = [Vec::new(), Vec::new()];
        let [key, value] = [heads.key(group), heads.value(group)];
        for block in self.blocks(heads, group) {
            let keys = block.keys;
            let (rows, width) = (block.queries.len(), keys.len());
            weights.resize(rows * width, 0.0);
            slopes.resize(rows * width, 0.0);
            let query = heads.query(group, block.head).rows(block.queries.clone());
            let given = heads.matrix(gradient, group * shared + block.head, heads.n_heads);
            let given = given.rows(block.queries.clone());
            let [own_keys, own_values] = [key, value].map(|x| x.rows(keys.clone()));
            multiply(
                (&mut weights, width),
                (query, own_keys.transposed()),
                (Onto::Replace, Threads::One),
            );
            multiply(
                (&mut slopes, width),
                (given, own_values.transposed()),
                (Onto::Replace, Threads::One),
            );
            let both =
                weights.chunks_exact_mut(width.max(1)).zip(slopes.chunks_exact_mut(width.max(1)));
            for ((weights, slopes), query) in both.zip(block.queries.clone()) {
                self.finish_scores(heads, weights, (group, block.head, query), &keys);
                let logarithm = logarithms[block.head * n_queries + query];
                vectorized(|| slopes_of_row(weights, slopes, logarithm, self.softcap));
                if of_bias {
                    let row = (block.head * n_queries + query) * n_keys;
                    found.bias[row + keys.start..row + keys.end].copy_from_slice(slopes);
                }
                vectorized(|| slopes.iter_mut().for_each(|x| *x *= self.scale));
            }
            let layout = Layout::rows([rows, width]);
            let [weights, slopes] = [&weights, &slopes].map(|x| Matrix::new(x, layout));
            let into = (block.head * n_queries + block.queries.start) * d_head;
            multiply(
                (&mut found.query[into..], d_head),
                (slopes, own_keys),
                (Onto::Replace, Threads::One),
            );
            let into = keys.start * d_head;
            multiply(
                (&mut found.key[into..], d_head),
                (slopes.transposed(), query),
                (Onto::Add, Threads::One),
            );
            multiply(
                (&mut found.value[into..], d_head),
                (weights.transposed(), given),
                (Onto::Add, Threads::One),
            );
        }
        found
    }
}

/// Replaces scores by weights; the logarithm of the sum of their exponentials.
#[inline(always)]
fn softmax(scores: &mut [f32]) -> f32 {
    let largest = max(scores);
    if largest == f32::NEG_INFINITY {
        // Nothing is seen, and the backward pass finds no weights either.
        scores.fill(0.0);
        return 0.0;
    }
    let total = exponentials(scores, largest);
    let factor = 1.0 / total;
    scores.iter_mut().for_each(|x| *x *= factor);
    largest + total.ln()
}

/// Replaces scores by weights, and the gradients of weights by those of products.
#[inline(always)]
fn slopes_of_row(scores: &mut [f32], slopes: &mut [f32], logarithm: f32, softcap: Option<f32>) {
    match softcap {
        None => {
            exponentials(scores, logarithm);
            let mean = dot(scores, slopes, 0.0);
            for (slope, weight) in slopes.iter_mut().zip(scores) {
                *slope = *weight * (*slope - mean);
            }
        }
        Some(limit) => {
            let squeezed = scores.to_vec();
            exponentials(scores, logarithm);
            let mean = dot(scores, slopes, 0.0);
            for ((slope, weight), squeezed) in slopes.iter_mut().zip(scores).zip(squeezed) {
                // What is hidden is infinite there and has no weight.
                let share = (squeezed / limit).clamp(-1.0, 1.0);
                *slope = *weight * (*slope - mean) * (1.0 - share * share);
            }
        }
    }
}

/// Some queries of a head, of those that share a head of keys.
struct Block {
    head: usize,
    queries: Range<usize>,
    keys: Range<usize>,
}

/// The inputs, and how their heads lie in memory.
struct Heads {
    query: FlexTensor,
    key: FlexTensor,
    value: FlexTensor,
    bias: Option<FlexTensor>,
    batch: usize,
    n_heads: usize,
    n_kv_heads: usize,
    n_queries: usize,
    n_keys: usize,
    d_head: usize,
    /// Heads of queries that share a head of keys.
    shared: usize,
}

impl Heads {
    fn of(saved: &Saved) -> Self {
        let [query, key, value] = saved.inputs.clone().map(host);
        let of_queries = query.layout().shape();
        let of_keys = key.layout().shape();
        Self {
            batch: of_queries[0],
            n_heads: of_queries[1],
            n_kv_heads: of_keys[1],
            n_queries: of_queries[2],
            n_keys: of_keys[2],
            d_head: of_queries[3],
            shared: of_queries[1] / of_keys[1],
            bias: saved.bias.clone().map(host),
            query,
            key,
            value,
        }
    }

    /// Heads of keys, of all rows of the batch.
    fn groups(&self) -> usize {
        self.batch * self.n_kv_heads
    }

    /// Of `n_heads` heads in each row of the batch one, `[length, d_head]`.
    fn matrix<'a>(&self, tensor: &'a FlexTensor, head: usize, n_heads: usize) -> Matrix<'a> {
        self.part(tensor, [head / n_heads, head % n_heads])
    }

    /// The matrix of the last two dimensions.
    fn part<'a>(&self, tensor: &'a FlexTensor, [row, head]: [usize; 2]) -> Matrix<'a> {
        Matrix::of(tensor, [2, 3], row * stride(tensor, 0) + head * stride(tensor, 1))
    }

    fn query(&self, group: usize, head: usize) -> Matrix<'_> {
        self.matrix(&self.query, group * self.shared + head, self.n_heads)
    }

    fn key(&self, group: usize) -> Matrix<'_> {
        self.matrix(&self.key, group, self.n_kv_heads)
    }

    fn value(&self, group: usize) -> Matrix<'_> {
        self.matrix(&self.value, group, self.n_kv_heads)
    }

    /// What is added to the scores of a head, `[queries, keys]`.
    fn bias(&self, group: usize, head: usize) -> Option<Matrix<'_>> {
        let bias = self.bias.as_ref()?;
        let head = group * self.shared + head;
        let row = if bias.layout().shape()[0] == 1 { 0 } else { head / self.n_heads };
        Some(self.part(bias, [row, head % self.n_heads]))
    }

    /// A tensor `[batch, n, length, d_head]` of what each group gave, `[heads, length, d_head]`; in memory
    /// the heads of a position lie side by side.
    fn side_by_side<V: AsRef<Vec<f32>> + Sync>(&self, n: usize, length: usize, parts: &[V]) -> Any {
        let width = n * self.d_head;
        let own = n / self.n_kv_heads;
        let mut result = empty(&[self.batch, length, n, self.d_head]);
        write_parts(result.storage_mut(), width.max(1), |at, into| {
            let (row, place) = (at.start / width / length, at.start / width % length);
            for (head, into) in into.chunks_exact_mut(self.d_head).enumerate() {
                let part = parts[row * self.n_kv_heads + head / own].as_ref();
                let start = (head % own * length + place) * self.d_head;
                into.copy_from_slice(&part[start..start + self.d_head]);
            }
        });
        any(result.transpose(1, 2))
    }

    /// The gradient of the bias, added up over the batch where all rows share one.
    fn gradient_of_bias(&self, groups: &[Gradients]) -> Any {
        let rows = self.bias.as_ref().map_or(1, |bias| bias.layout().shape()[0]);
        let mut sum = empty(&[rows, self.n_heads, self.n_queries, self.n_keys]);
        let width = self.shared * self.n_queries * self.n_keys;
        write_parts(sum.storage_mut(), width.max(1), |at, into| {
            let first = at.start / width;
            for group in (first..self.groups()).step_by(rows * self.n_kv_heads) {
                into.iter_mut().zip(&groups[group].bias).for_each(|(sum, more)| *sum += more);
            }
        });
        any(sum)
    }
}
