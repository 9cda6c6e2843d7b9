//! BERT's masking: which tokens of a text are prediction targets, and what replaces them.

use std::ops::Range;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{BatchAt, IGNORE, LmBatch};
use crate::rng::SeededRng;
use crate::tokenizer::Boundaries;

/// Selects a share of the tokens of a text as targets: of those, 80 % are replaced by the mask token,
/// 10 % by a random token, and 10 % are left unchanged. There is at least one target, however short
/// the text; special tokens are none.
///
/// Reference: Devlin et al. 2019 (BERT), §3.1, <https://arxiv.org/abs/1810.04805>
#[derive(Clone, Debug, PartialEq)]
pub struct Masking {
    /// The mask token.
    pub mask: u32,
    /// The tokens that replace others at random.
    pub random: Range<u32>,
    /// The share of the tokens that are targets, between 0 and 1.
    pub share: f64,
    /// What is selected.
    pub unit: MaskUnit,
    /// The words of the text, and its special tokens.
    pub boundaries: Arc<Boundaries>,
}

/// What masking selects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MaskUnit {
    /// Single tokens.
    #[default]
    Token,
    /// All tokens of a word. Each of them is replaced or left unchanged by itself.
    ///
    /// Reference: <https://github.com/google-research/bert#whole-word-masking-models>
    WholeWord,
}

/// Selections are in millionths: a share of whole percents selects the same tokens as in percents.
const MILLION: u64 = 1_000_000;

impl Masking {
    /// BERT's share of the tokens.
    pub const SHARE: f64 = 0.15;

    /// BERT's masking of single tokens, in a text without special tokens.
    pub fn of_tokens(mask: u32, random: Range<u32>) -> Self {
        let (unit, boundaries) = (MaskUnit::Token, Arc::default());
        Self { mask, random, share: Self::SHARE, unit, boundaries }
    }

    /// What can be selected in a text.
    fn units(&self, text: &[u32]) -> Vec<Range<usize>> {
        let is_special = |position: &usize| self.boundaries.is_special(text[*position]);
        match self.unit {
            MaskUnit::WholeWord => self.boundaries.words(text),
            MaskUnit::Token => (0..text.len())
                .filter(|position| !is_special(position))
                .map(|position| position..position + 1)
                .collect(),
        }
    }

    /// Replaces tokens of a text; the original of each target, `None` elsewhere.
    pub(crate) fn hide(&self, text: &mut [u32], rng: &mut SeededRng) -> Vec<Option<u32>> {
        let mut targets = vec![None; text.len()];
        let units = self.units(text);
        let fallback = rng.below(units.len() as u64) as usize;
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
        let share = (self.share * MILLION as f64).round() as u64;
        let mut count = 0;
        for unit in &units {
            if rng.below(MILLION) < share {
                unit.clone().for_each(|position| hide(position, rng));
                count += 1;
            }
        }
        if count == 0
            && let Some(unit) = units.get(fallback)
        {
            unit.clone().for_each(|position| hide(position, rng));
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
    use crate::tokenizer::Tokenizer;

    #[test]
    fn only_targets_change_and_padding_has_none() {
        let masking = Masking::of_tokens(99, 0..50);
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
        let masking = Masking::of_tokens(99, 0..50);
        let rows: Vec<Vec<u32>> = (0..4).map(|row| (row..row + 30).collect()).collect();
        let at = |micro_step| BatchAt { seed: 1, step: 2, micro_step };
        let whole = masking.apply(at(0), LmBatch::of_windows(&rows));
        let second = masking.apply(at(1), LmBatch::of_windows(&rows[2..]));
        assert_eq!(whole.inputs[2 * 29..], second.inputs);
        assert_eq!(whole.targets[2 * 29..], second.targets);
    }

    #[test]
    fn all_tokens_of_a_word_are_targets_together() {
        let tokenizer = Tokenizer::train_bpe(["a sea"], 260).unwrap();
        let text = "The river bends, and<|endoftext|>every boat follows the water. ".repeat(40);
        let ids = tokenizer.encode(&text).unwrap();
        let boundaries = Arc::new(tokenizer.boundaries());
        let words = boundaries.words(&ids);
        let [mut words_hidden, mut hidden, mut masked, mut all] = [0; 4];
        for seed in 0..40 {
            let masking = Masking {
                share: 0.3,
                unit: MaskUnit::WholeWord,
                boundaries: boundaries.clone(),
                ..Masking::of_tokens(999, 0..256)
            };
            let mut shown = ids.clone();
            let targets = masking.hide(&mut shown, &mut SeededRng::new(b"test    ", [seed, 0, 0]));
            for word in &words {
                let count = targets[word.clone()].iter().flatten().count();
                assert!(count == 0 || count == word.len(), "{word:?} has {count} targets");
                words_hidden += usize::from(count > 0);
            }
            let end = tokenizer.eos().unwrap();
            let is_end_hidden = ids.iter().zip(&targets).any(|(id, t)| *id == end && t.is_some());
            assert!(!is_end_hidden, "special tokens stay");
            hidden += targets.iter().flatten().count();
            masked += shown.iter().filter(|id| **id == 999).count();
            all += ids.len();
        }
        let share = |part: usize, whole: usize| part as f64 / whole as f64;
        assert!((0.28..0.32).contains(&share(words_hidden, 40 * words.len())), "{words_hidden}");
        assert!((0.26..0.32).contains(&share(hidden, all)), "{hidden} of {all}");
        assert!((0.77..0.83).contains(&share(masked, hidden)), "{masked} of {hidden}");
    }

    #[test]
    fn a_word_is_hidden_where_the_share_hides_none() {
        let masking = Masking { share: 0.0, ..Masking::of_tokens(99, 0..50) };
        let mut text = [5, 6, 7];
        let targets = masking.hide(&mut text, &mut SeededRng::new(b"test    ", [3, 0, 0]));
        assert_eq!(targets.iter().flatten().count(), 1);
        assert!(masking.hide(&mut [], &mut SeededRng::new(b"test    ", [3, 0, 0])).is_empty());
    }

    #[test]
    fn shares_in_millionths_select_as_percents_do() {
        for seed in 0..20_000 {
            let draw = |n: u64| SeededRng::new(b"test    ", [seed, 0, 0]).below(n);
            assert_eq!(draw(100) < 15, draw(MILLION) < 150_000);
        }
    }
}
