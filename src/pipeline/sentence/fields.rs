//! The fields of a JSON file; none may be ignored.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use crate::pipeline::PipelineError;

/// The fields of a JSON object. Reading a field removes it; `finish` rejects the remaining fields.
#[derive(Debug)]
pub(super) struct Fields {
    path: PathBuf,
    /// The path of this object with a trailing dot; empty for a whole file.
    prefix: String,
    map: Map<String, Value>,
}

/// A JSON file, if it exists.
pub(super) fn read(path: &Path) -> Result<Option<Value>, PipelineError> {
    if !path.exists() {
        return Ok(None);
    }
    let text = std::fs::read_to_string(path).map_err(|source| wrong(path, source.to_string()))?;
    serde_json::from_str(&text).map(Some).map_err(|source| wrong(path, source.to_string()))
}

/// The error for an invalid or unsupported file.
pub(super) fn wrong(path: &Path, reason: impl Into<String>) -> PipelineError {
    PipelineError::File { path: path.to_path_buf(), reason: reason.into() }
}

impl Fields {
    /// The fields of a file, if it exists.
    pub(super) fn read(path: &Path) -> Result<Option<Self>, PipelineError> {
        read(path)?.map(|value| Self::of(path, value)).transpose()
    }

    /// The fields of a file that another file refers to.
    pub(super) fn promised(path: &Path) -> Result<Self, PipelineError> {
        Self::read(path)?.ok_or_else(|| wrong(path, "modules.json requires it, but it is missing"))
    }

    /// The fields of an object in a file.
    pub(super) fn of(path: &Path, value: Value) -> Result<Self, PipelineError> {
        match value {
            Value::Object(map) => Ok(Self { path: path.to_path_buf(), prefix: String::new(), map }),
            other => Err(wrong(path, format!("it must be an object, but it is {other}"))),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn is_empty(&self) -> bool {
        self.map.is_empty()
    }

    pub(super) fn take(&mut self, name: &str) -> Option<Value> {
        self.map.remove(name).filter(|value| !value.is_null())
    }

    /// Ignores fields that do not affect embeddings.
    pub(super) fn drop(&mut self, names: &[&str]) {
        names.iter().for_each(|name| drop(self.map.remove(*name)));
    }

    pub(super) fn text(&mut self, name: &str) -> Result<Option<String>, PipelineError> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(self.refusal(name, &other, "it must be a string")),
        }
    }

    pub(super) fn flag(&mut self, name: &str) -> Result<Option<bool>, PipelineError> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(flag)),
            Some(other) => Err(self.refusal(name, &other, "it must be true or false")),
        }
    }

    /// An integer, which may be written as a float.
    pub(super) fn count(&mut self, name: &str) -> Result<Option<usize>, PipelineError> {
        let Some(value) = self.take(name) else { return Ok(None) };
        let of_float = |number: f64| {
            let is_count = number.fract() == 0.0 && (0.0..9e15).contains(&number);
            is_count.then_some(number as u64)
        };
        let count = value.as_u64().or_else(|| value.as_f64().and_then(of_float));
        let count = count.and_then(|count| usize::try_from(count).ok());
        count.map(Some).ok_or_else(|| self.refusal(name, &value, "it must be an integer"))
    }

    /// A required field.
    pub(super) fn required(&mut self, name: &str) -> Result<usize, PipelineError> {
        let count = self.count(name)?;
        count.ok_or_else(|| wrong(&self.path, format!("{}{name} is missing", self.prefix)))
    }

    /// The fields of a nested object, under any of these names.
    pub(super) fn object(&mut self, names: &[&str]) -> Result<Option<Self>, PipelineError> {
        let mut found = None;
        for name in names {
            match self.take(name) {
                None => {}
                Some(Value::Object(map)) if found.is_none() => {
                    let prefix = format!("{}{name}.", self.prefix);
                    found = Some(Self { path: self.path.clone(), prefix, map });
                }
                Some(Value::Object(map)) if map.is_empty() => {}
                Some(other) => {
                    return Err(self.refusal(name, &other, "it must be one object"));
                }
            }
        }
        Ok(found)
    }

    /// The error for an unsupported value of a field.
    pub(super) fn refusal(&self, name: &str, value: &Value, reason: &str) -> PipelineError {
        PipelineError::Field {
            path: self.path.clone(),
            field: format!("{}{name}", self.prefix),
            value: value.clone(),
            reason: reason.to_string(),
        }
    }

    /// Removes and returns the remaining fields.
    pub(super) fn rest(&mut self) -> Map<String, Value> {
        std::mem::take(&mut self.map)
    }

    /// Rejects the first remaining field.
    pub(super) fn finish(self) -> Result<(), PipelineError> {
        match self.map.iter().find(|(_, value)| !value.is_null()) {
            None => Ok(()),
            Some((name, value)) => {
                let reason =
                    "this field is not supported; remove it if the embeddings do not depend on it";
                Err(self.refusal(name, value, reason))
            }
        }
    }
}
