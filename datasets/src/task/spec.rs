//! Task specifications: a task's name and its settings.

use super::error::{TaskError, UnknownTask};
use super::info::TaskInfo;
use super::settings::from_map;
use super::sizes::Sizes;
use super::table::TASKS;
use crate::nearest::nearest;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::fmt;
use std::str::FromStr;

/// A task's name, and the settings that differ from the defaults.
///
/// Written as `listops` or `listops:max_depth=3,max_length=48`; in TOML or JSON also as a table,
/// `{ name = "listops", max_depth = 3 }`. A value that contains a comma needs double quotes.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(try_from = "Written", into = "String")]
pub struct TaskSpec {
    info: &'static TaskInfo,
    /// Every setting, sorted by name.
    settings: Map<String, Value>,
}

/// The forms that a configuration file accepts.
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Text(String),
    Table(Map<String, Value>),
}

impl TaskSpec {
    /// Parses a task's name and settings.
    ///
    /// # Errors
    ///
    /// [`TaskError`] for an unknown name or parameter, with the closest known one, and for a value
    /// of the wrong type. [`TaskSpec::build`] checks whether a value is within its range.
    pub fn parse(text: &str) -> Result<Self, TaskError> {
        let (name, settings) = text.split_once(':').unwrap_or((text, ""));
        let info = find(name)?;
        let given = assignments(settings)
            .map_err(|reason| TaskError::Syntax { text: text.to_owned(), reason })?;
        Self::new(info, given)
    }

    /// The task with this name and the settings of a table.
    ///
    /// # Errors
    ///
    /// As [`TaskSpec::parse`].
    fn from_table(name: &str, settings: Map<String, Value>) -> Result<Self, TaskError> {
        Self::new(find(name)?, settings)
    }

    fn new(info: &'static TaskInfo, given: Map<String, Value>) -> Result<Self, TaskError> {
        let mut settings = info.settings();
        for (parameter, value) in given {
            if !info.parameters().any(|known| known.name == parameter) {
                let known = || info.parameters().map(|known| known.name);
                let near = nearest(&parameter, known());
                let known = known().collect::<Vec<_>>().join(", ");
                return Err(TaskError::UnknownParameter {
                    task: info.name,
                    parameter,
                    near,
                    known,
                });
            }
            settings.insert(parameter, value);
        }
        let DividedSettings { own, sizes } = DividedSettings::new(info, settings.clone());
        let checked = from_map::<Sizes>(sizes).and_then(|_| (info.builder.check)(own));
        checked.map_err(|error| TaskError::Value { task: info.name, reason: error.to_string() })?;
        Ok(Self { info, settings })
    }

    /// The task's entry in [`TASKS`].
    pub fn info(&self) -> &'static TaskInfo {
        self.info
    }

    /// Every setting with its value, including defaults.
    pub fn settings(&self) -> &Map<String, Value> {
        &self.settings
    }
}

/// The settings of a task by what they determine.
pub(super) struct DividedSettings {
    /// Those of the task itself.
    pub(super) own: Map<String, Value>,
    /// Those of the split sizes.
    pub(super) sizes: Map<String, Value>,
}

impl DividedSettings {
    pub(super) fn new(info: &TaskInfo, settings: Map<String, Value>) -> Self {
        let defaults = (info.builder.defaults)();
        let is_own = |(parameter, _): &(String, Value)| defaults.contains_key(parameter);
        let (own, sizes) = settings.into_iter().partition(is_own);
        Self { own, sizes }
    }
}

fn find(name: &str) -> Result<&'static TaskInfo, UnknownTask> {
    TASKS.iter().find(|info| info.name == name).ok_or_else(|| UnknownTask {
        name: name.to_owned(),
        near: nearest(name, TASKS.iter().map(|info| info.name)),
        known: TASKS.iter().map(|info| info.name).collect::<Vec<_>>().join(", "),
    })
}

/// `key=value,key="a value",…`
fn assignments(text: &str) -> Result<Map<String, Value>, String> {
    let mut found = Map::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let (key, after) =
            rest.split_once('=').ok_or_else(|| format!("{rest:?} has no \"=\" and value"))?;
        let (value, after) = value(after.trim_start())?;
        let key = key.trim().to_owned();
        if found.contains_key(&key) {
            return Err(format!("{key} is given twice"));
        }
        found.insert(key, value);
        rest = after.trim();
    }
    Ok(found)
}

/// The value at the start of a text, and the text after the comma that follows it.
fn value(text: &str) -> Result<(Value, &str), String> {
    if text.starts_with('"') {
        let mut values = serde_json::Deserializer::from_str(text).into_iter::<String>();
        let quoted = values.next().and_then(Result::ok);
        let quoted = quoted.ok_or_else(|| format!("{text} has no closing quote"))?;
        let rest = text[values.byte_offset()..].trim_start();
        return match rest.strip_prefix(',') {
            None if !rest.is_empty() => Err(format!("a comma is missing before {rest:?}")),
            rest => Ok((Value::String(quoted), rest.unwrap_or_default())),
        };
    }
    let (value, rest) = text.split_once(',').unwrap_or((text, ""));
    let value = value.trim();
    // A value that is not a number is a name or a path.
    let number = serde_json::from_str(value).ok().filter(Value::is_number);
    Ok((number.unwrap_or_else(|| Value::String(value.to_owned())), rest))
}

impl FromStr for TaskSpec {
    type Err = TaskError;

    fn from_str(text: &str) -> Result<Self, TaskError> {
        Self::parse(text)
    }
}

impl TryFrom<Written> for TaskSpec {
    type Error = TaskError;

    fn try_from(written: Written) -> Result<Self, TaskError> {
        match written {
            Written::Text(text) => Self::parse(&text),
            Written::Table(mut table) => match table.remove("name") {
                Some(Value::String(name)) => Self::from_table(&name, table),
                _ => Err(TaskError::Syntax {
                    text: Value::Object(table).to_string(),
                    reason: "the table has no name".to_owned(),
                }),
            },
        }
    }
}

impl From<TaskSpec> for String {
    fn from(spec: TaskSpec) -> Self {
        spec.to_string()
    }
}

/// The name and the settings that differ from the defaults, in the syntax of [`TaskSpec::parse`].
impl fmt::Display for TaskSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.info.name)?;
        let defaults = self.info.settings();
        let changed = self.settings.iter().filter(|(key, value)| defaults.get(*key) != Some(value));
        for (i, (key, value)) in changed.enumerate() {
            f.write_str(if i == 0 { ":" } else { "," })?;
            match value {
                Value::String(text) if is_plain(text) => write!(f, "{key}={text}")?,
                _ => write!(f, "{key}={value}")?,
            }
        }
        Ok(())
    }
}

/// Whether [`value`] parses the text back to itself.
fn is_plain(text: &str) -> bool {
    matches!(value(text), Ok((Value::String(read), "")) if read == text && !text.ends_with(','))
}
