//! The allowed deviation of a device from the reference, and exceptions.

use super::Errors;

/// A compared quantity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Check {
    /// The outputs.
    Forward,
    /// The loss and its gradients.
    Gradients,
    /// The losses of 20 training steps.
    Steps,
    /// Logits decoded with a cache.
    Decoding,
}

/// The largest error of each kind that counts as rounding.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// For outputs, and for logits decoded with a cache.
    pub outputs: f64,
    /// For the loss and its gradients; the limit of the relative gradient error is ten times as
    /// large.
    pub gradients: f64,
    /// For the losses of 20 training steps.
    pub steps: f64,
}

impl Limits {
    /// For a CPU: the reference's own rounding error is 2e-7 to 1e-6.
    pub const CPU: Self = Self { outputs: 1e-5, gradients: 1e-5, steps: 1e-4 };

    /// For a GPU, which approximates exponentials and square roots.
    pub const GPU: Self = Self { outputs: 1e-4, gradients: 1e-4, steps: 1e-4 };

    /// For a device, by its `--device` name.
    pub fn of(device: &str) -> Self {
        if matches!(device, "flex" | "ndarray" | "tch") { Self::CPU } else { Self::GPU }
    }
}

impl Check {
    /// All checks.
    pub const ALL: [Self; 4] = [Self::Forward, Self::Gradients, Self::Steps, Self::Decoding];

    /// The name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Forward => "forward",
            Self::Gradients => "gradients",
            Self::Steps => "20 steps",
            Self::Decoding => "cached decoding",
        }
    }

    /// The error of this kind; `None` if the case does not have this check.
    ///
    /// Of the two measures of gradients, the one that is worse relative to its limit is returned:
    /// the limit of the relative error is 10 times as large.
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

    /// The limit of this error.
    pub fn limit(self, limits: &Limits) -> f64 {
        match self {
            Self::Forward | Self::Decoding => limits.outputs,
            Self::Gradients => limits.gradients,
            Self::Steps => limits.steps,
        }
    }
}

/// A known deviation of a device beyond its limit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Exception {
    /// The backend.
    pub backend: &'static str,
    /// The family.
    pub family: &'static str,
    /// The check that exceeds its limit.
    pub check: Check,
    /// The allowed error.
    pub limit: f64,
    /// The reason.
    pub reason: &'static str,
    /// The issue that reports it.
    pub issue: &'static str,
}

/// All exceptions.
pub static EXCEPTIONS: &[Exception] = &[];

/// The allowed error of a backend in a check; 0 without an exception.
pub(super) fn allowed(device: &str, family: &str, check: Check) -> f64 {
    let backend = device.split(':').next().unwrap_or(device);
    let found = EXCEPTIONS.iter().filter(|exception| {
        exception.backend == backend && exception.family == family && exception.check == check
    });
    found.map(|exception| exception.limit).fold(0.0, f64::max)
}
