//! The result of a case on a device.

use burn::tensor::Device;
use serde::{Deserialize, Serialize};

use super::limits::allowed;
use super::{Check, Errors, Limits, ParityCase};
use crate::system;

/// The result of one case on a device.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ParityVerdict {
    /// The errors relative to the reference.
    Errors(Errors),
    /// The device failed.
    Fault(String),
}

/// Computes a case on a device and on the reference device, and compares the results. A panic of a
/// driver becomes a fault.
pub fn compare(case: &ParityCase, device: &Device, reference: &Device) -> ParityVerdict {
    let record = |device: &Device| match system::quietly(|| case.record(device)) {
        Ok(record) => record,
        Err(panic) => Err(panic),
    };
    let errors = || record(device)?.errors(&record(reference)?);
    match errors() {
        Ok(errors) => ParityVerdict::Errors(errors),
        Err(fault) => ParityVerdict::Fault(first_line(&fault)),
    }
}

fn first_line(text: &str) -> String {
    text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("it panicked").to_string()
}

impl ParityVerdict {
    /// The errors that exceed their limits on this device, as messages; empty if there are none.
    pub fn problems(&self, device: &str, case: &str) -> Vec<String> {
        let limits = Limits::of(device);
        let family = case.split('/').next().unwrap_or(case);
        let errors = match self {
            Self::Fault(fault) => return vec![format!("{case}: {fault}")],
            Self::Errors(errors) => errors,
        };
        let over = |check: &Check| {
            let error = check.error(errors)?;
            let limit = check.limit(&limits).max(allowed(device, family, *check));
            let what = check.name();
            (error > limit)
                .then(|| format!("{case}: {what}: off by {error:.1e}, {limit:.0e} is allowed"))
        };
        Check::ALL.iter().filter_map(over).collect()
    }
}
