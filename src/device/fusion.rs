//! Burn's kernel fusion, a process-wide setting.

use burn_std::config::{BurnConfig, RuntimeConfig};
use serde_json::json;

/// Disables fusion for the whole process, on every device: every operation runs as a separate
/// kernel. Has no effect once any operation has run.
pub fn without_fusion() {
    let config = BurnConfig::from_current_dir().override_from_env();
    let changed = serde_json::to_value(&config).and_then(|mut config| {
        // Burn builds fused kernels by exploring combinations of operations; zero explorations
        // disable it.
        config["fusion"]["beam_search"]["max_explorations"] = json!(0);
        serde_json::from_value::<BurnConfig>(config)
    });
    if let Ok(changed) = changed {
        BurnConfig::try_set(changed);
    }
}
