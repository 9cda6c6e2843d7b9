//! Saved parity runs in JSON.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{ParityCase, ParityVerdict};

/// The results of one parity run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ParityRun {
    /// The device and the environment.
    #[serde(flatten)]
    pub of: RunOf,
    /// The result of each case, by name.
    #[serde(rename = "subjects")]
    pub cases: BTreeMap<String, ParityVerdict>,
    /// The fingerprint of the code that each case was measured with, by its name.
    #[serde(default)]
    pub code: BTreeMap<String, String>,
}

/// The environment of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunOf {
    /// The device, by its `--device` name.
    pub device: String,
    /// Whether Burn fused operations into kernels; `None` for devices without fusion.
    pub fusion: Option<bool>,
    /// The hardware name of the device.
    pub hardware: String,
    /// The date, such as `2026-11-22`.
    pub date: String,
    /// The version of Burn Zoo.
    pub zoo: String,
}

impl ParityRun {
    /// Whether a case was measured, and with the code of this program.
    pub fn is_current(&self, case: &ParityCase) -> bool {
        let name = case.name();
        self.cases.contains_key(&name) && self.code.get(&name) == Some(&case.fingerprint())
    }

    /// Adds the result of a case that was measured with this program.
    pub fn insert(&mut self, case: &ParityCase, verdict: ParityVerdict) {
        self.cases.insert(case.name(), verdict);
        self.code.insert(case.name(), case.fingerprint());
    }
}

impl RunOf {
    /// The environment of a run that starts now.
    pub fn now(device: &str, fusion: Option<bool>, hardware: String) -> Self {
        Self {
            device: device.to_string(),
            fusion,
            hardware,
            date: chrono::Utc::now().date_naive().to_string(),
            zoo: env!("CARGO_PKG_VERSION").to_string(),
        }
    }

    /// The device, with its fusion setting if there is a choice.
    pub fn title(&self) -> String {
        match self.fusion {
            None => self.device.clone(),
            Some(true) => format!("{}, fused", self.device),
            Some(false) => format!("{}, unfused", self.device),
        }
    }
}
