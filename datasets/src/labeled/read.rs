//! Labeled texts from records.

use std::collections::{BTreeSet, HashMap};

use serde_json::Value;

use super::label_names::{label_names, shown_labels};
use super::{Answer, Columns, LabeledTarget, LabeledTask, LabeledText, LabeledTexts};
use crate::records::{FileError, Record, Records};

/// The name of the only output of a regression or a ranking, as transformers calls it.
pub(super) const NUMBER: &str = "LABEL_0";

impl LabeledTexts {
    /// Reads the texts and targets of a task.
    ///
    /// The labels are those of the records, sorted: as numbers if all of them are numbers. With
    /// `known`, they are these, in this order.
    ///
    /// # Errors
    ///
    /// [`FileError`]: a missing column; a bad value, or a label that is not known, with its file
    /// and line; one label alone, which there is nothing to learn about; a task on images, whose
    /// data are [`LabeledImages`](super::LabeledImages).
    pub fn read(
        records: &Records,
        task: LabeledTask,
        columns: &Columns,
        known: Option<&[String]>,
    ) -> Result<Self, FileError> {
        match task {
            LabeledTask::Classification => Self::classes(records, columns, known),
            LabeledTask::MultiLabelClassification => Self::label_sets(records, columns, known),
            LabeledTask::Regression => Self::numbers(records, columns),
            LabeledTask::Tagging => Self::tags(records, columns, known),
            LabeledTask::QuestionAnswering => Self::answers(records, columns),
            LabeledTask::TextToText => Self::texts(records, columns),
            LabeledTask::SentenceEmbedding => Self::related(records, columns),
            LabeledTask::Ranking => Self::ranked(records, columns),
            LabeledTask::ImageClassification => Err(FileError::NotTexts { task: task.name() }),
        }
    }

    fn classes(
        records: &Records,
        columns: &Columns,
        known: Option<&[String]>,
    ) -> Result<Self, FileError> {
        let column = columns.label(records)?;
        let named = |row: &Record| row.label(&column);
        let names: Vec<String> = records.rows.iter().map(named).collect::<Result<_, _>>()?;
        let labels = label_names(names.iter(), known);
        if let ([only], None) = (&labels[..], known) {
            let path = records.rows[0].file.to_path_buf();
            return Err(FileError::OneLabel { path, label: only.clone() });
        }
        let index = Index::new(&labels);
        let rows = records.rows.iter().zip(&names);
        let targets =
            rows.map(|(row, name)| Ok(LabeledTarget::Label(index.of(row, &column, name)?)));
        let targets = targets.collect::<Result<Vec<_>, FileError>>()?;
        Self::with_targets(LabeledTask::Classification, records, columns, labels, targets)
    }

    fn label_sets(
        records: &Records,
        columns: &Columns,
        known: Option<&[String]>,
    ) -> Result<Self, FileError> {
        let column = columns.label(records)?;
        let named = |row: &Record| match row.fields.get(&column) {
            // A text without any label.
            Some(Value::Array(items)) if items.is_empty() => Ok(Vec::new()),
            Some(Value::String(text)) if matches!(text.trim(), "" | "[]") => Ok(Vec::new()),
            _ => row.list(&column),
        };
        let names: Vec<Vec<String>> = records.rows.iter().map(named).collect::<Result<_, _>>()?;
        let labels = label_names(names.iter().flatten(), known);
        let index = Index::new(&labels);
        let target = |(row, names): (&Record, &Vec<String>)| {
            let found = names.iter().map(|name| index.of(row, &column, name));
            let found: BTreeSet<u32> = found.collect::<Result<_, _>>()?;
            Ok(LabeledTarget::Labels(found.into_iter().collect()))
        };
        let targets = records.rows.iter().zip(&names).map(target);
        let targets = targets.collect::<Result<Vec<_>, FileError>>()?;
        let task = LabeledTask::MultiLabelClassification;
        Self::with_targets(task, records, columns, labels, targets)
    }

    fn numbers(records: &Records, columns: &Columns) -> Result<Self, FileError> {
        let column = columns.label(records)?;
        let targets =
            records.rows.iter().map(|row| Ok(LabeledTarget::Number(row.number(&column)?)));
        let targets = targets.collect::<Result<Vec<_>, FileError>>()?;
        let labels = vec![NUMBER.to_owned()];
        Self::with_targets(LabeledTask::Regression, records, columns, labels, targets)
    }

    fn with_targets(
        task: LabeledTask,
        records: &Records,
        columns: &Columns,
        labels: Vec<String>,
        targets: Vec<LabeledTarget>,
    ) -> Result<Self, FileError> {
        let (text, pair) = (columns.text(records)?, columns.pair(records)?);
        let example = |(row, target): (&Record, LabeledTarget)| {
            let pair = pair.as_ref().map(|pair| row.text(pair)).transpose()?;
            Ok(LabeledText { text: row.text(&text)?, pair, target })
        };
        let examples = records.rows.iter().zip(targets).map(example);
        Ok(Self { task, labels, examples: examples.collect::<Result<_, FileError>>()? })
    }

