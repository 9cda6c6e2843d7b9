//! BERT's masking: which tokens of a text are prediction targets, and what replaces them.

use std::ops::Range;

use super::{BatchAt, IGNORE, LmBatch};
use crate::rng::SeededRng;

/// Selects 15 % of the tokens of a text as targets: of those, 80 % are replaced by the mask token,
/// 10 % by a random token, and 10 % are left unchanged. There is at least one target, however short
/// the text.
///
/// Reference: Devlin et al. 2019 (BERT), §3.1, <https://arxiv.org/abs/1810.04805>
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Masking {
    /// The mask token.
    pub mask: u32,
    /// The tokens that replace others at random.
    pub random: Range<u32>,
}

impl Masking {
    /// Replaces tokens of a text; the original of each target, `None` elsewhere.
    ///
    /// # Panics
    ///
    /// Panics if the text is empty.
    pub(crate) fn hide(&self, text: &mut [u32], rng: &mut SeededRng) -> Vec<Option<u32>> {
        let length = text.len();
        let mut targets = vec![None; length];
        let fallback = rng.below(length as u64) as usize;
        let mut hide = |position: usize, rng: &mut SeededRng| {
            targets[position] = Some(text[position]);
            match rng.below(10) {
                0..8 => text[position] = self.mask,
                8 => {
                    let count = u64::from(self.random.end - self.random.start);
                    text[position] = self.random.start + rng.below(count) as u32;
                }
                _ => {}
            }
        };
        let mut count = 0;
        for position in 0..length {
            if rng.below(100) < 15 {
                hide(position, rng);
                count += 1;
            }
        }
        if count == 0 {
            hide(fallback, rng);
        }
        targets
    }

    /// Masks the windows of a batch: depends only on `at` and the windows. Row `r` of micro-step `m`
    /// is row `m * rows + r` of the step.
    pub fn apply(&self, at: BatchAt, windows: LmBatch) -> LmBatch {
        let LmBatch { rows, context, mut inputs, mut targets } = windows;
        let by_row = inputs.chunks_exact_mut(context).zip(targets.chunks_exact_mut(context));
        for ((inputs, targets), row) in by_row.zip(0..) {
            let row = at.micro_step.wrapping_mul(rows as u64).wrapping_add(row);
            let mut rng = SeededRng::new(b"mask row", [at.seed, at.step, row]);
            // The rest of a window is padding, which has no next token.
            let length = targets.iter().position(|&target| target == IGNORE).unwrap_or(context);
            targets.fill(IGNORE);
            if length > 0 {
                let hidden = self.hide(&mut inputs[..length], &mut rng);
                for (target, original) in targets.iter_mut().zip(hidden) {
                    *target = original.map_or(IGNORE, i64::from);
                }
            }
        }
        LmBatch { rows, context, inputs, targets }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_targets_change_and_padding_has_none() {
        let masking = Masking { mask: 99, random: 0..50 };
        let windows = LmBatch::of_windows(&[(0..41).collect(), (5..20).collect()]);
        let at = BatchAt { seed: 1, step: 2, micro_step: 0 };
        let masked = masking.apply(at, windows.clone());
        assert_eq!(masked, masking.apply(at, windows.clone()));
        assert_ne!(masked, masking.apply(BatchAt { step: 3, ..at }, windows.clone()));
        let mut count = 0;
        for (position, (&shown, &target)) in masked.inputs.iter().zip(&masked.targets).enumerate() {
            let real = i64::from(windows.inputs[position]);
            match target {
                IGNORE => assert_eq!(i64::from(shown), real),
                target => {
                    assert_eq!(target, real);
                    count += 1;
                }
            }
        }
        assert!(count > 2);
        assert!(masked.targets[40 + 14..].iter().all(|&target| target == IGNORE));
    }

    #[test]
    fn micro_steps_are_masked_like_the_whole_step() {
        let masking = Masking { mask: 99, random: 0..50 };
        let rows: Vec<Vec<u32>> = (0..4).map(|row| (row..row + 30).collect()).collect();
        let at = |micro_step| BatchAt { seed: 1, step: 2, micro_step };
        let whole = masking.apply(at(0), LmBatch::of_windows(&rows));
        let second = masking.apply(at(1), LmBatch::of_windows(&rows[2..]));
        assert_eq!(whole.inputs[2 * 29..], second.inputs);
        assert_eq!(whole.targets[2 * 29..], second.targets);
    }
}
