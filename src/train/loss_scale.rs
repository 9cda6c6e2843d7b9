//! The scale of the loss, for gradients that would vanish in 16-bit floats.

use serde::{Deserialize, Serialize};
use zoo_models::precision::Precision;

/// A factor on the loss that keeps gradients within the range of the format that they are computed in.
///
/// A power of two, so that multiplying by it and dividing again rounds nothing. Where a gradient
/// overflows, the step is computed anew with half of it; after many steps without that it is
/// doubled. Formats with the range of 32-bit floats need none.
///
/// Reference: Micikevicius et al. 2017, §3.2, <https://arxiv.org/abs/1710.03740>
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LossScale {
    /// The factor.
    pub factor: f64,
    /// Steps since it last changed.
    pub steps: usize,
}

/// Steps without an overflow after which the factor is doubled.
const PATIENCE: usize = 2000;

/// The factor to begin with: the gradients of a mean over tokens are small.
const START: f64 = 65_536.0;

/// No scale.
impl Default for LossScale {
    fn default() -> Self {
        Self { factor: 1.0, steps: 0 }
    }
}

impl LossScale {
    /// What a run in this format begins with.
    pub fn start(precision: Precision) -> Self {
        match precision {
            Precision::F16 => Self { factor: START, steps: 0 },
            Precision::F32 | Precision::Bf16 => Self::default(),
        }
    }

    /// After a gradient was no number: half of the factor, or `None` where it is 1 already.
    pub fn lowered(self) -> Option<Self> {
        (self.factor > 1.0).then_some(Self { factor: self.factor / 2.0, steps: 0 })
    }

    /// After a step that went well.
    pub fn kept(self) -> Self {
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
    fn it_is_halved_at_an_overflow_and_doubled_after_patience() {
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