    fn tags(
        records: &Records,
        columns: &Columns,
        known: Option<&[String]>,
    ) -> Result<Self, FileError> {
        let (column, tags) = (columns.words(records)?, columns.tags(records)?);
        let read = |row: &Record| {
            let (words, names) = (row.list(&column)?, row.list(&tags)?);
            if let Some(word) = words.iter().find(|word| word.contains(char::is_whitespace)) {
                let reason = format!("has the word {word:?}, which contains a space");
                return Err(row.error(&column, reason));
            }
            match words.len() == names.len() {
                true => Ok((words.join(" "), names)),
                false => {
                    let reason = format!("has {} tags for {} words", names.len(), words.len());
                    Err(row.error(&tags, reason))
                }
            }
        };
        let read: Vec<(String, Vec<String>)> =
            records.rows.iter().map(read).collect::<Result<_, FileError>>()?;
        let labels = label_names(read.iter().flat_map(|(_, names)| names), known);
        if let ([only], None) = (&labels[..], known) {
            let path = records.rows[0].file.to_path_buf();
            return Err(FileError::OneLabel { path, label: only.clone() });
        }
        let index = Index::new(&labels);
        let example = |(row, (text, names)): (&Record, (String, Vec<String>))| {
            let ids = names.iter().map(|name| index.of(row, &tags, name));
            let target = LabeledTarget::Tags(ids.collect::<Result<_, _>>()?);
            Ok(LabeledText { text, pair: None, target })
        };
        let examples = records.rows.iter().zip(read).map(example);
        let examples = examples.collect::<Result<_, FileError>>()?;
        Ok(Self { task: LabeledTask::Tagging, labels, examples })
    }

    fn answers(records: &Records, columns: &Columns) -> Result<Self, FileError> {
        let (question, context) = (columns.question(records)?, columns.context(records)?);
        let column = columns.answers(records)?;
        let example = |row: &Record| {
            let pair = row.text(&context)?;
            // Spaces around the text are cut off, and shift its answers.
            let whole = row.fields[&context].as_str().unwrap_or_default();
            let shift = whole.chars().take_while(|c| c.is_whitespace()).count();
            let answers = answers(row, &column, &pair, shift)?;
            let target = LabeledTarget::Answers(answers);
            Ok(LabeledText { text: row.text(&question)?, pair: Some(pair), target })
        };
        let examples = records.rows.iter().map(example).collect::<Result<_, FileError>>()?;
        Ok(Self { task: LabeledTask::QuestionAnswering, labels: Vec::new(), examples })
    }

    fn texts(records: &Records, columns: &Columns) -> Result<Self, FileError> {
        let (source, target) = (columns.source(records)?, columns.target(records)?);
        let example = |row: &Record| {
            let target = LabeledTarget::Text(row.text(&target)?);
            Ok(LabeledText { text: row.text(&source)?, pair: None, target })
        };
        let examples = records.rows.iter().map(example).collect::<Result<_, FileError>>()?;
        Ok(Self { task: LabeledTask::TextToText, labels: Vec::new(), examples })
    }
}

/// SQuAD's answers: an object with the lists `text` and `answer_start`.
fn answers(
    row: &Record,
    column: &str,
    context: &str,
    shift: usize,
) -> Result<Vec<Answer>, FileError> {
    let wrong = || {
        let form = r#"must be an object such as {"text": ["Paris"], "answer_start": [12]}"#;
        row.error(column, form)
    };
    let value = match row.fields.get(column) {
        Some(Value::String(text)) => serde_json::from_str(text).map_err(|_| wrong())?,
        Some(value) => value.clone(),
        None => Value::Null,
    };
    let lists = (value["text"].as_array(), value["answer_start"].as_array());
    let (Some(texts), Some(starts)) = lists else { return Err(wrong()) };
    if texts.len() != starts.len() {
        return Err(wrong());
    }
    let characters: Vec<char> = context.chars().collect();
    let answer = |(text, start): (&Value, &Value)| {
        let (text, start) = text.as_str().zip(start.as_u64()).ok_or_else(wrong)?;
        let start = (start as usize).checked_sub(shift);
        let begins = start.is_some_and(|start| {
            characters.get(start..).is_some_and(|rest| {
                let mut rest = rest.iter();
                text.chars().all(|c| rest.next() == Some(&c))
            })
        });
        match start {
            Some(start) if begins => Ok(Answer { text: text.to_owned(), start }),
            _ => Err(row.error(column, format!("the text has no {text:?} at its answer_start"))),
        }
    };
    texts.iter().zip(starts).map(answer).collect()
}

/// The indices of labels.
struct Index<'a> {
    labels: &'a [String],
    places: HashMap<&'a str, u32>,
}

impl<'a> Index<'a> {
    fn new(labels: &'a [String]) -> Self {
        Self { labels, places: labels.iter().map(String::as_str).zip(0..).collect() }
    }

    /// The index of a label in a row.
    fn of(&self, row: &Record, column: &str, name: &str) -> Result<u32, FileError> {
        self.places.get(name).copied().ok_or_else(|| {
            let known = shown_labels(self.labels);
            row.error(column, format!("is {name:?}, which is not among the labels: {known}"))
        })
    }
}
