//! The content of a report, independent of HTML and Markdown: headings, sentences, tables and
//! charts.

use serde::Serialize;

/// A report.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Page {
    /// The kind of report.
    pub kind: &'static str,
    /// Its title.
    pub title: String,
    /// The compared architectures and tasks, in a sentence.
    pub lead: String,
    /// Key facts below the title.
    pub facts: Vec<Fact>,
    /// The findings: first over all tasks, then per task.
    pub findings: Vec<Finding>,
    /// The sections.
    pub sections: Vec<Section>,
}

/// A fact about the study.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Fact {
    /// What the value is.
    pub label: &'static str,
    /// The value.
    pub value: String,
}

/// The finding on a task, or over all tasks.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// The task; empty for the finding over all tasks.
    pub task: String,
    /// The finding as a heading.
    pub heading: String,
    /// The numbers and the limitations of the finding.
    pub text: Vec<String>,
}

/// A section of the report.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Section {
    /// Its anchor.
    pub id: &'static str,
    /// Its name in the table of contents.
    pub name: &'static str,
    /// The main finding of the section.
    pub heading: String,
    /// How to read the section.
    pub text: Vec<String>,
    /// The items of the section.
    pub items: Vec<Item>,
}

/// An item of a section.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Item {
    /// A table.
    Table(Table),
    /// Charts and tables in groups.
    Groups(Groups),
    /// Text to copy.
    Code(Code),
    /// A legend.
    Legend(Legend),
}

/// A table.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Table {
    /// The caption.
    pub caption: String,
    /// Its columns.
    pub columns: Vec<Column>,
    /// Its rows, each with one cell per column.
    pub rows: Vec<Vec<Cell>>,
    /// Whether the table is initially folded.
    pub folded: Folded,
}

/// The initial visibility of a table.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Folded {
    /// The whole table.
    #[default]
    Open,
    /// Only the caption.
    Closed,
}

/// A column.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Column {
    /// Its heading.
    pub label: String,
    /// The alignment of its cells.
    pub align: Align,
}

/// The alignment of cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Align {
    /// Left-aligned text.
    Left,
    /// Right-aligned numbers.
    Right,
}

/// A cell.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Cell {
    /// The content.
    pub text: String,
    /// A note below the content, in smaller text.
    pub note: String,
    /// The mark of the cell.
    pub mark: Mark,
}

/// The mark of a cell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// No mark.
    #[default]
    None,
    /// The best value of its kind.
    Best,
    /// Not significantly different from the best.
    Tied,
    /// A warning.
    Warn,
}

impl Mark {
    /// The sign next to the text, so that the mark does not depend on color.
    pub fn sign(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Best => "★",
            Self::Tied => "≈",
            Self::Warn => "⚠",
        }
    }
}

/// Groups of charts and tables; with several groups, one is shown at a time.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Groups {
    /// The identifier of the buttons, unique in the page.
    pub id: &'static str,
    /// How to read the charts.
    pub caption: String,
    /// The groups.
    pub groups: Vec<Group>,
}

/// Charts and tables that are shown together.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Group {
    /// The label of the group.
    pub label: String,
    /// The charts.
    pub charts: Vec<Figure>,
    /// The tables.
    pub tables: Vec<Table>,
}

/// A chart.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Figure {
    /// Its heading.
    pub heading: String,
    /// The SVG drawing.
    pub svg: String,
}

/// Text to copy.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Code {
    /// A description of the text.
    pub caption: String,
    /// Its language, for Markdown.
    pub language: &'static str,
    /// The text.
    pub text: String,
}

/// The meaning of each color and marker shape.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Legend {
    /// The entries.
    pub entries: Vec<Swatch>,
}

/// A color and marker shape with a name.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Swatch {
    /// The name.
    pub name: String,
    /// The drawing.
    pub svg: String,
}

impl Cell {
    /// A cell with text.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// The cell with a note below the content.
    pub fn note(self, note: impl Into<String>) -> Self {
        Self { note: note.into(), ..self }
    }

    /// The cell with a mark.
    pub fn mark(self, mark: Mark) -> Self {
        Self { mark, ..self }
    }

    /// A cell with a measured value, or a dash.
    pub fn or_dash<T>(value: Option<T>, show: impl FnOnce(T) -> String) -> Self {
        Self::new(value.map_or_else(|| "–".into(), show))
    }
}

impl Table {
    /// A table with these columns; a label that begins with `#` is a column of numbers.
    pub fn new(caption: impl Into<String>, labels: &[&str]) -> Self {
        let columns = labels.iter().map(|label| match label.strip_prefix('#') {
            Some(label) => Column { label: label.into(), align: Align::Right },
            None => Column { label: (*label).into(), align: Align::Left },
        });
        Self { caption: caption.into(), columns: columns.collect(), ..Self::default() }
    }

    /// The table, initially folded.
    pub fn folded(self) -> Self {
        Self { folded: Folded::Closed, ..self }
    }

    /// Adds a column of numbers with a name from the user.
    pub fn numbers(mut self, label: impl Into<String>) -> Self {
        self.columns.push(Column { label: label.into(), align: Align::Right });
        self
    }
}
