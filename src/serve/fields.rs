//! The fields of a JSON request, with validation.

use std::ops::RangeInclusive;

use serde_json::{Map, Value};

use super::error::ApiError;

/// An object of a request. Fields that are `null` count as absent.
#[derive(Debug)]
pub(super) struct Fields {
    map: Map<String, Value>,
    /// The prefix of field names in messages.
    path: String,
}

impl Fields {
    /// Parses the object of a request body.
    pub(super) fn parse(body: &[u8]) -> Result<Self, ApiError> {
        let value: Value = serde_json::from_slice(body)
            .map_err(|error| ApiError::invalid(format!("the body is not valid JSON: {error}")))?;
        match value {
            Value::Object(map) => Ok(Self { map, path: String::new() }),
            other => Err(ApiError::invalid(format!(
                "the body must be a JSON object, but it is {}",
                kind(&other)
            ))),
        }
    }

    /// An object within a request.
    pub(super) fn within(value: Value, path: &str) -> Result<Self, ApiError> {
        match value {
            Value::Object(map) => Ok(Self { map, path: format!("{path}.") }),
            other => Err(wrong(path, "an object", &other)),
        }
    }

    /// An object with only this field.
    pub(super) fn only(name: &str, value: Value) -> Self {
        Self { map: Map::from_iter([(name.to_string(), value)]), path: String::new() }
    }

    /// The unrecognized fields, except null ones.
    pub(super) fn left(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.map.iter().filter(|(_, value)| !value.is_null())
    }

    /// Whether a field is present, including `null`.
    pub(super) fn has(&self, name: &str) -> bool {
        self.map.contains_key(name)
    }

    /// The field's name in messages.
    pub(super) fn name(&self, name: &str) -> String {
        format!("{}{name}", self.path)
    }

    /// Removes and returns a field, if it is present.
    pub(super) fn take(&mut self, name: &str) -> Option<Value> {
        self.map.remove(name).filter(|value| !value.is_null())
    }

    /// A required field.
    pub(super) fn require(&mut self, name: &str) -> Result<Value, ApiError> {
        let path = self.name(name);
        let missing = || ApiError::field(path.as_str(), format!("{path} is missing"));
        self.take(name).ok_or_else(missing)
    }

    pub(super) fn text(&mut self, name: &str) -> Result<Option<String>, ApiError> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(wrong(&self.name(name), "a string", &other)),
        }
    }

    /// Whether a boolean option is enabled.
    pub(super) fn is_set(&mut self, name: &str) -> Result<bool, ApiError> {
        Ok(self.flag(name)?.unwrap_or(false))
    }

    pub(super) fn flag(&mut self, name: &str) -> Result<Option<bool>, ApiError> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(flag)),
            Some(other) => Err(wrong(&self.name(name), "true or false", &other)),
        }
    }

    pub(super) fn number(
        &mut self,
        name: &str,
        range: RangeInclusive<f64>,
    ) -> Result<Option<f64>, ApiError> {
        let Some(value) = self.take(name) else { return Ok(None) };
        let path = self.name(name);
        let number = value.as_f64().ok_or_else(|| wrong(&path, "a number", &value))?;
        if !range.contains(&number) {
            let rule = format!("between {} and {}", range.start(), range.end());
            return Err(outside(&path, &value, &rule));
        }
        Ok(Some(number))
    }

    pub(super) fn integer(
        &mut self,
        name: &str,
        range: RangeInclusive<i64>,
    ) -> Result<Option<i64>, ApiError> {
        let Some(value) = self.take(name) else { return Ok(None) };
        let path = self.name(name);
        if !value.is_number() || value.is_f64() {
            return Err(wrong(&path, "an integer", &value));
        }
        match value.as_i64() {
            Some(number) if range.contains(&number) => Ok(Some(number)),
            Some(_) if *range.end() == i64::MAX => {
                Err(outside(&path, &value, &format!("at least {}", range.start())))
            }
            _ => {
                let rule = format!("between {} and {}", range.start(), range.end());
                Err(outside(&path, &value, &rule))
            }
        }
    }

    /// An unbounded count.
    pub(super) fn count(&mut self, name: &str) -> Result<Option<usize>, ApiError> {
        self.count_from(name, 1)
    }

    /// A count with a lower bound.
    pub(super) fn count_from(&mut self, name: &str, least: i64) -> Result<Option<usize>, ApiError> {
        let count = self.integer(name, least..=i64::MAX)?;
        Ok(count.map(|count| usize::try_from(count).unwrap_or(usize::MAX)))
    }
}

/// The error for a number outside of its range.
fn outside(path: &str, value: &Value, rule: &str) -> ApiError {
    ApiError::field(path, format!("{path} is {value}; it must be {rule}"))
}

/// The error for a field of the wrong type.
pub(super) fn wrong(path: &str, expected: &str, found: &Value) -> ApiError {
    ApiError::field(path, format!("{path} must be {expected}, but it is {}", kind(found)))
}

/// The name of a value's type.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(number) if number.is_f64() => "a number with a fraction",
        Value::Number(_) => "an integer",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// A list of token IDs; `None` if it contains anything else.
pub(super) fn ids(list: &[Value]) -> Option<Vec<u32>> {
    let id = |value: &Value| value.as_u64().map(|id| u32::try_from(id).unwrap_or(u32::MAX));
    list.iter().map(id).collect()
}

/// One input, as text or as token IDs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Input {
    Text(String),
    Ids(Vec<u32>),
}

impl Input {
    /// Parses a string, a list of strings, a list of IDs or a list of lists of IDs.
    pub(super) fn read(name: &str, value: Value) -> Result<Vec<Self>, ApiError> {
        let expected =
            "a string, a list of strings, a list of token ids or a list of lists of token ids";
        let list = match value {
            Value::String(text) => return Ok(vec![Self::Text(text)]),
            Value::Array(list) if list.is_empty() => {
                return Err(ApiError::field(name, format!("{name} is an empty list")));
            }
            Value::Array(list) => list,
            other => return Err(wrong(name, expected, &other)),
        };
        if let Some(ids) = ids(&list) {
            return Ok(vec![Self::Ids(ids)]);
        }
        let one = |value: Value| match value {
            Value::String(text) => Some(Self::Text(text)),
            Value::Array(list) => ids(&list).map(Self::Ids),
            _ => None,
        };
        let inputs: Option<Vec<Self>> = list.into_iter().map(one).collect();
        let is_text = |input: &Self| matches!(input, Self::Text(_));
        inputs
            .filter(|inputs| inputs.iter().all(|input| is_text(input) == is_text(&inputs[0])))
            .ok_or_else(|| ApiError::field(name, format!("{name} must be {expected}")))
    }
}
