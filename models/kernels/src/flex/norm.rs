//! [`norm`](crate::norm) for tensors in host memory.

use super::host::{
    add_up, any, contiguous, empty, f32_slice, in_parallel, owned, part_of_rows, vectorized,
    write_parts,
};
use super::math::{dot, squares, sum};
use crate::gradient::{Any, Operation, apply};
use crate::ops::norm::{Centre, NormParams};

/// Rows of a part whose contribution to the gradients of scale and shift is summed separately.
const ROWS: usize = 64;

/// See [`norm`](crate::norm::norm).
pub(super) fn norm(params: NormParams, x: Any, gamma: Any, beta: Option<Any>) -> Option<Any> {
    Some(match beta {
        Some(beta) => apply(Normed(params), [x, gamma, beta]),
        None => apply(Normed(params), [x, gamma]),
    })
}

/// The saved state of a norm: its input, its scale, and the mean and the reciprocal deviation of
/// each row.
#[derive(Debug, Clone)]
struct Saved {
    x: Any,
    gamma: Any,
    rows: Vec<Row>,
}

#[derive(Debug, Clone, Copy)]
struct Row {
    mean: f32,
    factor: f32,
}

#[derive(Debug, Clone, Copy)]
struct Normed(NormParams);

impl Normed {
    #[inline(always)]
    fn row(self, x: &[f32]) -> Row {
        let n = x.len() as f32;
        let mean = match self.0.centre {
            Centre::Mean => sum(x) / n,
            Centre::Zero => 0.0,
        };
        Row { mean, factor: 1.0 / (squares(x, mean) / n + self.0.epsilon).sqrt() }
    }

    fn run(self, x: Any, gamma: Any, beta: Option<Any>) -> (Any, Saved) {
        let input = contiguous(x.clone());
        let scale = contiguous(gamma.clone());
        let shift = beta.map(contiguous);
        let (values, scale) = (f32_slice(&input), f32_slice(&scale));
        let width = scale.len();
        let part = part_of_rows(width);
        let parts = values.len().div_ceil(part);
        let rows = in_parallel(parts, |index| {
            let own = &values[index * part..values.len().min((index + 1) * part)];
            vectorized(|| own.chunks_exact(width).map(|x| self.row(x)).collect::<Vec<_>>())
        });
        let rows = rows.concat();
        let mut result = empty(input.layout().shape().as_slice());
        write_parts(result.storage_mut(), part, |at, into| {
            let rows = &rows[at.start / width..];
            let chunks = into.chunks_exact_mut(width).zip(values[at].chunks_exact(width)).zip(rows);
            vectorized(|| {
                for ((into, x), row) in chunks {
                    for ((into, x), gamma) in into.iter_mut().zip(x).zip(scale) {
                        *into = (x - row.mean) * row.factor * (self.0.offset + gamma);
                    }
                    if let Some(shift) = &shift {
                        for (into, beta) in into.iter_mut().zip(f32_slice(shift)) {
                            *into += beta;
                        }
                    }
                }
            });
        });
        (any(result), Saved { x, gamma, rows })
    }

    /// The gradients of input, scale and shift.
    ///
    /// ```text
    /// h = (x - mean) / deviation,   u = g (offset + γ)
    /// dx = (u - mean(u) - h mean(u h)) / deviation,   dγ = Σ g h,   dβ = Σ g
    /// ```
    ///
    /// Without a mean there is no `mean(u)`.
    fn gradients(self, saved: Saved, gradient: Any) -> [Any; 3] {
        let Saved { x, gamma, rows } = saved;
        let (x, gamma) = (contiguous(x), contiguous(gamma));
        let (x, scale) = (f32_slice(&x), f32_slice(&gamma));
        let width = scale.len();
        let mut gradient = owned(gradient);
        let part = ROWS * width;
        let sums = {
            let given = f32_slice(&gradient);
            in_parallel(given.len().div_ceil(part), |index| {
                let at = index * part..given.len().min((index + 1) * part);
                let rows = &rows[index * ROWS..];
                let own = given[at.clone()].chunks_exact(width).zip(x[at].chunks_exact(width));
                let [mut of_scale, mut of_shift] = [vec![0.0; width], vec![0.0; width]];
                vectorized(|| {
                    for ((given, x), row) in own.zip(rows) {
                        let terms = given.iter().zip(x);
                        let sums = of_scale.iter_mut().zip(of_shift.iter_mut());
                        for ((scale, shift), (given, x)) in sums.zip(terms) {
                            *scale += given * ((x - row.mean) * row.factor);
                            *shift += given;
                        }
                    }
                });
                (of_scale, of_shift)
            })
        };
        let (of_scale, of_shift): (Vec<_>, Vec<_>) = sums.into_iter().unzip();
        write_parts(gradient.storage_mut(), part_of_rows(width), |at, into| {
            let rows = &rows[at.start / width..];
            let own = into.chunks_exact_mut(width).zip(x[at].chunks_exact(width)).zip(rows);
            vectorized(|| {
                for ((given, x), row) in own {
                    self.gradient_of_row(given, x, *row, scale);
                }
            });
        });
        [any(gradient), any(add_up(width, of_scale)), any(add_up(width, of_shift))]
    }

    #[inline(always)]
    fn gradient_of_row(self, given: &mut [f32], x: &[f32], row: Row, scale: &[f32]) {
        let n = x.len() as f32;
        for (given, gamma) in given.iter_mut().zip(scale) {
            *given *= self.0.offset + gamma;
        }
        let total = sum(given);
        let along = row.factor * dot(given, x, row.mean) / n;
        let mean = match self.0.centre {
            Centre::Mean => total / n,
            Centre::Zero => 0.0,
        };
        for (given, x) in given.iter_mut().zip(x) {
            *given = row.factor * (*given - mean - (x - row.mean) * row.factor * along);
        }
    }
}

impl Operation<2> for Normed {
    type Saved = Saved;

    fn forward(&self, inputs: [Any; 2]) -> (Any, Saved) {
        let [x, gamma] = inputs;
        self.run(x, gamma, None)
    }

    fn backward(&self, saved: Saved, gradient: Any, _: [bool; 2]) -> [Option<Any>; 2] {
        let [x, gamma, _] = self.gradients(saved, gradient);
        [Some(x), Some(gamma)]
    }
}

impl Operation<3> for Normed {
    type Saved = Saved;

    fn forward(&self, inputs: [Any; 3]) -> (Any, Saved) {
        let [x, gamma, beta] = inputs;
        self.run(x, gamma, Some(beta))
    }

    fn backward(&self, saved: Saved, gradient: Any, _: [bool; 3]) -> [Option<Any>; 3] {
        self.gradients(saved, gradient).map(Some)
    }
}
