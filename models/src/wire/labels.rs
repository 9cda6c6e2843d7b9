//! The names of classes in configs.

use serde_json::Value;

use super::config::ConfigError;

/// The names of a model's classes, by their numbers: `id2label`, or else as many as `num_labels`
/// says, or else two.
///
/// # Errors
///
/// Numbers that are not those from 0 on.
pub fn labels(config: &Value) -> Result<Vec<String>, ConfigError> {
    let invalid = |value: &Value, reason| Err(ConfigError::invalid("id2label", value, reason));
    if let Some(names) = config.get("id2label").and_then(Value::as_object) {
        let name = |index: usize| names.get(&index.to_string()).and_then(Value::as_str);
        let found: Option<Vec<String>> =
            (0..names.len()).map(|index| name(index).map(String::from)).collect();
        return match found {
            Some(found) if !found.is_empty() => Ok(found),
            _ => invalid(&config["id2label"], "it must name the classes 0, 1, 2, …"),
        };
    }
    let count = config.get("num_labels").and_then(Value::as_u64).unwrap_or(2);
    if !(1..=1 << 20).contains(&count) {
        return invalid(&config["num_labels"], "it must be between 1 and 2^20");
    }
    Ok((0..count).map(|index| format!("LABEL_{index}")).collect())
}
