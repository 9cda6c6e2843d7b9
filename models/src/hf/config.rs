//! Parsing of `config.json` into the family's own struct, with errors for unsupported values.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use thiserror::Error;

/// Why a `config.json` does not describe a supported model.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// Not JSON, a field of the wrong type, or a field missing.
    #[error("cannot be parsed: {0}")]
    Parse(#[from] serde_json::Error),
    /// A family that is not supported.
    #[error("model_type {found:?} is not supported; supported are {}", .known.join(", "))]
    UnknownModelType {
        /// The value in the file; empty when the field is missing.
        found: String,
        /// The supported families.
        known: Vec<&'static str>,
    },
    /// No `model_type`, and nothing else that determines one family.
    #[error("it has no model_type{}", possible_families(.possible))]
    NoModelType {
        /// The families that match the class or the keys; empty where none does.
        possible: Vec<&'static str>,
    },
    /// A valid value that is not implemented.
    #[error("{field} = {value} is not supported; supported: {supported}")]
    Unsupported {
        /// The field in `config.json`.
        field: &'static str,
        /// Its value, as JSON.
        value: String,
        /// The supported values.
        supported: String,
    },
    /// The model's head is for another task than the requested one.
    #[error("architectures = {found} is not {wanted}{}", ways(.classes))]
    WrongHead {
        /// The class in the config.
        found: String,
        /// The kind of class that the task requires.
        wanted: &'static str,
        /// The classes of the family that would be accepted.
        classes: Vec<&'static str>,
    },
    /// A value that is invalid or contradicts another one.
    #[error("{field} = {value} is not valid: {reason}")]
    Invalid {
        /// The field in `config.json`.
        field: &'static str,
        /// Its value.
        value: String,
        /// The violated constraint.
        reason: String,
    },
}

/// The possible families, as the end of a clause.
fn possible_families(names: &[&str]) -> String {
    match names {
        [] => ", and neither architectures nor the weights determine its family: add one (`zoo list` has the names)".into(),
        _ => format!(", and could be any of {}: add the right one", names.join(", ")),
    }
}

/// The accepted classes, as the end of a sentence.
fn ways(classes: &[&str]) -> String {
    match classes {
        [] => "; its family has no such class".into(),
        _ => format!("; accepted classes of its family: {}", classes.join(", ")),
    }
}

impl ConfigError {
    /// A valid value that is not implemented.
    pub fn unsupported(field: &'static str, value: impl Into<Value>, supported: &str) -> Self {
        Self::Unsupported { field, value: value.into().to_string(), supported: supported.into() }
    }

    /// An invalid value.
    pub fn invalid(field: &'static str, value: impl ToString, reason: &str) -> Self {
        Self::Invalid { field, value: value.to_string(), reason: reason.into() }
    }
}

/// The fields that specify the length of a list.
const COUNTS: [&str; 10] = [
    "num_hidden_layers",
    "num_layers",
    "num_decoder_layers",
    "n_layer",
    "n_layers",
    "encoder_layers",
    "decoder_layers",
    "num_local_experts",
    "num_attention_heads",
    "n_head",
];

/// The upper limit of these fields: a corrupt file can specify billions, and the lists would be
/// allocated.
const MAX_COUNT: u64 = 10_000;

/// The names of fields in a family's configs.
#[derive(Debug, Clone, Copy)]
pub struct FieldNames {
    /// Defaults of transformers' config class: a JSON object with the family's own field names.
    pub defaults: &'static str,
    /// Other names of a field. A non-null value under such a name overrides the field's own name:
    /// transformers assigns its `attribute_map` last.
    pub aliases: &'static [Renaming],
    /// The family's own names, with the names in the shared struct. A field under the shared name
    /// itself is ignored, as in transformers.
    pub shared: &'static [Renaming],
}

/// A field name and the name that replaces it.
#[derive(Debug, Clone, Copy)]
pub struct Renaming {
    /// The name in the file.
    pub from: &'static str,
    /// The new name.
    pub to: &'static str,
}

/// See [`Renaming`].
pub const fn renaming(from: &'static str, to: &'static str) -> Renaming {
    Renaming { from, to }
}

/// For a family whose field names are those of its struct.
impl From<&'static str> for FieldNames {
    fn from(defaults: &'static str) -> Self {
        Self { defaults, aliases: &[], shared: &[] }
    }
}

impl FieldNames {
    /// The fields of a config under the names of a struct, with defaults for missing fields.
    ///
    /// # Errors
    ///
    /// Defaults that are not valid JSON.
    fn apply(&self, mut fields: Map<String, Value>) -> Result<Map<String, Value>, ConfigError> {
        for alias in self.aliases {
            if let Some(value) = fields.remove(alias.from).filter(|value| !value.is_null()) {
                fields.insert(alias.to.into(), value);
            }
        }
        for (field, default) in serde_json::from_str::<Map<String, Value>>(self.defaults)? {
            fields.entry(field).or_insert(default);
        }
        let own: Vec<Option<Value>> =
            self.shared.iter().map(|name| fields.remove(name.from)).collect();
        for (name, value) in self.shared.iter().zip(own) {
            match value {
                Some(value) => fields.insert(name.to.into(), value),
                None => fields.remove(name.to),
            };
        }
        Ok(fields)
    }
}

