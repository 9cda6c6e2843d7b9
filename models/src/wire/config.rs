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

/// Parses a config into a family's own struct. A field that it lacks is taken from `defaults`, a
/// JSON object of what `transformers` assumes.
///
/// # Errors
///
/// Says which field is missing or of the wrong type, and refuses quantised checkpoints.
pub fn parse<T: DeserializeOwned>(json: &str, defaults: &str) -> Result<T, ConfigError> {
    let mut value: Map<String, Value> = serde_json::from_str(json)?;
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
    for (field, assumed) in serde_json::from_str::<Map<String, Value>>(defaults)? {
        value.entry(field).or_insert(assumed);
    }
    Ok(serde_json::from_value(Value::Object(value))?)
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
