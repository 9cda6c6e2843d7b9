//! Reading `config.json`: parse once into a family's own struct, refuse what is not supported.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use thiserror::Error;

/// Why a `config.json` gives no model.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// Not JSON, a field of the wrong type, or a field missing.
    #[error("cannot be read: {0}")]
    Parse(#[from] serde_json::Error),
    /// A family that the zoo does not have.
    #[error("model_type {found:?} is not supported; supported are {}", .known.join(", "))]
    UnknownModelType {
        /// The value found; empty when the field is missing.
        found: String,
        /// What there is.
        known: Vec<&'static str>,
    },
    /// No `model_type`, and nothing else that decides for one family.
    #[error("it has no model_type{}", possible_families(.possible))]
    NoModelType {
        /// The families whose classes or keys would fit; empty where none does.
        possible: Vec<&'static str>,
    },
    /// A value that means something which the zoo does not compute.
    #[error("{field} = {value} is not supported; supported: {supported}")]
    Unsupported {
        /// The field in `config.json`.
        field: &'static str,
        /// Its value, as JSON.
        value: String,
        /// What would be.
        supported: String,
    },
    /// A model with one head is asked for what another does.
    #[error("architectures = {found} is not {wanted}{}", ways(.classes))]
    WrongHead {
        /// The class that the config names.
        found: String,
        /// What is asked for.
        wanted: &'static str,
        /// The classes of the family that would do.
        classes: Vec<&'static str>,
    },
    /// Values that contradict each other or make no model.
    #[error("{field} = {value} is not valid: {reason}")]
    Invalid {
        /// The field in `config.json`.
        field: &'static str,
        /// Its value.
        value: String,
        /// What it breaks.
        reason: String,
    },
}

/// The families that are possible, as the end of a clause.
fn possible_families(names: &[&str]) -> String {
    match names {
        [] => ", and neither architectures nor the weights tell its family: add one (`zoo list` has the names)".into(),
        _ => format!(", and could be any of {}: add the right one", names.join(", ")),
    }
}

/// The classes that would do, as the end of a sentence.
fn ways(classes: &[&str]) -> String {
    match classes {
        [] => "; its family has none".into(),
        _ => format!("; of its family {} would be", classes.join(", ")),
    }
}

impl ConfigError {
    /// A value that means something which the zoo does not compute.
    pub fn unsupported(field: &'static str, value: impl Into<Value>, supported: &str) -> Self {
        Self::Unsupported { field, value: value.into().to_string(), supported: supported.into() }
    }

    /// A value that makes no model.
    pub fn invalid(field: &'static str, value: impl ToString, reason: &str) -> Self {
        Self::Invalid { field, value: value.to_string(), reason: reason.into() }
    }
}

/// What configs call the numbers of things that they have lists of.
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

/// More than any model has; a broken file can say billions, and the lists would be made.
const MOST: u64 = 10_000;

/// The names that a family's configs have for fields.
#[derive(Debug, Clone, Copy)]
pub struct FieldNames {
    /// Defaults of transformers' config class: a JSON object in the family's own names.
    pub defaults: &'static str,
    /// Other names of a field. One that is given, and not null, wins over the field's own name:
    /// transformers assigns its `attribute_map` last.
    pub aliases: &'static [Renaming],
    /// Own names, and the shared struct's names for them. Under a shared name itself the family has
    /// no field, so what stands there is ignored, as transformers ignores it.
    pub shared: &'static [Renaming],
}

/// One name that is read as another.
#[derive(Debug, Clone, Copy)]
pub struct Renaming {
    /// The name in the file.
    pub from: &'static str,
    /// The name that it is read as.
    pub to: &'static str,
}

/// See [`Renaming`].
pub const fn renaming(from: &'static str, to: &'static str) -> Renaming {
    Renaming { from, to }
}

/// Of a family that has one name for each field, the one that its struct has.
impl From<&'static str> for FieldNames {
    fn from(defaults: &'static str) -> Self {
        Self { defaults, aliases: &[], shared: &[] }
    }
}

impl FieldNames {
    /// The fields of a config under the names that a struct has for them, defaults filled in where a
    /// config gives no name of a field.
    ///
    /// # Errors
    ///
    /// Defaults that are not JSON.
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
/// Says which field is missing or of the wrong type, and refuses quantised checkpoints.
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
        if let Some(count) = value.get(field).and_then(Value::as_u64).filter(|count| *count > MOST)
        {
            let reason = format!("it must be at most {MOST}");
            return Err(ConfigError::invalid(field, count, &reason));
        }
    }
    Ok(serde_json::from_value(Value::Object(names.into().apply(value)?))?)
}

/// Checks fields of which one value is supported; a field that is absent or null is as it should be.
///
/// # Errors
///
/// Names the first field with another value.
pub fn fixed(
    fields: &Map<String, Value>,
    supported: &[(&'static str, Value)],
) -> Result<(), ConfigError> {
    for (field, supported) in supported {
        match fields.get(*field) {
            Some(value) if !value.is_null() && !is_same(value, supported) => {
                return Err(ConfigError::unsupported(field, value.clone(), &supported.to_string()));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Whether two values are the same; 1 and 1.0 are.
fn is_same(a: &Value, b: &Value) -> bool {
    a == b || a.as_f64().is_some_and(|number| b.as_f64() == Some(number))
}

/// Checks a size.
///
/// # Errors
///
/// Zero makes no model; above 2^28 it is a broken file rather than a big model.
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
/// Names the field that does not divide.
pub fn divides(field: &'static str, divisor: usize, dividend: usize) -> Result<usize, ConfigError> {
    if divisor > 0 && dividend.is_multiple_of(divisor) {
        Ok(dividend / divisor)
    } else {
        Err(ConfigError::invalid(field, divisor, &format!("it must divide {dividend}")))
    }
}

/// Checks a number that lies in a half-open interval.
///
/// # Errors
///
/// Names the field and the interval; NaN lies in none.
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
/// It must be positive and small.
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
    fn a_field_may_have_any_of_its_names_and_a_default_without() {
        let sized = |size: u64| json!({ "d_model": size, "activation": "silu" });
        assert_eq!(read(json!({})), sized(1));
        assert_eq!(read(json!({ "dim": 2 })), sized(2));
        assert_eq!(read(json!({ "hidden_size": 3 })), sized(3));
        assert_eq!(read(json!({ "dim": 2, "hidden_size": 3 })), sized(3));
        assert_eq!(read(json!({ "dim": 2, "hidden_size": null })), sized(2));
        assert_eq!(read(json!({ "hidden_size": null })), sized(1));
    }

    #[test]
    fn a_name_that_the_family_does_not_have_is_ignored() {
        let gelu = json!({ "activation": "gelu", "d_model": 1 });
        assert_eq!(read(json!({ "act": "gelu", "activation": "relu" })), gelu);
        assert_eq!(read(json!({ "activation": "relu" }))["activation"], "silu");
        assert_eq!(read(json!({ "act": "gelu", "activation": null })), gelu);
    }
}
