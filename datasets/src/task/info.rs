//! What is known about a task before it is made.

use super::TaskKind;
use super::generated::Sizes;
use super::spec::{Settings, TaskBuilder, to_map};
use crate::locate::DataFile;
use serde_json::{Map, Value};
use std::fmt;

/// What is known about a task before it is made; one line of the table of tasks.
pub struct TaskInfo {
    /// The name that [`TaskSpec::parse`](super::TaskSpec::parse) takes.
    pub name: &'static str,
    /// What is asked, in one line.
    pub about: &'static str,
    /// What a model must be able to do; one of these, where it depends on the user's file.
    pub kinds: &'static [TaskKind],
    /// Where the examples come from.
    pub origin: Origin,
    pub(super) builder: TaskBuilder,
    own: &'static [Parameter],
    /// Settings that differ from those of other tasks of the same kind.
    preset: &'static [(&'static str, Preset)],
}

/// Where the examples of a task come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A program draws as many as are asked for.
    Drawn,
    /// A program lists them all, or tells stories to be cut into windows.
    Made,
    /// A published data set.
    Published {
        /// Its files.
        files: &'static [DataFile],
        /// Licence and attribution.
        license: &'static str,
    },
    /// A file of the user's.
    User,
}

/// What can be set in a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// What it means, in a few words.
    pub about: &'static str,
}

pub(super) enum Preset {
    Number(u64),
    Text(&'static str),
}

pub(super) const fn set(name: &'static str, about: &'static str) -> Parameter {
    Parameter { name, about }
}

static SIZES: [Parameter; 3] = [
    set("train", "number of training examples; 0: without end"),
    set("validation", "number of validation examples"),
    set("test", "number of test examples"),
];
/// A task whose examples are drawn, with the settings of its kind.
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

    pub(super) const fn preset(self, preset: &'static [(&'static str, Preset)]) -> Self {
        Self { preset, ..self }
    }

    /// What can be set.
    pub fn parameters(&self) -> impl Iterator<Item = &'static Parameter> {
        let sizes = if self.origin == Origin::Drawn { &SIZES[..] } else { &[] };
        self.own.iter().chain(sizes)
    }

    /// The usual value of each parameter.
    pub fn defaults(&self) -> Map<String, Value> {
        let mut settings = self.settings();
        settings.retain(|key, _| self.parameters().any(|parameter| parameter.name == key));
        settings
    }

    /// The usual value of every setting, of those too that go with the name.
    pub(super) fn settings(&self) -> Map<String, Value> {
        let mut settings = (self.builder.defaults)();
        if self.origin == Origin::Drawn {
            settings.extend(to_map(&Sizes::default()));
        }
        for (key, value) in self.preset {
            let value = match value {
                Preset::Number(number) => Value::from(*number),
                Preset::Text(text) => Value::from(*text),
            };
            settings.insert((*key).to_owned(), value);
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
