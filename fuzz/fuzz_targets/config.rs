//! Any bytes as a `config.json`: of the family in `model_type`, or of one selected by the first
//! byte.

#![no_main]

use burn_zoo::models::families::{self, FAMILIES};
use burn_zoo_fuzz::follow;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|data: &[u8]| {
    let Some((&first, rest)) = data.split_first() else { return };
    // A complete config starts with a brace and names its family.
    let (text, forced) = if first == b'{' {
        (data, None)
    } else {
        (rest, Some(FAMILIES[usize::from(first) % FAMILIES.len()]))
    };
    let Ok(config) = serde_json::from_slice::<Value>(text) else { return };
    let named = || families::find(config["model_type"].as_str().unwrap_or_default()).ok();
    if let Some(family) = forced.or_else(named) {
        follow(family, config);
    }
});
