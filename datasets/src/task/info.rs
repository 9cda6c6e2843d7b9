//! Metadata of tasks.

use super::kind::TaskKind;
use super::settings::{Settings, TaskBuilder, to_map};
use super::sizes::Sizes;
use crate::locate::DataFile;
use serde_json::{Map, Value};
use std::fmt;

/// Metadata of a task, available before it is built; an entry of the table of tasks.
pub struct TaskInfo {
    /// The name that [`TaskSpec::parse`](super::TaskSpec::parse) takes.
    pub name: &'static str,
    /// A one-line description.
    pub about: &'static str,
    /// The kinds of prediction; several if the user's file determines which one applies.
    pub kinds: &'static [TaskKind],
    /// Where the examples come from.
    pub origin: Origin,
    pub(super) builder: TaskBuilder,
    own: &'static [Parameter],
    /// Settings fixed by the name, among tasks that share a [`Settings`] type.
    preset: &'static [Preset],
}

/// Where the examples of a task come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Sampled by a generator, as many as needed.
    Drawn,
    /// Enumerated in full, or cut from generated stories as windows.
    Made,
    /// A published data set.
    Published {
        /// Its files.
        files: &'static [DataFile],
        /// License and attribution.
        license: &'static str,
    },
    /// The user's file.
    User,
}

/// A parameter of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// A short description.
    pub about: &'static str,
}

/// A setting fixed by a task's name.
pub(super) struct Preset {
    pub(super) name: &'static str,
    pub(super) value: PresetValue,
}

pub(super) enum PresetValue {
    Number(u64),
    Text(&'static str),
}

pub(super) const fn set(name: &'static str, about: &'static str) -> Parameter {
    Parameter { name, about }
}

static SIZES: [Parameter; 3] = [
    set("train", "number of training examples; 0: unlimited"),
    set("validation", "number of validation examples"),
    set("test", "number of test examples"),
];
/// A task whose examples are sampled, with its settings type.
pub(super) const fn task<S: Settings>(
    name: &'static str,
    about: &'static str,
    kinds: &'static [TaskKind],
    own: &'static [Parameter],
) -> TaskInfo {
    TaskInfo {
        name,
        about,
        kinds,
        origin: Origin::Drawn,
        builder: TaskBuilder::of::<S>(),
        own,
        preset: &[],
    }
}

impl TaskInfo {
    pub(super) const fn from(self, origin: Origin) -> Self {
        Self { origin, ..self }
    }

    pub(super) const fn preset(self, preset: &'static [Preset]) -> Self {
        Self { preset, ..self }
    }

    /// The parameters of the task.
    pub fn parameters(&self) -> impl Iterator<Item = &'static Parameter> {
        let sizes = if self.origin == Origin::Drawn { &SIZES[..] } else { &[] };
        self.own.iter().chain(sizes)
    }

    /// The default value of each parameter.
    pub fn defaults(&self) -> Map<String, Value> {
        let mut settings = self.settings();
        settings.retain(|key, _| self.parameters().any(|parameter| parameter.name == key));
        settings
    }

    /// The default value of every setting, including those fixed by the name.
    pub(super) fn settings(&self) -> Map<String, Value> {
        let mut settings = (self.builder.defaults)();
        if self.origin == Origin::Drawn {
            settings.extend(to_map(&Sizes::default()));
        }
        for Preset { name, value } in self.preset {
            let value = match value {
                PresetValue::Number(number) => Value::from(*number),
                PresetValue::Text(text) => Value::from(*text),
            };
            settings.insert((*name).to_owned(), value);
        }
        settings
    }
}

impl PartialEq for TaskInfo {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl fmt::Debug for TaskInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskInfo").field("name", &self.name).finish_non_exhaustive()
    }
}
