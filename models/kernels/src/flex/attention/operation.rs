//! Attention in blocks of queries, forward and backward.

use std::ops::Range;

use burn::backend::flex::FlexTensor;

use super::super::host::{host, in_parallel, vectorized};
use super::super::product::{Layout, Matrix, MatrixMut, Onto, Threads, multiply};
use super::fully_masked_rows;
use super::heads::Heads;
use super::rows::{ScoreRow, d_scores_of_row, dropped, finish_scores, softmax};
use crate::gradient::{Any, Operation, apply};
use crate::ops::attention::{AttentionWindow, SdpaInputs, SdpaParams};

/// Queries per block, whose scores are in memory at the same time.
const QUERIES: usize = 64;

/// The minimum number of multiply-adds for multiple threads: with one new token and a short
/// context, waking threads takes longer than computing the scores.
const MIN_PARALLEL: usize = 1 << 19;

/// See [`attention`](crate::attention::attention).
pub(in crate::flex) fn attention(inputs: &SdpaInputs<Any>, params: &SdpaParams) -> Option<Any> {
    let attention = Attention(params.clone());
    let SdpaInputs { query, key, value, bias } = inputs.clone();
    // The heads of a position are adjacent in memory, as the following operations need them.
    Some(match bias {
        None => apply(attention, [query, key, value]),
        Some(bias) => apply(attention, [query, key, value, bias]),
    })
}

#[derive(Debug, Clone)]
struct Attention(SdpaParams);

/// The saved state: the inputs and the logsumexp of each query.
#[derive(Debug, Clone)]
struct Saved {
    inputs: SdpaInputs<Any>,
    logsumexp: Vec<Vec<f32>>,
}

/// The gradients of one key and value head, and of the query heads that share it.
struct Gradients {
    query: Vec<f32>,
    key: Vec<f32>,
    value: Vec<f32>,
    bias: Vec<f32>,
}

impl Operation<3> for Attention {
    type Saved = Saved;

    fn forward(&self, inputs: [Any; 3]) -> (Any, Saved) {
        self.run(inputs.into())
    }

    fn backward(&self, saved: Saved, gradient: Any, _: [bool; 3]) -> [Option<Any>; 3] {
        let SdpaInputs { query, key, value, .. } = self.gradients(saved, gradient, false);
        [query, key, value].map(Some)
    }
}

impl Operation<4> for Attention {
    type Saved = Saved;

    fn forward(&self, inputs: [Any; 4]) -> (Any, Saved) {
        self.run(inputs.into())
    }

    fn backward(&self, saved: Saved, gradient: Any, wanted: [bool; 4]) -> [Option<Any>; 4] {
        let SdpaInputs { query, key, value, bias } = self.gradients(saved, gradient, wanted[3]);
        [Some(query), Some(key), Some(value), bias]
    }
}

impl Attention {
    fn run(&self, inputs: SdpaInputs<Any>) -> (Any, Saved) {
        let heads = Heads::of(&inputs);
        let forward = |group| self.forward_of(&heads, group);
        let of_groups = if heads.scores().saturating_mul(heads.d_head) < MIN_PARALLEL {
            (0..heads.groups()).map(forward).collect()
        } else {
            in_parallel(heads.groups(), forward)
        };
        let (results, logsumexp): (Vec<_>, Vec<_>) = of_groups.into_iter().unzip();
        let result = heads.side_by_side(heads.n_heads, heads.n_queries, &results);
        (result, Saved { inputs, logsumexp })
    }

