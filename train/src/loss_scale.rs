//! Loss scaling against underflow of f16 gradients.

use serde::{Deserialize, Serialize};
use zoo_models::precision::Precision;

/// A factor on the loss that keeps gradients within the range of their precision.
///
/// The factor is a power of two, so that scaling and unscaling are exact. If a gradient overflows,
/// the step is recomputed with half of the factor; after many steps without an overflow the factor
/// is doubled. Precisions with the range of f32 need no scaling.
///
/// Reference: Micikevicius et al. 2017, §3.2, <https://arxiv.org/abs/1710.03740>
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LossScale {
    /// The factor.
    pub factor: f64,
    /// The number of steps since the last change.
    pub steps: usize,
}

/// The number of steps without an overflow before the factor is doubled.
const PATIENCE: usize = 2000;

/// The initial factor: the gradients of a mean over tokens are small.
const START: f64 = 65_536.0;

/// No scaling.
impl Default for LossScale {
    fn default() -> Self {
        Self { factor: 1.0, steps: 0 }
    }
}

impl LossScale {
    /// The initial scale for a precision.
    pub(crate) fn start(precision: Precision) -> Self {
        match precision {
            Precision::F16 => Self { factor: START, steps: 0 },
            Precision::F32 | Precision::Bf16 => Self::default(),
        }
    }

    /// After a gradient overflow: half of the factor, or `None` if it is already 1.
    pub(crate) fn lowered(self) -> Option<Self> {
        (self.factor > 1.0).then_some(Self { factor: self.factor / 2.0, steps: 0 })
    }

    /// After a successful step.
    pub(crate) fn kept(self) -> Self {
        let steps = self.steps + 1;
        if self.factor == 1.0 || steps < PATIENCE {
            return Self { steps: if self.factor == 1.0 { 0 } else { steps }, ..self };
        }
        Self { factor: self.factor * 2.0, steps: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scale_is_halved_at_an_overflow_and_doubled_after_patience() {
        let start = LossScale::start(Precision::F16);
        let halved = start.lowered().unwrap();
        assert_eq!(halved.factor, start.factor / 2.0);
        let raised = (0..PATIENCE).fold(halved, |scale, _| scale.kept());
        assert_eq!(raised, start);
    }

    #[test]
    fn without_a_scale_an_overflow_is_a_failure() {
        let none = LossScale::start(Precision::Bf16);
        assert_eq!((none.factor, none.lowered()), (1.0, None));
        assert_eq!(none.kept(), none);
    }
}
