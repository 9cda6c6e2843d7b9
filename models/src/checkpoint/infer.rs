//! Infers the family of a model whose `config.json` has no `model_type`, as in checkpoints of 2019.

use std::path::Path;

use serde_json::Value;

use super::shards::keys_in;
use crate::families::{self, FAMILIES, Family};
use crate::hf::config::ConfigError;
use crate::hf::keys::{Key, Pattern};

/// The family of the class in `architectures`; otherwise the family whose key table covers all keys
/// of the folder's weights or of their index.
///
/// # Errors
///
/// No family or several families match; the error lists them.
pub(super) fn family(folder: &Path, config: &Value) -> Result<&'static Family, ConfigError> {
    let class = config["architectures"][0].as_str();
    let of_class = class.map(families::with_class).unwrap_or_default();
    let keys = keys_in(folder).unwrap_or_default();
    let possible = match of_class.as_slice() {
        [] => FAMILIES.iter().copied().filter(|family| covers(family, &keys)).collect(),
        _ => of_class,
    };
    match possible.as_slice() {
        [family] => Ok(*family),
        _ => {
            let possible = possible.iter().map(|family| family.name()).collect();
            Err(ConfigError::NoModelType { possible })
        }
    }
}

/// Whether a family's key tables cover all of these keys; `false` without keys.
fn covers(family: &Family, keys: &[String]) -> bool {
    let heads = family.heads.iter().flat_map(|head| head.keys);
    let tables = family.keys.iter().chain(heads).copied();
    let rules: Vec<&Key> = tables.flatten().flat_map(Key::each).collect();
    let has = |key: &str| {
        let module = key.rsplit_once('.').map_or(key, |(module, _)| module);
        rules.iter().any(|rule| match rule {
            Key::Drop { checkpoint } | Key::Copy { checkpoint, .. } => {
                Pattern(checkpoint).numbers(key).is_some()
            }
            rule => rule.checkpoint().is_some_and(|path| Pattern(path).numbers(module).is_some()),
        })
    };
    let is_known = |key: &String| {
        let bare = key.strip_prefix(family.prefix).and_then(|key| key.strip_prefix('.'));
        has(key) || bare.is_some_and(has)
    };
    !keys.is_empty() && keys.iter().all(is_known)
}
