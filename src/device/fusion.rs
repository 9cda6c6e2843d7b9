//! Burn's fusion, which is a setting of the whole program.

use burn_std::config::{BurnConfig, RuntimeConfig};
use serde_json::json;

/// Makes Burn run every operation by itself on every device, for the whole program. Does nothing where
/// something was computed already.
pub fn without_fusion() {
    let config = BurnConfig::from_current_dir().override_from_env();
    let changed = serde_json::to_value(&config).and_then(|mut config| {
        // A kernel is built by exploring how operations could be joined.
        config["fusion"]["beam_search"]["max_explorations"] = json!(0);
        serde_json::from_value::<BurnConfig>(config)
    });
    if let Ok(changed) = changed {
        BurnConfig::try_set(changed);
    }
}