/// Parses a config into a family's own struct.
///
/// # Errors
///
/// A missing field, a field of the wrong type, or a quantized checkpoint.
pub fn parse<T: DeserializeOwned>(
    json: &str,
    names: impl Into<FieldNames>,
) -> Result<T, ConfigError> {
    let value: Map<String, Value> = serde_json::from_str(json)?;
    if let Some(quantization) = value.get("quantization_config").filter(|value| !value.is_null()) {
        let method = quantization.get("quant_method").cloned().unwrap_or(Value::Null);
        return Err(ConfigError::unsupported("quantization_config", method, "none"));
    }
    for field in COUNTS {
        if let Some(count) =
            value.get(field).and_then(Value::as_u64).filter(|count| *count > MAX_COUNT)
        {
            let reason = format!("it must be at most {MAX_COUNT}");
            return Err(ConfigError::invalid(field, count, &reason));
        }
    }
    Ok(serde_json::from_value(Value::Object(names.into().apply(value)?))?)
}

/// Checks a field with only one supported value; an absent or null field has that value.
///
/// # Errors
///
/// Another value.
pub fn fixed(
    fields: &Map<String, Value>,
    field: &'static str,
    supported: impl Into<Value>,
) -> Result<(), ConfigError> {
    let supported = supported.into();
    match fields.get(field) {
        Some(value) if !value.is_null() && !is_same(value, &supported) => {
            Err(ConfigError::unsupported(field, value.clone(), &supported.to_string()))
        }
        _ => Ok(()),
    }
}

/// Whether two values are equal; 1 and 1.0 are.
fn is_same(a: &Value, b: &Value) -> bool {
    a == b || a.as_f64().is_some_and(|number| b.as_f64() == Some(number))
}

/// Checks a size.
///
/// # Errors
///
/// A value of zero, or one above 2^28, which indicates a corrupt file rather than a large model.
pub fn size(field: &'static str, value: usize) -> Result<usize, ConfigError> {
    if (1..=1 << 28).contains(&value) {
        Ok(value)
    } else {
        Err(ConfigError::invalid(field, value, "it must be between 1 and 2^28"))
    }
}

/// Checks that one size divides another.
///
/// # Errors
///
/// The divisor, if it does not divide the dividend.
pub fn divides(field: &'static str, divisor: usize, dividend: usize) -> Result<usize, ConfigError> {
    if divisor > 0 && dividend.is_multiple_of(divisor) {
        Ok(dividend / divisor)
    } else {
        Err(ConfigError::invalid(field, divisor, &format!("it must divide {dividend}")))
    }
}

/// Checks that a value lies in a half-open interval.
///
/// # Errors
///
/// A value outside the interval, or NaN.
pub fn within(field: &'static str, value: f64, [low, high]: [f64; 2]) -> Result<f64, ConfigError> {
    if value >= low && value < high {
        Ok(value)
    } else {
        let reason = if low == f64::MIN_POSITIVE {
            format!("it must be above 0 and below {high}")
        } else {
            format!("it must be at least {low} and below {high}")
        };
        Err(ConfigError::invalid(field, value, &reason))
    }
}

/// Checks a norm's epsilon.
///
/// # Errors
///
/// A value that is not positive and small.
pub fn epsilon(field: &'static str, value: f64) -> Result<f64, ConfigError> {
    within(field, value, [f64::MIN_POSITIVE, 1.0])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NAMES: FieldNames = FieldNames {
        defaults: r#"{ "dim": 1, "act": "silu" }"#,
        aliases: &[renaming("hidden_size", "dim")],
        shared: &[renaming("dim", "d_model"), renaming("act", "activation")],
    };

    fn read(config: Value) -> Value {
        parse(&config.to_string(), NAMES).unwrap()
    }

    #[test]
    fn a_field_has_aliases_and_a_default() {
        let sized = |size: u64| json!({ "d_model": size, "activation": "silu" });
        assert_eq!(read(json!({})), sized(1));
        assert_eq!(read(json!({ "dim": 2 })), sized(2));
        assert_eq!(read(json!({ "hidden_size": 3 })), sized(3));
        assert_eq!(read(json!({ "dim": 2, "hidden_size": 3 })), sized(3));
        assert_eq!(read(json!({ "dim": 2, "hidden_size": null })), sized(2));
        assert_eq!(read(json!({ "hidden_size": null })), sized(1));
    }

    #[test]
    fn a_name_unknown_to_the_family_is_ignored() {
        let gelu = json!({ "activation": "gelu", "d_model": 1 });
        assert_eq!(read(json!({ "act": "gelu", "activation": "relu" })), gelu);
        assert_eq!(read(json!({ "activation": "relu" }))["activation"], "silu");
        assert_eq!(read(json!({ "act": "gelu", "activation": null })), gelu);
    }
}
