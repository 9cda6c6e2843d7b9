//! The study as JSON.

use crate::error::ReportError;
use crate::study::{SCHEMA, Study};

/// A score rounded to 12 significant digits. Further digits are noise, and a number with 12 digits
/// survives a round trip through JSON.
pub fn rounded(score: f64) -> f64 {
    format!("{score:.11e}").parse().unwrap_or(score)
}

/// The study as JSON, the format that [`read`] parses.
///
/// # Errors
///
/// A value of the study is NaN or infinite.
pub fn json(study: &Study) -> Result<String, ReportError> {
    let mut value = serde_json::to_value(study)?;
    round(&mut value);
    let text = serde_json::to_string_pretty(&value)? + "\n";
    // JSON has no infinity: the value becomes null, which is only detected when the text is parsed.
    read(&text)?;
    Ok(text)
}

/// Rounds all floating-point numbers, so that they survive a round trip through JSON.
fn round(value: &mut serde_json::Value) {
    use serde_json::Value;
    match value {
        Value::Number(number) if number.is_f64() => {
            if let Some(number) = number.as_f64() {
                *value = rounded(number).into();
            }
        }
        Value::Array(values) => values.iter_mut().for_each(round),
        Value::Object(fields) => fields.values_mut().for_each(round),
        _ => {}
    }
}

/// Parses the study that [`json`] wrote; floating-point numbers have 12 digits.
///
/// # Errors
///
/// The text is not a study, or has another format version.
pub fn read(text: &str) -> Result<Study, ReportError> {
    #[derive(serde::Deserialize)]
    struct Version {
        schema: u32,
    }
    let Version { schema } = serde_json::from_str(text)?;
    if schema != SCHEMA {
        return Err(ReportError::Schema { found: schema });
    }
    Ok(serde_json::from_str(text)?)
}
