//! How far a device may be from the reference, and where it may be farther.

use super::Errors;

/// A thing that is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Check {
    /// Outputs.
    Forward,
    /// The loss, and its gradients.
    Gradients,
    /// The losses of 20 steps.
    Steps,
    /// Scores decoded with a cache.
    Decoding,
}

/// The largest error of each kind that is rounding and not a fault.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// Of outputs and of scores decoded with a cache.
    pub outputs: f64,
    /// Of the loss and its gradients; ten times this, as a part of a gradient's norm.
    pub gradients: f64,
    /// Of the losses of 20 steps.
    pub steps: f64,
}

impl Limits {
    /// For a CPU: the reference's own rounding is 2e-7 to 1e-6.
    pub const CPU: Self = Self { outputs: 1e-5, gradients: 1e-5, steps: 1e-4 };

    /// For a GPU, whose exponentials and roots are approximations.
    pub const GPU: Self = Self { outputs: 1e-4, gradients: 1e-4, steps: 1e-4 };

    /// For a device, as `--device` names it.
    pub fn of(device: &str) -> Self {
        if matches!(device, "flex" | "ndarray" | "tch") { Self::CPU } else { Self::GPU }
    }
}

impl Check {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Forward, Self::Gradients, Self::Steps, Self::Decoding];

    /// Its name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Forward => "forward",
            Self::Gradients => "gradients",
            Self::Steps => "20 steps",
            Self::Decoding => "cached decoding",
        }
    }

    /// The error of this kind; `None` where the case does no such thing.
    ///
    /// Of the two measures of gradients, the one that is worse in its own limits' terms is told: the
    /// relative one is 10 times as large where both are at the limit.
    pub fn error(self, errors: &Errors) -> Option<f64> {
        match self {
            Self::Forward => Some(errors.forward),
            Self::Gradients => {
                Some(errors.gradients.max(errors.loss).max(errors.gradients_relative / 10.0))
            }
            Self::Steps => Some(errors.steps),
            Self::Decoding => errors.decoding,
        }
    }

    /// The limit of that error.
    pub fn limit(self, limits: &Limits) -> f64 {
        match self {
            Self::Forward | Self::Decoding => limits.outputs,
            Self::Gradients => limits.gradients,
            Self::Steps => limits.steps,
        }
    }
}

/// A place where a device is farther from the reference than its limit, and why that is left.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Exception {
    /// The backend.
    pub backend: &'static str,
    /// The family.
    pub family: &'static str,
    /// What is off.
    pub check: Check,
    /// How far it may be off.
    pub limit: f64,
    /// Why.
    pub reason: &'static str,
    /// Where it was reported.
    pub issue: &'static str,
}

/// All of them.
pub static EXCEPTIONS: &[Exception] = &[];

/// How far a backend may be off in this; 0 where there is no exception.
pub(super) fn allowed(device: &str, family: &str, check: Check) -> f64 {
    let backend = device.split(':').next().unwrap_or(device);
    let found = EXCEPTIONS.iter().filter(|exception| {
        exception.backend == backend && exception.family == family && exception.check == check
    });
    found.map(|exception| exception.limit).fold(0.0, f64::max)
}
