//! Runs of the comparison, kept as JSON.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Verdict;

/// What was compared where, and how far it was off.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// The device, and what it is.
    #[serde(flatten)]
    pub of: RunOf,
    /// What became of each case, by its name.
    #[serde(rename = "subjects")]
    pub cases: BTreeMap<String, Verdict>,
}

/// The circumstances of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunOf {
    /// The device, as `--device` names it.
    pub device: String,
    /// Whether Burn fused operations into kernels there; `None` where it never does.
    pub fusion: Option<bool>,
    /// What the device is.
    pub hardware: String,
    /// When, as `2026-11-22`.
    pub date: String,
    /// The version of this program.
    pub zoo: String,
}

impl RunOf {
    /// A run that begins now.
    pub fn now(device: &str, fusion: Option<bool>, hardware: String) -> Self {
        Self {
            device: device.to_string(),
            fusion,
            hardware,
            date: chrono::Utc::now().date_naive().to_string(),
            zoo: env!("CARGO_PKG_VERSION").to_string(),
        }
    }

    /// The device, and how it computes where there is a choice.
    pub fn title(&self) -> String {
        match self.fusion {
            None => self.device.clone(),
            Some(true) => format!("{}, fused", self.device),
            Some(false) => format!("{}, unfused", self.device),
        }
    }
}
