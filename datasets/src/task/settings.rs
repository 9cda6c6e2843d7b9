//! The settings of a task, and how they build it.

use super::definition::TaskDefinition;
use super::error::TaskError;
use super::generated::Generate;
use super::splits::Splits;
use crate::locate::SearchPath;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// The settings of a kind of task, which build it.
pub(super) trait Settings: Default + DeserializeOwned + Serialize {
    /// Builds the task, or returns why these settings are invalid.
    fn build(self, search_path: &SearchPath) -> Result<BuiltTask, TaskError>;
}

/// A task without its name.
pub(super) enum BuiltTask {
    /// Examples are sampled, as many as needed.
    Generated(TaskDefinition, Box<dyn Generate>),
    /// Examples are fixed.
    Fixed(TaskDefinition, Splits),
}

/// The functions of a [`Settings`] type that an entry of [`TASKS`](super::TASKS) stores.
pub(super) struct TaskBuilder {
    pub(super) defaults: fn() -> Map<String, Value>,
    pub(super) check: fn(Map<String, Value>) -> Result<(), serde_json::Error>,
    pub(super) build: fn(Map<String, Value>, &SearchPath) -> Result<BuiltTask, TaskError>,
}

impl TaskBuilder {
    pub(super) const fn of<S: Settings>() -> Self {
        Self {
            defaults: || to_map(&S::default()),
            check: |map| from_map::<S>(map).map(|_| ()),
            build: |map, search_path| {
                let settings = from_map::<S>(map);
                // Unreachable: `check` has validated the settings.
                let wrong = |error: serde_json::Error| TaskError::Value {
                    task: "asked for",
                    reason: error.to_string(),
                };
                settings.map_err(wrong)?.build(search_path)
            },
        }
    }
}

pub(super) fn to_map(settings: &impl Serialize) -> Map<String, Value> {
    match serde_json::to_value(settings) {
        Ok(Value::Object(map)) => map,
        _ => Map::new(),
    }
}

pub(super) fn from_map<T: DeserializeOwned>(
    map: Map<String, Value>,
) -> Result<T, serde_json::Error> {
    serde_json::from_value(Value::Object(map))
}
