//! The learning rate schedule: linear warmup, then a decay.

use serde::{Deserialize, Serialize};

/// Linear warmup to `peak` over `warmup` steps, then `decay` to `minimum` at step `steps`, where it
/// stays.
///
/// ```text
/// warmup       peak (t + 1) / (warmup + 1)                        t < warmup
/// cosine       minimum + (peak - minimum) (1 + cos(π x)) / 2      x = (t - warmup) / (steps - warmup)
/// linear       minimum + (peak - minimum) (1 - x)
/// constant     peak
/// inverse root max(minimum, peak sqrt((warmup + 1) / (t + 1)))
/// stable       peak, and linear from x = 0.9
/// ```
///
/// References: cosine, Loshchilov and Hutter 2017, §3, <https://arxiv.org/abs/1608.03983>; inverse
/// root, Vaswani et al. 2017, §5.3, <https://arxiv.org/abs/1706.03762>; stable, Hu et al. 2024, §4,
/// <https://arxiv.org/abs/2404.06395>
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
    /// The decay after the warmup.
    #[serde(default)]
    pub decay: Decay,
}

/// How the learning rate falls after the warmup.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decay {
    /// Half a period of a cosine.
    #[default]
    Cosine,
    /// A straight line.
    Linear,
    /// It does not fall.
    Constant,
    /// With the inverse square root of the step.
    InverseRoot,
    /// It stays, and falls in a straight line over the last tenth: warmup-stable-decay.
    WarmupStableDecay,
}

/// The share of the steps after the warmup in which a stable rate falls.
const FALL: f64 = 0.1;

impl Decay {
    /// Every decay.
    pub const ALL: [Self; 5] =
        [Self::Cosine, Self::Linear, Self::Constant, Self::InverseRoot, Self::WarmupStableDecay];

    /// The name, as in `--schedule`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cosine => "cosine",
            Self::Linear => "linear",
            Self::Constant => "constant",
            Self::InverseRoot => "inverse-root",
            Self::WarmupStableDecay => "warmup-stable-decay",
        }
    }
}

impl std::str::FromStr for Decay {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|decay| decay.name() == name);
        found.ok_or_else(|| format!("there are {}", Self::ALL.map(Self::name).join(", ")))
    }
}

impl Schedule {
    /// A cosine from `peak` to a tenth of it, after a warmup over a tenth of the steps.
    pub fn cosine(peak: f64, steps: usize) -> Self {
        Self { peak, minimum: peak / 10.0, warmup: steps / 10, steps, decay: Decay::Cosine }
    }

    /// The learning rate of a step, counted from 0.
    pub fn rate(&self, step: usize) -> f64 {
        if step < self.warmup {
            return self.peak * (step + 1) as f64 / (self.warmup + 1) as f64;
        }
        let progress = match step < self.steps {
            true => (step - self.warmup) as f64 / (self.steps - self.warmup) as f64,
            false => 1.0,
        };
        let share = match self.decay {
            Decay::Constant => return self.peak,
            Decay::InverseRoot => {
                let root = ((self.warmup + 1) as f64 / (step + 1) as f64).sqrt();
                return (self.peak * root).max(self.minimum);
            }
            Decay::Cosine if progress == 1.0 => 0.0,
            Decay::Cosine => (1.0 + (std::f64::consts::PI * progress).cos()) / 2.0,
            Decay::Linear => 1.0 - progress,
            Decay::WarmupStableDecay => ((1.0 - progress) / FALL).min(1.0),
        };
        self.minimum + (self.peak - self.minimum) * share
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCHEDULE: Schedule =
        Schedule { peak: 1.0, minimum: 0.1, warmup: 9, steps: 109, decay: Decay::Cosine };

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

    #[test]
    fn every_decay_has_its_shape() {
        let rate = |decay, step| Schedule { decay, ..SCHEDULE }.rate(step);
        for decay in Decay::ALL {
            let name = decay.name();
            assert_eq!(name.parse(), Ok(decay));
            assert_eq!((rate(decay, 4), rate(decay, 9)), (0.5, 1.0), "{name}");
        }
        assert!((rate(Decay::Linear, 59) - 0.55).abs() < 1e-12);
        assert_eq!((rate(Decay::Linear, 109), rate(Decay::Linear, 500)), (0.1, 0.1));
        assert_eq!((rate(Decay::Constant, 108), rate(Decay::Constant, 109)), (1.0, 1.0));
        assert!((rate(Decay::InverseRoot, 39) - 0.5).abs() < 1e-12);
        assert_eq!(rate(Decay::InverseRoot, 100_000), 0.1);
        let stable = Decay::WarmupStableDecay;
        assert_eq!((rate(stable, 98), rate(stable, 109)), (1.0, 0.1));
        assert!((rate(stable, 104) - 0.55).abs() < 1e-9, "{}", rate(stable, 104));
        assert!("step".parse::<Decay>().unwrap_err().contains("cosine"));
    }
}
