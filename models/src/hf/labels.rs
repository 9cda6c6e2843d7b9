//! The names of labels in configs.

use std::collections::BTreeMap;

use serde_json::{Number, Value};

use super::config::ConfigError;

/// The label names of a model, by index: those of `id2label`; `LABEL_0`, … where that is absent or
/// its length differs from `num_labels`; two labels where both are absent.
///
/// As in transformers, names are converted by Python's `str`, and keys by its `int`.
///
/// # Errors
///
/// Indices that are not 0, 1, 2, …; an invalid number of labels.
pub fn labels(config: &Value) -> Result<Vec<String>, ConfigError> {
    let count = count(&config["num_labels"])?;
    let names = match &config["id2label"] {
        Value::Null => None,
        Value::Object(names) => Some(names),
        other => return Err(invalid(other, "it must be an object that maps indices to names")),
    };
    match (names, count) {
        (Some(names), count) if count.is_none_or(|count| count == names.len()) => {
            let mut found = BTreeMap::new();
            for (key, name) in names {
                let index = index(key).filter(|index| *index < names.len());
                let index = index.ok_or_else(|| invalid_key(names, key))?;
                if found.insert(index, python_text(name)).is_some() {
                    return Err(invalid_key(names, key));
                }
            }
            match found.is_empty() {
                true => Err(invalid(&config["id2label"], "it must name at least one label")),
                false => Ok(found.into_values().collect()),
            }
        }
        (_, count) => Ok((0..count.unwrap_or(2)).map(|index| format!("LABEL_{index}")).collect()),
    }
}

fn count(value: &Value) -> Result<Option<usize>, ConfigError> {
    if value.is_null() {
        return Ok(None);
    }
    let count = value.as_f64().filter(|count| count.fract() == 0.0);
    let count = count.filter(|count| (1.0..=f64::from(1 << 20)).contains(count));
    let reason = "it must be an integer between 1 and 2^20";
    let count = count.ok_or_else(|| ConfigError::invalid("num_labels", value, reason))?;
    Ok(Some(count as usize))
}

fn invalid(value: &Value, reason: &str) -> ConfigError {
    ConfigError::invalid("id2label", value, reason)
}

fn invalid_key(names: &serde_json::Map<String, Value>, key: &str) -> ConfigError {
    let reason =
        format!("it must name the labels 0, 1, 2, … once each, and {key:?} is not one of them");
    ConfigError::invalid("id2label", Value::Object(names.clone()), &reason)
}

/// Parses a key like Python's `int`: surrounding whitespace, a sign, leading zeros, `_` between
/// digits.
fn index(key: &str) -> Option<usize> {
    let digits = key.trim();
    let digits = digits.strip_prefix('+').unwrap_or(digits);
    let between =
        digits.split('_').all(|part| part.bytes().all(|b| b.is_ascii_digit()) && !part.is_empty());
    between.then(|| digits.replace('_', "").parse().ok()).flatten()
}

/// Converts a JSON value like Python's `str`.
fn python_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => python_literal(other),
    }
}

fn python_literal(value: &Value) -> String {
    match value {
        Value::Null => "None".into(),
        Value::Bool(true) => "True".into(),
        Value::Bool(false) => "False".into(),
        Value::Number(number) => python_number(number),
        Value::String(text) => {
            let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
            let escaped = text.replace('\\', "\\\\").replace('\n', "\\n").replace('\t', "\\t");
            let escaped = if quote == '\'' { escaped.replace('\'', "\\'") } else { escaped };
            format!("{quote}{escaped}{quote}")
        }
        Value::Array(values) => {
            let values: Vec<String> = values.iter().map(python_literal).collect();
            format!("[{}]", values.join(", "))
        }
        Value::Object(fields) => {
            let field = |(name, value): (&String, &Value)| {
                format!(
                    "{}: {}",
                    python_literal(&Value::String(name.clone())),
                    python_literal(value)
                )
            };
            format!("{{{}}}", fields.iter().map(field).collect::<Vec<_>>().join(", "))
        }
    }
}

/// Both languages print the shortest representation, and differ in the format of the exponent.
fn python_number(number: &Number) -> String {
    let Some(float) = number.as_f64().filter(|_| number.is_f64()) else {
        return number.to_string();
    };
    let text = format!("{float:?}");
    let Some((digits, exponent)) = text.split_once('e') else { return text };
    let (sign, exponent) = exponent.strip_prefix('-').map_or(("+", exponent), |e| ("-", e));
    format!("{digits}e{sign}{exponent:0>2}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn named(config: Value) -> Result<Vec<String>, String> {
        labels(&config).map_err(|error| error.to_string())
    }

    #[test]
    fn names_match_python_str() {
        let names = json!({ "id2label": { "0": 1, "1": 2.0, "2": true, "3": null, "4": 1e20, "5": 1e-7, "6": 0.1,
            "7": ["x", 1], "8": { "it's": false }, "9": "x y" } });
        let expected = [
            "1",
            "2.0",
            "True",
            "None",
            "1e+20",
            "1e-07",
            "0.1",
            "['x', 1]",
            "{\"it's\": False}",
            "x y",
        ];
        assert_eq!(named(names).unwrap(), expected);
    }

    #[test]
    fn keys_match_python_int() {
        let names = json!({ "id2label": { "00": "a", " 1": "b", "+2\n": "c", "0_3": "d" } });
        assert_eq!(named(names).unwrap(), ["a", "b", "c", "d"]);
        for key in ["-0", "2", "0.0", "1__0", "_0", "", "a"] {
            let error = named(json!({ "id2label": { (key): "a" } })).unwrap_err();
            assert!(error.contains("id2label") && error.contains(&format!("{key:?}")), "{error}");
        }
        let twice = named(json!({ "id2label": { "0": "a", "00": "b" } })).unwrap_err();
        assert!(twice.contains("once each"), "{twice}");
    }

    #[test]
    fn num_labels_takes_precedence_over_names() {
        let numbered = |count: usize| (0..count).map(|i| format!("LABEL_{i}")).collect::<Vec<_>>();
        assert_eq!(named(json!({})).unwrap(), numbered(2));
        assert_eq!(named(json!({ "label2id": { "a": 0, "b": 1, "c": 2 } })).unwrap(), numbered(2));
        assert_eq!(named(json!({ "num_labels": 3.0, "id2label": null })).unwrap(), numbered(3));
        let names = json!({ "0": "a", "1": "b" });
        assert_eq!(named(json!({ "num_labels": 3, "id2label": names })).unwrap(), numbered(3));
        assert_eq!(named(json!({ "num_labels": 2, "id2label": names })).unwrap(), ["a", "b"]);
        for count in [json!(0), json!(-1), json!("3"), json!(2.5), json!(1e9)] {
            let error = named(json!({ "num_labels": count })).unwrap_err();
            assert!(error.contains("num_labels") && error.contains(&count.to_string()), "{error}");
        }
        assert!(named(json!({ "id2label": {} })).unwrap_err().contains("at least one"));
        assert!(named(json!({ "id2label": ["a"] })).unwrap_err().contains("[\"a\"]"));
    }
}
