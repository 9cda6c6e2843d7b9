//! Searches for the size that meets the budget.

use super::{Budget, Sized, SizingError, SizingTarget, TOLERANCE, cost, made};
use crate::models::families::{Family, Size};
use crate::report::study::{BackboneKind, Dimensions};

/// Depths to try.
const DEPTHS: [usize; 11] = [1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 24];

/// Head widths to try, the typical ones first.
const HEAD_WIDTHS: [usize; 6] = [32, 64, 16, 24, 48, 8];

/// Depths to try for recurrent models, which are wide and shallow: two layers are typical, and each
/// of the two directions has half of the width.
const RECURRENT_DEPTHS: [usize; 3] = [1, 2, 3];
/// Head widths to try for recurrent models; see [`RECURRENT_DEPTHS`].
const RECURRENT_WIDTHS: [usize; 1] = [2];

/// The typical aspect ratio of a small model: width divided by depth.
///
/// The loss hardly depends on a ratio between 20 and 100.
///
/// Reference: Kaplan et al. 2020, §3.2, <https://arxiv.org/abs/2001.08361>
const ASPECT: f64 = 40.0;

/// The depth of a model, and its width as heads.
#[derive(Clone, Copy)]
struct ModelShape {
    n_layers: usize,
    d_head: usize,
    n_heads: usize,
}

impl ModelShape {
    fn d_model(self) -> usize {
        self.d_head * self.n_heads
    }
}

/// The results of a search.
pub(super) struct SearchResult {
    /// The model with the best proportions within the tolerance.
    pub(super) best: Option<Sized>,
    /// The model nearest to the budget.
    pub(super) nearest: Option<Sized>,
}

pub(super) struct Search<'a> {
    family: &'static Family,
    backbone: BackboneKind,
    target: &'a SizingTarget,
    budget: Budget,
    /// The model with the best proportions within the tolerance, and its score.
    best: Option<(f64, Sized)>,
    nearest: Option<Sized>,
}

impl<'a> Search<'a> {
    pub(super) fn new(
        family: &'static Family,
        backbone: BackboneKind,
        target: &'a SizingTarget,
        budget: Budget,
    ) -> Self {
        Self { family, backbone, target, budget, best: None, nearest: None }
    }

    /// Searches all depths and head widths.
    pub(super) fn all(mut self) -> Result<SearchResult, SizingError> {
        let (depths, widths): (&[usize], &[usize]) = match self.backbone {
            BackboneKind::Recurrent => (&RECURRENT_DEPTHS, &RECURRENT_WIDTHS),
            _ => (&DEPTHS, &HEAD_WIDTHS),
        };
        for &n_layers in depths {
            for &d_head in widths {
                self.depth(n_layers, d_head)?;
            }
        }
        Ok(SearchResult { best: self.best.map(|(_, sized)| sized), nearest: self.nearest })
    }

    /// Tries the widths of one depth by bisection, because the cost grows with the width.
    fn depth(&mut self, n_layers: usize, d_head: usize) -> Result<(), SizingError> {
        let (mut low, mut high) = (1, 4096 / d_head);
        while low < high {
            let middle = (low + high) / 2;
            let sized = self.made(ModelShape { n_layers, d_head, n_heads: middle }, None, None)?;
            if cost(&sized, self.budget) < self.budget.amount() {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        for n_heads in [low.saturating_sub(1), low] {
            if n_heads == 0 {
                continue;
            }
            let shape = ModelShape { n_layers, d_head, n_heads };
            let sized = self.made(shape, None, None)?;
            self.consider(&sized, d_head);
            if self.backbone == BackboneKind::Recurrent && sized.deviation.abs() <= 0.3 {
                let sized = self.with_embedding(shape)?;
                self.consider(&sized, d_head);
            }
            if sized.deviation.abs() <= 0.3
                && sized.dimensions.d_ff.is_some()
                && let Some(sized) = self.with_feed_forward(shape)?
            {
                self.consider(&sized, d_head);
            }
        }
        Ok(())
    }

    /// The model with the feed-forward width that meets the rest of the budget.
    fn with_feed_forward(&self, shape: ModelShape) -> Result<Option<Sized>, SizingError> {
        let d_model = shape.d_model();
        if self.made(shape, Some(4 * d_model + 1), None).is_err() {
            // The family rejects a feed-forward width of its own.
            return Ok(None);
        }
        let (mut low, mut high) = (d_model, 8 * d_model);
        while low < high {
            let middle = (low + high) / 2;
            let sized = self.made(shape, Some(middle), None)?;
            if cost(&sized, self.budget) < self.budget.amount() {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        // A family that ignores the feed-forward width keeps its own.
        let sized = self.made(shape, Some(low), None)?;
        Ok((sized.dimensions.d_ff == Some(low)).then_some(sized))
    }

    /// The model with the embedding width that meets the rest of the budget.
    fn with_embedding(&self, shape: ModelShape) -> Result<Sized, SizingError> {
        let d_model = shape.d_model();
        let (mut low, mut high) = (d_model.div_ceil(2), 2 * d_model);
        while low < high {
            let middle = (low + high) / 2;
            let sized = self.made(shape, None, Some(middle))?;
            if cost(&sized, self.budget) < self.budget.amount() {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        self.made(shape, None, Some(low))
    }

    fn made(
        &self,
        shape: ModelShape,
        d_ff: Option<usize>,
        d_embedding: Option<usize>,
    ) -> Result<Sized, SizingError> {
        let size = Size {
            vocab_size: self.target.vocab_size,
            context: self.target.context,
            d_model: shape.d_model(),
            n_layers: shape.n_layers,
            n_heads: if self.backbone == BackboneKind::Recurrent { 1 } else { shape.n_heads },
            n_kv_heads: None,
            d_ff,
            dropout: self.target.dropout,
            eos: Some(self.target.end),
        };
        let sized = made(self.family, self.target, &size, d_embedding);
        let mut sized =
            sized.map_err(|source| SizingError::Config { family: self.family.name(), source })?;
        let amount = self.budget.amount();
        sized.deviation = (cost(&sized, self.budget) - amount) / amount;
        Ok(sized)
    }

    fn consider(&mut self, sized: &Sized, d_head: usize) {
        let off = |sized: &Sized| sized.deviation.abs();
        if self.nearest.as_ref().is_none_or(|nearest| off(sized) < off(nearest)) {
            self.nearest = Some(sized.clone());
        }
        if off(sized) > TOLERANCE {
            return;
        }
        let score = match self.backbone {
            BackboneKind::Recurrent => (sized.dimensions.n_layers as f64 / 2.0).ln().abs(),
            _ => unusual(sized, d_head),
        };
        let score = score + 5.0 * sized.deviation.abs();
        if self.best.as_ref().is_none_or(|(best, _)| score < *best) {
            self.best = Some((score, sized.clone()));
        }
    }
}

/// The penalty for untypical proportions; 0 for a typical model.
fn unusual(sized: &Sized, d_head: usize) -> f64 {
    let Dimensions { d_model, n_layers, d_ff, .. } = sized.dimensions;
    let aspect = (d_model as f64 / n_layers as f64 / ASPECT).ln().abs();
    // Small models have small heads.
    let usual_head = if d_model < 96 { 16.0 } else { 32.0 };
    let head = (d_head as f64 / usual_head).ln().abs();
    let usual_ff = d_ff.map_or(0.0, |d_ff| (d_ff as f64 / (3.5 * d_model as f64)).ln().abs());
    let shallow = if n_layers < 2 { 1.0 } else { 0.0 };
    aspect + 0.5 * head + 0.7 * usual_ff + shallow
}
