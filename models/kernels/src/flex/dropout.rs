//! [`dropout`](crate::dropout) for tensors in host memory.

use burn::tensor::Device;

use super::host::{PART, any, contiguous, empty, f32_slice, owned, vectorized, write_parts};
use crate::gradient::{Any, Operation, apply};
use crate::ops::dropout::Dropout;

/// See [`dropout`](crate::dropout::dropout).
pub(super) fn dropout(x: Any, probability: f64, device: &Device) -> Any {
    apply(Dropout::draw(probability, device), [x])
}

/// The dropout factors for `count` elements.
pub(crate) fn factors(dropout: Dropout, count: usize) -> Option<Vec<f32>> {
    let mut factors = vec![1.0; count];
    multiply(dropout, &mut factors);
    Some(factors)
}

/// Multiplies elements by their dropout factors, in rows of [`PART`].
fn multiply(dropout: Dropout, numbers: &mut [f32]) {
    write_parts(numbers, PART, |at, into| {
        Row::new(dropout, at.start / PART).drop_from(0, into);
    });
}

/// No state is saved: the backward pass recomputes the dropout mask.
impl Operation<1> for Dropout {
    type Saved = ();

    fn forward(&self, inputs: [Any; 1]) -> (Any, ()) {
        let [x] = inputs.map(contiguous);
        let mut result = empty(x.layout().shape().as_slice());
        let values = f32_slice(&x);
        write_parts(result.storage_mut(), PART, |at, into| {
            let row = Row::new(*self, at.start / PART);
            vectorized(|| {
                for (i, (into, x)) in into.iter_mut().zip(&values[at]).enumerate() {
                    *into = x * row.factor(i as u32);
                }
            });
        });
        (any(result), ())
    }

    fn backward(&self, (): (), gradient: Any, _: [bool; 1]) -> [Option<Any>; 1] {
        let mut gradient = owned(gradient);
        multiply(*self, gradient.storage_mut());
        [Some(any(gradient))]
    }
}

/// The dropout mask of a row of elements, as a hash function.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    keys: [u32; 2],
    /// An element is dropped if its hash is below this.
    limit: u32,
    scale: f32,
}

impl Row {
    /// The mask of row number `index`.
    pub(super) fn new(dropout: Dropout, index: usize) -> Self {
        let seed = dropout.seed_of(index);
        Self {
            keys: [seed as u32, (seed >> 32) as u32],
            limit: (dropout.probability * f64::from(u32::MAX)) as u32,
            scale: dropout.scale() as f32,
        }
    }

    /// Multiplies the elements of a row from position `first` on by their dropout factors.
    pub(super) fn drop_from(self, first: usize, numbers: &mut [f32]) {
        vectorized(|| {
            for (position, x) in (first as u32..).zip(numbers) {
                *x *= self.factor(position);
            }
        });
    }

    /// The dropout factor at a position, 0 if the element is dropped.
    #[inline(always)]
    fn factor(self, position: u32) -> f32 {
        if self.hash(position) < self.limit { 0.0 } else { self.scale }
    }

    /// Two rounds of multiply and xor-shift, in which every input bit flips half of the output
    /// bits. One of the row's two seeds enters before each round.
    #[inline(always)]
    fn hash(self, position: u32) -> u32 {
        let x = position.wrapping_mul(0x9e37_79b9).wrapping_add(self.keys[0]);
        let x = (x ^ (x >> 16)).wrapping_mul(0x85eb_ca6b);
        let x = (x ^ (x >> 13) ^ self.keys[1]).wrapping_mul(0xc2b2_ae35);
        x ^ (x >> 16)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(seed: u64, row: usize, probability: f64) -> Vec<bool> {
        let mut factors = vec![1.0; 4096];
        Row::new(Dropout { probability, seed }, row).drop_from(0, &mut factors);
        factors.into_iter().map(|factor| factor > 0.0).collect()
    }

    #[test]
    fn dropped_share_equals_the_probability() {
        for probability in [0.1, 0.5, 0.9] {
            let counts: Vec<f64> = (0..64)
                .map(|row| kept(7, row, probability).iter().filter(|kept| !**kept).count() as f64)
                .collect();
            let share = counts.iter().sum::<f64>() / (64.0 * 4096.0);
            let variance = probability * (1.0 - probability);
            assert!((share - probability).abs() < 5.0 * (variance / (64.0 * 4096.0)).sqrt());
            // The variance between rows is that of independent samples.
            let mean = 4096.0 * share;
            let spread = counts.iter().map(|count| (count - mean).powi(2)).sum::<f64>() / 63.0;
            let ratio = spread / (4096.0 * variance);
            assert!((0.5..1.7).contains(&ratio), "{ratio}");
        }
    }

    #[test]
    fn rows_seeds_and_neighbors_are_independent() {
        let first = kept(1, 0, 0.5);
        let shifted = |by: usize| first[by..].to_vec();
        for other in [kept(1, 1, 0.5), kept(2, 0, 0.5), shifted(1), shifted(2), shifted(64)] {
            let pairs = other.iter().zip(&first);
            let equal = pairs.filter(|(a, b)| a == b).count() as f64;
            let n = other.len() as f64;
            assert!((equal - n / 2.0).abs() < 5.0 * (n / 4.0).sqrt(), "{equal} of {n}");
        }
    }

    #[test]
    fn part_of_a_row_has_the_same_factors() {
        let row = Row::new(Dropout { probability: 0.3, seed: 5 }, 11);
        let [mut all, mut part] = [vec![1.0; 100], vec![1.0; 40]];
        row.drop_from(0, &mut all);
        row.drop_from(60, &mut part);
        assert_eq!(all[60..], part);
    }
}
