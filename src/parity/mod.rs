//! Checks that a device computes the same as the reference device, `flex`: small models of every
//! family in the forward pass, the backward pass, training, and decoding with a cache.

mod case;
mod limits;
mod page;
mod record;
mod saved;

use burn::tensor::Device;
use serde::{Deserialize, Serialize};

use crate::system;
pub use case::ParityCase;
pub use limits::{Check, EXCEPTIONS, Exception, Limits};
pub use page::page;
pub use record::{Errors, ParityRecord, difference, relative};
pub use saved::{ParityRun, RunOf};

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
            let limit = check.limit(&limits).max(limits::allowed(device, family, *check));
            let what = check.name();
            (error > limit)
                .then(|| format!("{case}: {what}: off by {error:.1e}, {limit:.0e} is allowed"))
        };
        Check::ALL.iter().filter_map(over).collect()
    }
}
