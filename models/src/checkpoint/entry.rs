//! A tensor of the checkpoint and the parameters that it contains.

use std::collections::VecDeque;

use burn::tensor::{Element, TensorData};
use half::bf16;

use super::LoadDtype;
use crate::parameters::{ParameterInfo, ParameterValue};

/// A tensor of the checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its key.
    pub key: String,
    /// Alternative keys, used by older checkpoints or checkpoints without a head.
    pub aliases: Vec<String>,
    /// Its shape in the file.
    pub shape: Vec<usize>,
    /// The parameters that it contains, concatenated along the last dimension.
    pub parts: Vec<Part>,
    /// The index of each part in its rule, ascending.
    pub(super) places: Vec<usize>,
    /// The number of groups in which the parts are interleaved; every group has an equal share of
    /// each part.
    pub groups: usize,
    /// Whether the file stores the transpose of the parameter.
    pub orientation: Orientation,
}

/// Whether a file stores a parameter or its transpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Orientation {
    /// The layout of the model.
    Same,
    /// The two dimensions are swapped.
    Transposed,
}

/// A parameter within a tensor of the checkpoint.
pub type Part = ParameterInfo;

impl Entry {
    /// Joins the parameters' values into the tensor of the file.
    pub fn join(&self, parts: &[Vec<f32>]) -> Vec<f32> {
        let mut values = Vec::with_capacity(parts.iter().map(Vec::len).sum());
        for group in 0..parts[0].len() / self.columns(&self.parts[0]) {
            for (part, info) in parts.iter().zip(&self.parts) {
                let width = self.columns(info);
                values.extend_from_slice(&part[group * width..(group + 1) * width]);
            }
        }
        match self.orientation {
            Orientation::Same => values,
            Orientation::Transposed => {
                let [width, height] = [self.shape[0], self.shape[1]];
                let mut turned = vec![0.0; values.len()];
                turn(&values, width, Columns { values: &mut turned, width: height, at: 0 });
                turned
            }
        }
    }

    /// The smallest unit to read, in elements: a row of the file, or 1 if the file's order is the
    /// parameter's.
    pub(super) fn row(&self) -> usize {
        match (self.orientation, self.parts.as_slice()) {
            (Orientation::Same, [_]) => 1,
            _ => self.shape.last().copied().unwrap_or(1).max(1),
        }
    }

    /// The columns of a part in each group.
    fn columns(&self, part: &Part) -> usize {
        width(part) / self.groups
    }
}

/// The element type of a parameter's values.
pub(super) trait Value: Element {
    fn of(x: f32) -> Self;
}

impl Value for f32 {
    fn of(x: f32) -> Self {
        x
    }
}

/// Exact for values that were bf16 before: the lower 16 bits of the f32 are zero.
impl Value for bf16 {
    fn of(x: f32) -> Self {
        Self::from_bits((x.to_bits() >> 16) as u16)
    }
}

/// The parameters of a tensor, filled as its values are read.
pub(super) struct Parts<'a, V> {
    entry: &'a Entry,
    dtype: LoadDtype,
    values: Vec<Vec<V>>,
    /// The destinations of the remaining rows, for a file that stores the transpose.
    runs: VecDeque<Run>,
}

/// Rows of a file that are columns of a parameter.
struct Run {
    part: usize,
    column: usize,
    count: usize,
}

impl<'a, V: Value> Parts<'a, V> {
    /// Parameters without values yet.
    pub(super) fn new(entry: &'a Entry, dtype: LoadDtype) -> Self {
        let parts = &entry.parts;
        let in_group = |group| {
            parts.iter().enumerate().map(move |(part, info)| {
                let count = entry.columns(info);
                Run { part, column: group * count, count }
            })
        };
        let values = |part: &Part| match (entry.orientation, dtype) {
            (Orientation::Transposed, LoadDtype::F32) => vec![V::of(0.0); part.count()],
            // Not zeroed: the values are appended in order.
            _ => Vec::with_capacity(part.count()),
        };
        let values = parts.iter().map(values).collect();
        Self { entry, dtype, values, runs: (0..entry.groups).flat_map(in_group).collect() }
    }

    /// Consumes the next values of the file, in whole rows (see [`Entry::row`]).
    pub(super) fn take(&mut self, rows: &[f32]) {
        match (self.entry.orientation, self.values.as_mut_slice()) {
            (Orientation::Same, [values]) => values.extend(rows.iter().map(|x| V::of(*x))),
            (Orientation::Same, _) => self.take_same(rows),
            (Orientation::Transposed, _) => self.take_transposed(rows),
        }
    }

    fn take_same(&mut self, mut rows: &[f32]) {
        while !rows.is_empty() {
            for (part, values) in self.entry.parts.iter().zip(&mut self.values) {
                let (share, rest) = rows.split_at(self.entry.columns(part));
                values.extend(share.iter().map(|x| V::of(*x)));
                rows = rest;
            }
        }
    }

    fn take_transposed(&mut self, mut rows: &[f32]) {
        let row = self.entry.row();
        while !rows.is_empty()
            && let Some(run) = self.runs.front_mut()
        {
            let count = run.count.min(rows.len() / row);
            let (share, rest) = rows.split_at(count * row);
            let values = &mut self.values[run.part];
            match self.dtype {
                LoadDtype::F32 => {
                    let width = width(&self.entry.parts[run.part]);
                    turn(share, row, Columns { values, width, at: run.column });
                }
                LoadDtype::Checkpoint => values.extend(share.iter().map(|x| V::of(*x))),
            }
            rows = rest;
            run.column += count;
            run.count -= count;
            if run.count == 0 {
                self.runs.pop_front();
            }
        }
    }