    /// The results for one key and value head, query head by query head, and the logsumexp values
    /// to be saved.
    fn forward_of(&self, heads: &Heads, group: usize) -> (Vec<f32>, Vec<f32>) {
        let Heads { n_queries, d_head, .. } = *heads;
        let mut result = vec![0.0; heads.shared * n_queries * d_head];
        let mut logsumexp = vec![0.0; heads.shared * n_queries];
        let mut scores = Vec::new();
        let [key, value] = [heads.key(group), heads.value(group)];
        for block in self.blocks(heads, group) {
            let keys = block.keys;
            scores.resize(block.queries.len() * keys.len(), 0.0);
            let query = heads.query(group, block.head).rows(block.queries.clone());
            let into = MatrixMut { values: &mut scores, stride: keys.len() };
            let own_keys = key.rows(keys.clone()).transposed();
            multiply(into, query, own_keys, Onto::Replace, Threads::One);
            for (row, query) in
                scores.chunks_exact_mut(keys.len().max(1)).zip(block.queries.clone())
            {
                let of = ScoreRow { group, head: block.head, query };
                finish_scores(&self.0, heads, of, row, &keys);
                let row_logsumexp = vectorized(|| softmax(row));
                logsumexp[block.head * n_queries + query] = row_logsumexp;
                if let Some(dropped) = dropped(&self.0, heads, of) {
                    dropped.drop_from(keys.start, row);
                }
            }
            let into = (block.head * n_queries + block.queries.start) * d_head;
            let weights = Matrix::new(&scores, Layout::rows([block.queries.len(), keys.len()]));
            let into = MatrixMut { values: &mut result[into..], stride: d_head };
            multiply(into, weights, value.rows(keys), Onto::Replace, Threads::One);
        }
        fully_masked_rows::fill(&self.0.window, heads, group, &mut result);
        (result, logsumexp)
    }

    /// The queries of all heads of a group in blocks, with the keys in the window of at least one
    /// query.
    fn blocks(&self, heads: &Heads, group: usize) -> impl Iterator<Item = Block> {
        let sizes = [heads.n_queries, heads.n_keys];
        let window = &self.0.window;
        let there = present_keys(window, group / heads.n_kv_heads, heads.n_keys);
        let n_queries = heads.n_queries;
        let starts = (0..n_queries).step_by(QUERIES);
        let blocks = starts.map(move |start| start..n_queries.min(start + QUERIES));
        (0..heads.shared).flat_map(move |head| {
            let there = there.clone();
            blocks.clone().map(move |queries| {
                let first = window.of(queries.start, sizes);
                let last = window.of(queries.end - 1, sizes);
                let start = first.start.max(there.start);
                Block { head, queries, keys: start..last.end.min(there.end).max(start) }
            })
        })
    }

    /// The gradients of all inputs.
    fn gradients(&self, saved: Saved, gradient: Any, of_bias: bool) -> SdpaInputs<Any> {
        let heads = Heads::of(&saved.inputs);
        let gradient = host(gradient);
        let groups = in_parallel(heads.groups(), |group| {
            self.gradients_of(&heads, group, &gradient, &saved.logsumexp[group], of_bias)
        });
        let Heads { n_heads, n_kv_heads, n_queries, n_keys, .. } = heads;
        let parts = |pick: fn(&Gradients) -> &Vec<f32>| -> Vec<&Vec<f32>> {
            groups.iter().map(pick).collect()
        };
        let side_by_side = |n, length, pick| heads.side_by_side(n, length, &parts(pick));
        let query = side_by_side(n_heads, n_queries, |gradients| &gradients.query);
        let key = side_by_side(n_kv_heads, n_keys, |gradients| &gradients.key);
        let value = side_by_side(n_kv_heads, n_keys, |gradients| &gradients.value);
        let bias = of_bias.then(|| heads.gradient_of_bias(&parts(|gradients| &gradients.bias)));
        SdpaInputs { query, key, value, bias }
    }

