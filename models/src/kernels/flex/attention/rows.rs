//! What is done to the scores of one query.

use super::super::math::{dot, exponentials, max};

/// Replaces scores by weights; the logarithm of the sum of their exponentials.
#[inline(always)]
pub(super) fn softmax(scores: &mut [f32]) -> f32 {
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
pub(super) fn slopes_of_row(
    scores: &mut [f32],
    slopes: &mut [f32],
    logarithm: f32,
    softcap: Option<f32>,
) {
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