    /// Each parameter with its values.
    pub(super) fn finish(self) -> impl Iterator<Item = (&'a Part, ParameterValue)> {
        let is_transposed = self.entry.orientation == Orientation::Transposed
            && self.dtype == LoadDtype::Checkpoint;
        self.entry.parts.iter().zip(self.values).map(move |(part, values)| {
            let mut shape = part.shape.clone();
            if is_transposed {
                shape.reverse();
            }
            (part, ParameterValue { data: TensorData::new(values, shape), is_transposed })
        })
    }
}

fn width(part: &Part) -> usize {
    part.shape.last().copied().unwrap_or(1)
}

/// Columns of a matrix.
struct Columns<'a, V> {
    /// The whole matrix.
    values: &'a mut [V],
    /// The length of its rows.
    width: usize,
    /// The first of the columns.
    at: usize,
}

/// Writes rows of `columns` elements as columns of a matrix.
fn turn<V: Value>(rows: &[f32], columns: usize, into: Columns<'_, V>) {
    let Columns { values: into, width, at } = into;
    // Tiled, so that both source and destination stay in the cache.
    const TILE: usize = 16;
    let count = rows.len() / columns.max(1);
    for first_column in (0..columns).step_by(TILE) {
        for first_row in (0..count).step_by(TILE) {
            let tall = TILE.min(count - first_row);
            for column in first_column..(first_column + TILE).min(columns) {
                let start = column * width + at + first_row;
                for (row, to) in into[start..start + tall].iter_mut().enumerate() {
                    *to = V::of(rows[(first_row + row) * columns + column]);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(orientation: Orientation, shape: [usize; 2], widths: &[usize]) -> Entry {
        let height = match orientation {
            Orientation::Same => shape[0],
            Orientation::Transposed => shape[1],
        };
        let part = |&width: &usize| Part::new(format!("p{width}"), [height, width]);
        Entry {
            key: "k".into(),
            aliases: Vec::new(),
            shape: shape.to_vec(),
            parts: widths.iter().map(part).collect(),
            places: (0..widths.len()).collect(),
            groups: 1,
            orientation,
        }
    }

    /// The parameters' values, which must not depend on the block size of the reads.
    fn split(entry: &Entry, values: &[f32]) -> Vec<Vec<f32>> {
        let taken =
            |rows: usize| parts_of::<f32>(entry, LoadDtype::F32, values.chunks(rows * entry.row()));
        let [some, all] = [2, values.len()].map(taken);
        assert_eq!(some, all);
        all
    }

    fn parts_of<'a, V: Value>(
        entry: &Entry,
        dtype: LoadDtype,
        blocks: impl Iterator<Item = &'a [f32]>,
    ) -> Vec<Vec<f32>> {
        let mut parts = Parts::<V>::new(entry, dtype);
        blocks.for_each(|rows| parts.take(rows));
        parts.finish().map(|(_, given)| given.data.iter::<f32>().collect()).collect()
    }

    fn count_up(count: u16) -> Vec<f32> {
        (0..count).map(f32::from).collect()
    }

    #[test]
    fn join_inverts_split() {
        let values = count_up(10);
        let fused = entry(Orientation::Same, [2, 5], &[2, 1, 2]);
        let parts = split(&fused, &values);
        assert_eq!(parts, [vec![0., 1., 5., 6.], vec![2., 7.], vec![3., 4., 8., 9.]]);
        assert_eq!(fused.join(&parts), values);
    }

    #[test]
    fn groups_share_the_parts_out() {
        let values = count_up(8);
        let fused = Entry { groups: 2, ..entry(Orientation::Same, [1, 8], &[4, 4]) };
        let parts = split(&fused, &values);
        assert_eq!(parts, [vec![0., 1., 4., 5.], vec![2., 3., 6., 7.]]);
        assert_eq!(fused.join(&parts), values);
    }

    #[test]
    fn transposing_twice_is_the_identity() {
        let values = count_up(33 * 70);
        let turned = entry(Orientation::Transposed, [33, 70], &[33]);
        let parts = split(&turned, &values);
        assert_eq!((parts[0][1], parts[0][33]), (values[70], values[1]));
        assert_eq!(turned.join(&parts), values);
    }

    #[test]
    fn transposed_parts_are_stacked_in_every_group() {
        let values = count_up(8);
        // Rows of the file: two of the first part, two of the second; then a group is one of each.
        let fused = entry(Orientation::Transposed, [4, 2], &[2, 2]);
        let parts = split(&fused, &values);
        assert_eq!(parts, [vec![0., 2., 1., 3.], vec![4., 6., 5., 7.]]);
        assert_eq!(fused.join(&parts), values);
        let fused = Entry { groups: 2, ..fused };
        let parts = split(&fused, &values);
        assert_eq!(parts, [vec![0., 4., 1., 5.], vec![2., 6., 3., 7.]]);
        assert_eq!(fused.join(&parts), values);
    }

    #[test]
    fn parameters_in_the_checkpoint_dtype_keep_the_order_of_the_file() {
        let values = count_up(8);
        let fused = entry(Orientation::Transposed, [4, 2], &[2, 2]);
        let fused = Entry { groups: 2, ..fused };
        let parts = parts_of::<bf16>(&fused, LoadDtype::Checkpoint, values.chunks(2));
        assert_eq!(parts, [vec![0., 1., 4., 5.], vec![2., 3., 6., 7.]]);
    }
}