    /// The gradients for one key and value head.
    ///
    /// ```text
    /// dV = (F P)ᵀ dO,   dP = F dO Vᵀ,   dS = P (dP - Σ P dP)
    /// dQ = scale · dS K,   dK = scale · dSᵀ Q
    /// ```
    ///
    /// `F` are the dropout factors, 0 for dropped weights.
    fn gradients_of(
        &self,
        heads: &Heads,
        group: usize,
        gradient: &FlexTensor,
        logsumexp: &[f32],
        of_bias: bool,
    ) -> Gradients {
        let Heads { n_queries, n_keys, d_head, shared, .. } = *heads;
        let zeros = |count: usize| vec![0.0; count];
        let mut found = Gradients {
            query: zeros(shared * n_queries * d_head),
            key: zeros(n_keys * d_head),
            value: zeros(n_keys * d_head),
            bias: zeros(if of_bias { shared * n_queries * n_keys } else { 0 }),
        };
        let (scale, softcap) = (self.0.scale as f32, self.0.softcap.map(|limit| limit as f32));
        let [mut weights, mut d_scores] = [Vec::new(), Vec::new()];
        let [key, value] = [heads.key(group), heads.value(group)];
        for block in self.blocks(heads, group) {
            let keys = block.keys;
            let (rows, width) = (block.queries.len(), keys.len());
            weights.resize(rows * width, 0.0);
            d_scores.resize(rows * width, 0.0);
            let query = heads.query(group, block.head).rows(block.queries.clone());
            let given = heads.matrix(gradient, group * shared + block.head, heads.n_heads);
            let given = given.rows(block.queries.clone());
            let [own_keys, own_values] = [key, value].map(|x| x.rows(keys.clone()));
            let into = MatrixMut { values: &mut weights, stride: width };
            multiply(into, query, own_keys.transposed(), Onto::Replace, Threads::One);
            let into = MatrixMut { values: &mut d_scores, stride: width };
            multiply(into, given, own_values.transposed(), Onto::Replace, Threads::One);
            let both =
                weights.chunks_exact_mut(width.max(1)).zip(d_scores.chunks_exact_mut(width.max(1)));
            for ((weights, d_scores), query) in both.zip(block.queries.clone()) {
                let of = ScoreRow { group, head: block.head, query };
                finish_scores(&self.0, heads, of, weights, &keys);
                let row_logsumexp = logsumexp[block.head * n_queries + query];
                let dropped = dropped(&self.0, heads, of);
                if let Some(dropped) = dropped {
                    dropped.drop_from(keys.start, d_scores);
                }
                vectorized(|| d_scores_of_row(weights, d_scores, row_logsumexp, softcap));
                if let Some(dropped) = dropped {
                    dropped.drop_from(keys.start, weights);
                }
                if of_bias {
                    let row = (block.head * n_queries + query) * n_keys;
                    found.bias[row + keys.start..row + keys.end].copy_from_slice(d_scores);
                }
                vectorized(|| d_scores.iter_mut().for_each(|x| *x *= scale));
            }
            let layout = Layout::rows([rows, width]);
            let [weights, d_scores] = [&weights, &d_scores].map(|x| Matrix::new(x, layout));
            let into = (block.head * n_queries + block.queries.start) * d_head;
            let into = MatrixMut { values: &mut found.query[into..], stride: d_head };
            multiply(into, d_scores, own_keys, Onto::Replace, Threads::One);
            let start = keys.start * d_head;
            let into = MatrixMut { values: &mut found.key[start..], stride: d_head };
            multiply(into, d_scores.transposed(), query, Onto::Add, Threads::One);
            let into = MatrixMut { values: &mut found.value[start..], stride: d_head };
            multiply(into, weights.transposed(), given, Onto::Add, Threads::One);
        }
        fully_masked_rows::add_gradients(&self.0.window, heads, group, gradient, &mut found.value);
        found
    }
}

/// A block of queries of one query head, among those that share a key head.
struct Block {
    head: usize,
    queries: Range<usize>,
    keys: Range<usize>,
}

/// The range from the first to the last key that is present in a row of the batch.
fn present_keys(window: &AttentionWindow, row: usize, n_keys: usize) -> Range<usize> {
    let Some(row) = window.row(row, n_keys) else { return 0..n_keys };
    let start = row.iter().position(|is_there| *is_there).unwrap_or(row.len());
    let end = row.iter().rposition(|is_there| *is_there).map_or(start, |last| last + 1);
    // Keys beyond the mask count as present.
    start..if row.len() < n_keys { n_keys } else { end }
}
