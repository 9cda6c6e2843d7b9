//! The choice of a task and its settings.

use super::error::{TaskError, UnknownTask};
use super::generated::{self, Generate, Sizes};
use super::info::TaskInfo;
use super::splits::Splits;
use super::table::TASKS;
use super::{Task, TaskDefinition};
use crate::locate::SearchPath;
use crate::nearest::nearest;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::fmt;
use std::str::FromStr;

/// A task by its name, and the settings that are not the usual ones.
///
/// Written `listops` or `listops:max_depth=3,max_length=48`; in TOML or JSON also as a table,
/// `{ name = "listops", max_depth = 3 }`. A value with a comma in it is put in double quotes.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(try_from = "Written", into = "String")]
pub struct TaskSpec {
    info: &'static TaskInfo,
    /// Every setting, in the order of their names.
    settings: Map<String, Value>,
}

/// The forms that a configuration file may use.
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Text(String),
    Table(Map<String, Value>),
}

/// The settings of a kind of task, and how they make one.
pub(super) trait Settings: Default + DeserializeOwned + Serialize {
    /// The task, or why there is none with these settings.
    fn build(self, search_path: &SearchPath) -> Result<BuiltTask, TaskError>;
}

/// A task but for its name.
pub(super) enum BuiltTask {
    /// Its examples are drawn, as many as are asked for.
    Generated(TaskDefinition, Box<dyn Generate>),
    /// Its examples are what they are.
    Fixed(TaskDefinition, Splits),
}

/// What a line of [`TASKS`] needs to know of its [`Settings`].
pub(super) struct TaskBuilder {
    pub(super) defaults: fn() -> Map<String, Value>,
    check: fn(Map<String, Value>) -> Result<(), serde_json::Error>,
    build: fn(Map<String, Value>, &SearchPath) -> Result<BuiltTask, TaskError>,
}

impl TaskBuilder {
    pub(super) const fn of<S: Settings>() -> Self {
        Self {
            defaults: || to_map(&S::default()),
            check: |map| from_map::<S>(map).map(|_| ()),
            build: |map, search_path| {
                let settings = from_map::<S>(map);
                // Checked before, so that this does not happen.
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

fn from_map<T: DeserializeOwned>(map: Map<String, Value>) -> Result<T, serde_json::Error> {
    serde_json::from_value(Value::Object(map))
}

impl TaskSpec {
    /// The task that `text` names, with its settings.
    ///
    /// # Errors
    ///
    /// [`TaskError`] for a name or parameter that there is not, with the nearest that there is,
    /// and for a value of the wrong kind. Whether a value is within its range is found out by
    /// [`TaskSpec::build`].
    pub fn parse(text: &str) -> Result<Self, TaskError> {
        let (name, settings) = text.split_once(':').unwrap_or((text, ""));
        let info = find(name)?;
        let given = assignments(settings)
            .map_err(|reason| TaskError::Syntax { text: text.to_owned(), reason })?;
        Self::new(info, given)
    }

    /// The task of this name with the settings of a table.
    ///
    /// # Errors
    ///
    /// As [`TaskSpec::parse`].
    pub fn from_table(name: &str, settings: Map<String, Value>) -> Result<Self, TaskError> {
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
        let (own, sizes) = divide(info, settings.clone());
        let checked = from_map::<Sizes>(sizes).and_then(|_| (info.builder.check)(own));
        checked.map_err(|error| TaskError::Value { task: info.name, reason: error.to_string() })?;
        Ok(Self { info, settings })
    }

    /// The line of [`TASKS`].
    pub fn info(&self) -> &'static TaskInfo {
        self.info
    }

    /// Every setting with its value, the usual ones too.
    pub fn settings(&self) -> &Map<String, Value> {
        &self.settings
    }

    /// Generates or loads the task.
    ///
    /// # Errors
    ///
    /// [`TaskError`] where a setting is out of its range, a file is missing, changed or not what
    /// it should be, or too little is left to train or test on.
    pub fn build(&self, search_path: &SearchPath) -> Result<Task, TaskError> {
        let (own, sizes) = divide(self.info, self.settings.clone());
        let (definition, splits) = match (self.info.builder.build)(own, search_path)? {
            // In the order of a file, the first examples may all be of one kind.
            BuiltTask::Fixed(definition, splits) => (definition, splits.shuffled()),
            BuiltTask::Generated(definition, generator) => {
                let wrong = |error: serde_json::Error| TaskError::Value {
                    task: self.info.name,
                    reason: error.to_string(),
                };
                (definition, generated::splits(generator, from_map(sizes).map_err(wrong)?)?)
            }
        };
        Ok(Task::new(self.clone(), definition, splits))
    }
}

/// The settings of the task itself, and those that say how many examples there are.
fn divide(
    info: &TaskInfo,
    settings: Map<String, Value>,
) -> (Map<String, Value>, Map<String, Value>) {
    let own = (info.builder.defaults)();
    settings.into_iter().partition(|(parameter, _)| own.contains_key(parameter))
}

fn find(name: &str) -> Result<&'static TaskInfo, UnknownTask> {
    TASKS.iter().find(|info| info.name == name).ok_or_else(|| UnknownTask {
        name: name.to_owned(),
        near: nearest(name, TASKS.iter().map(|info| info.name)),
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

/// The value that a text begins with, and what follows the comma behind it.
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
    // What is no number is a name or a path.
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

/// The name and the settings that are not the usual ones, as [`TaskSpec::parse`] reads it.
impl fmt::Display for TaskSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.info.name)?;
        let usual = self.info.settings();
        let unusual = self.settings.iter().filter(|(key, value)| usual.get(*key) != Some(value));
        for (i, (key, value)) in unusual.enumerate() {
            f.write_str(if i == 0 { ":" } else { "," })?;
            match value {
                Value::String(text) if is_plain(text) => write!(f, "{key}={text}")?,
                _ => write!(f, "{key}={value}")?,
            }
        }
        Ok(())
    }
}

/// Whether [`value`] reads the text as itself.
fn is_plain(text: &str) -> bool {
    matches!(value(text), Ok((Value::String(read), "")) if read == text && !text.ends_with(','))
}
