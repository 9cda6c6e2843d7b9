//! A report before it is HTML or Markdown: headings, sentences, tables and charts.

use serde::Serialize;

/// A report.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Page {
    /// What kind of a report it is.
    pub kind: &'static str,
    /// Its title.
    pub title: String,
    /// What was compared, in a sentence.
    pub lead: String,
    /// A few facts under the title, as (label, value).
    pub facts: Vec<(String, String)>,
    /// What came out: over all tasks first, then for each.
    pub findings: Vec<Finding>,
    /// The rest.
    pub sections: Vec<Section>,
}

/// What came out of a task, or of all of them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// The task; empty for all of them.
    pub task: String,
    /// What came out.
    pub heading: String,
    /// With its numbers, and what limits it.
    pub text: Vec<String>,
}

/// A part of the report.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Section {
    /// Its anchor.
    pub id: &'static str,
    /// Its name in the contents.
    pub name: &'static str,
    /// What it shows.
    pub heading: String,
    /// How to read it.
    pub text: Vec<String>,
    /// What is in it.
    pub items: Vec<Item>,
}

/// Something that is shown.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Item {
    /// A table.
    Table(Table),
    /// Charts and tables in groups.
    Groups(Groups),
    /// Text to be copied.
    Code(Code),
    /// What each colour is.
    Legend(Legend),
}

/// A table.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Table {
    /// What it shows.
    pub caption: String,
    /// Its columns.
    pub columns: Vec<Column>,
    /// Its rows, each as long as the columns are many.
    pub rows: Vec<Vec<Cell>>,
    /// Whether it is only looked up: folded on the screen.
    pub folded: Folded,
}

/// How much of a table is seen at first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Folded {
    /// All of it.
    #[default]
    Open,
    /// Its caption.
    Closed,
}

/// A column.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Column {
    /// Its heading.
    pub label: String,
    /// How its cells stand.
    pub align: Align,
}

/// How cells stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Align {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// A cell.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Cell {
    /// What stands in it.
    pub text: String,
    /// What stands below that, smaller.
    pub note: String,
    /// How it is marked.
    pub mark: Mark,
}

/// How a cell is marked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// It is not.
    #[default]
    None,
    /// The best of its kind.
    Best,
    /// Not told apart from the best.
    Tied,
    /// Something went wrong.
    Warn,
}

impl Mark {
    /// The sign that stands beside the text, so that no colour is needed.
    pub fn sign(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Best => "★",
            Self::Tied => "≈",
            Self::Warn => "⚠",
        }
    }
}

/// Charts and tables in groups, of which one is shown at a time where there are several.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Groups {
    /// Tells their buttons from those of others.
    pub id: &'static str,
    /// How to read them.
    pub caption: String,
    /// The groups.
    pub groups: Vec<Group>,
}

/// Charts and tables that are shown together.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Group {
    /// What tells them from the other groups.
    pub label: String,
    /// The charts.
    pub charts: Vec<Figure>,
    /// Tables.
    pub tables: Vec<Table>,
}

/// A chart.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Figure {
    /// Its heading.
    pub heading: String,
    /// The drawing.
    pub svg: String,
}

/// Text to be copied.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Code {
    /// What it is.
    pub caption: String,
    /// Its language, for Markdown.
    pub language: &'static str,
    /// The text.
    pub text: String,
}

/// What each colour and shape is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Legend {
    /// The entries.
    pub entries: Vec<Swatch>,
}

/// A colour and shape with its name.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Swatch {
    /// The name.
    pub name: String,
    /// The drawing.
    pub svg: String,
}

impl Cell {
    /// A cell with a text.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// The same with a note below.
    pub fn note(self, note: impl Into<String>) -> Self {
        Self { note: note.into(), ..self }
    }

    /// The same, marked.
    pub fn mark(self, mark: Mark) -> Self {
        Self { mark, ..self }
    }

    /// What was measured, or a dash.
    pub fn or_dash<T>(value: Option<T>, show: impl FnOnce(T) -> String) -> Self {
        Self::new(value.map_or_else(|| "–".into(), show))
    }
}

impl Table {
    /// A table of columns: a label that begins with `#` is one of numbers.
    pub fn new(caption: impl Into<String>, labels: &[&str]) -> Self {
        let columns = labels.iter().map(|label| match label.strip_prefix('#') {
            Some(label) => Column { label: label.into(), align: Align::Right },
            None => Column { label: (*label).into(), align: Align::Left },
        });
        Self { caption: caption.into(), columns: columns.collect(), ..Self::default() }
    }

    /// The same, folded.
    pub fn folded(self) -> Self {
        Self { folded: Folded::Closed, ..self }
    }

    /// One more column of numbers, named by a user.
    pub fn numbers(mut self, label: impl Into<String>) -> Self {
        self.columns.push(Column { label: label.into(), align: Align::Right });
        self
    }
}
