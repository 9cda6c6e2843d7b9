//! The corruptions of running text.

use super::{BatchAt, CorruptedText, Denoising, LmBatch, SpanCorruption};
use crate::rng::SeededRng;

/// A corruption of running text.
#[derive(Clone, Debug, PartialEq)]
pub enum Corruption {
    /// The target are the hidden spans.
    Spans(SpanCorruption),
    /// The target is the whole text.
    Denoising(Denoising),
}

impl Corruption {
    /// The length of windows whose source and target have at most `context` tokens, as many as
    /// possible; `None` if there is no such window.
    pub fn window(&self, context: usize) -> Option<usize> {
        match self {
            Self::Spans(corruption) => corruption.window(context),
            Self::Denoising(corruption) => corruption.window(context),
        }
    }

    /// Corrupts the inputs of windows: depends only on `at` and the windows. Row `r` of micro-step
    /// `m` is row `m * rows + r` of the step. Rows without tokens, at the end of a text, are left out.
    pub fn apply(&self, at: BatchAt, windows: &LmBatch) -> Vec<CorruptedText> {
        let rows = windows.inputs.chunks_exact(windows.context).zip(windows.lengths());
        let corrupt = |((inputs, length), row): ((&[u32], usize), u64)| {
            let row = at.micro_step.wrapping_mul(windows.rows as u64).wrapping_add(row);
            let mut rng = SeededRng::new(b"corrupt ", [at.seed, at.step, row]);
            let text = &inputs[..length];
            (length > 0).then(|| match self {
                Self::Spans(corruption) => corruption.corrupt(text, &mut rng),
                Self::Denoising(corruption) => corruption.corrupt(text, &mut rng),
            })
        };
        rows.zip(0..).filter_map(corrupt).collect()
    }
}
