//! The learning rate schedule: linear warmup, then cosine decay.

use serde::{Deserialize, Serialize};

/// Linear warmup to `peak` over `warmup` steps, then cosine decay to `minimum` at step `steps`,
/// where it stays.
///
/// ```text
/// peak (t + 1) / (warmup + 1)                                       t < warmup
/// minimum + (peak - minimum) (1 + cos(π (t - warmup) / (steps - warmup))) / 2
/// ```
///
/// Reference: Loshchilov and Hutter 2017, §3, <https://arxiv.org/abs/1608.03983>
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Schedule {
    /// The highest learning rate.
    pub peak: f64,
    /// The learning rate at the end.
    pub minimum: f64,
    /// The number of warmup steps.
    pub warmup: usize,
    /// The number of steps in the run.
    pub steps: usize,
}

impl Schedule {
    /// The learning rate of a step, counted from 0.
    pub fn rate(&self, step: usize) -> f64 {
        if step < self.warmup {
            return self.peak * (step + 1) as f64 / (self.warmup + 1) as f64;
        }
        if step >= self.steps {
            return self.minimum;
        }
        let progress = (step - self.warmup) as f64 / (self.steps - self.warmup) as f64;
        let cosine = (1.0 + (std::f64::consts::PI * progress).cos()) / 2.0;
        self.minimum + (self.peak - self.minimum) * cosine
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCHEDULE: Schedule = Schedule { peak: 1.0, minimum: 0.1, warmup: 9, steps: 109 };

    #[test]
    fn the_rate_rises_to_its_peak_and_falls_to_its_minimum() {
        assert_eq!(SCHEDULE.rate(0), 0.1);
        assert_eq!(SCHEDULE.rate(9), 1.0);
        assert!((SCHEDULE.rate(59) - 0.55).abs() < 1e-12);
        assert_eq!(SCHEDULE.rate(109), 0.1);
    }

    #[test]
    fn the_rate_does_not_rise_again_after_the_end() {
        assert_eq!(SCHEDULE.rate(150), 0.1);
        assert_eq!(SCHEDULE.rate(100_000), 0.1);
    }

    #[test]
    fn without_warm_up_the_first_step_has_the_peak() {
        assert_eq!(Schedule { warmup: 0, ..SCHEDULE }.rate(0), 1.0);
    }
}
