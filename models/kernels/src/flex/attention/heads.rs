//! The memory layout of heads.

use burn::backend::flex::FlexTensor;

use super::super::host::{any, empty, host, write_parts};
use super::super::product::{Matrix, stride};
use crate::gradient::Any;
use crate::ops::attention::SdpaInputs;

/// The inputs and the memory layout of their heads.
pub(super) struct Heads {
    query: FlexTensor,
    key: FlexTensor,
    value: FlexTensor,
    bias: Option<FlexTensor>,
    batch: usize,
    pub(super) n_heads: usize,
    pub(super) n_kv_heads: usize,
    pub(super) n_queries: usize,
    pub(super) n_keys: usize,
    pub(super) d_head: usize,
    /// The number of query heads that share a key head.
    pub(super) shared: usize,
}

impl Heads {
    pub(super) fn of(inputs: &SdpaInputs<Any>) -> Self {
        let SdpaInputs { query, key, value, bias } = inputs.clone().map(host);
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
            query,
            key,
            value,
            bias,
        }
    }

    /// The number of key heads in all rows of the batch.
    pub(super) fn groups(&self) -> usize {
        self.batch * self.n_kv_heads
    }

    /// One head, `[length, d_head]`, of a tensor with `n_heads` heads in each row of the batch.
    pub(super) fn matrix<'a>(
        &self,
        tensor: &'a FlexTensor,
        head: usize,
        n_heads: usize,
    ) -> Matrix<'a> {
        self.part(tensor, [head / n_heads, head % n_heads])
    }

    /// The matrix of the last two dimensions.
    fn part<'a>(&self, tensor: &'a FlexTensor, [row, head]: [usize; 2]) -> Matrix<'a> {
        Matrix::of(tensor, [2, 3], row * stride(tensor, 0) + head * stride(tensor, 1))
    }

    /// The number of scores, of all queries with all keys.
    pub(super) fn scores(&self) -> usize {
        self.batch * self.n_heads * self.n_queries * self.n_keys
    }

    pub(super) fn query(&self, group: usize, head: usize) -> Matrix<'_> {
        self.matrix(&self.query, group * self.shared + head, self.n_heads)
    }

    pub(super) fn key(&self, group: usize) -> Matrix<'_> {
        self.matrix(&self.key, group, self.n_kv_heads)
    }

    pub(super) fn value(&self, group: usize) -> Matrix<'_> {
        self.matrix(&self.value, group, self.n_kv_heads)
    }

    /// The bias of the scores of a head, `[queries, keys]`.
    pub(super) fn bias(&self, group: usize, head: usize) -> Option<Matrix<'_>> {
        let bias = self.bias.as_ref()?;
        let head = group * self.shared + head;
        let row = if bias.layout().shape()[0] == 1 { 0 } else { head / self.n_heads };
        Some(self.part(bias, [row, head % self.n_heads]))
    }

    /// A tensor `[batch, n, length, d_head]` of the results of the groups, `[heads, length,
    /// d_head]` each; the heads of a position are adjacent in memory.
    pub(super) fn side_by_side<V: AsRef<Vec<f32>> + Sync>(
        &self,
        n: usize,
        length: usize,
        parts: &[V],
    ) -> Any {
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

    /// The gradient of the bias, given those of the groups; summed over the batch if all rows share
    /// one bias.
    pub(super) fn gradient_of_bias(&self, groups: &[&Vec<f32>]) -> Any {
        let rows = self.bias.as_ref().map_or(1, |bias| bias.layout().shape()[0]);
        let mut sum = empty(&[rows, self.n_heads, self.n_queries, self.n_keys]);
        let width = self.shared * self.n_queries * self.n_keys;
        write_parts(sum.storage_mut(), width.max(1), |at, into| {
            let first = at.start / width;
            for group in (first..self.groups()).step_by(rows * self.n_kv_heads) {
                into.iter_mut().zip(groups[group]).for_each(|(sum, more)| *sum += more);
            }
        });
        any(sum)
    }
}
