//! SQuAD's nested JSON: articles of paragraphs of questions.
//!
//! Reference: Rajpurkar et al. 2018, <https://arxiv.org/abs/1806.03822>

use super::error::FileError;
use super::lines::Lines;
use super::record::Record;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use std::path::Path;
use std::sync::Arc;

#[derive(Deserialize)]
struct Article<'a> {
    #[serde(borrow)]
    paragraphs: Vec<Paragraph<'a>>,
}

#[derive(Deserialize)]
struct Paragraph<'a> {
    context: String,
    #[serde(borrow)]
    qas: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Question {
    id: Value,
    question: String,
    #[serde(default)]
    answers: Vec<Answer>,
    #[serde(default)]
    is_impossible: bool,
}

#[derive(Deserialize)]
struct Answer {
    text: String,
    answer_start: u64,
}

/// Whether an item is an article rather than a row.
pub(super) fn is_article(item: &RawValue) -> bool {
    #[derive(Deserialize)]
    struct Probe {
        #[serde(rename = "paragraphs")]
        _paragraphs: IgnoredAny,
    }
    serde_json::from_str::<Probe>(item.get()).is_ok()
}

/// Reads one row per question, with the fields of the data set on the Hugging Face Hub.
pub(super) fn read(
    file: &Arc<Path>,
    articles: &[&RawValue],
    mut lines: Lines<'_>,
) -> Result<Vec<Record>, FileError> {
    let mut rows = Vec::new();
    for article in articles {
        let line = lines.of(article.get());
        let Article { paragraphs } = part(file, line, article)?;
        for Paragraph { context, qas } in paragraphs {
            for question in qas {
                let line = lines.of(question.get());
                rows.push(Record::new(file, line, fields(&context, part(file, line, question)?)));
            }
        }
    }
    Ok(rows)
}

fn part<'a, T: Deserialize<'a>>(
    file: &Path,
    line: u64,
    json: &'a RawValue,
) -> Result<T, FileError> {
    serde_json::from_str(json.get()).map_err(|error| {
        let line = line + error.line().saturating_sub(1) as u64;
        let message = error.to_string();
        let message = message.split(" at line ").next().unwrap_or(&message);
        FileError::malformed(file, line, format!("not in SQuAD's format: {message}"))
    })
}

fn fields(context: &str, question: Question) -> Map<String, Value> {
    let Question { id, question, answers, is_impossible } = question;
    let starts: Vec<u64> = answers.iter().map(|answer| answer.answer_start).collect();
    let texts: Vec<String> = answers.into_iter().map(|answer| answer.text).collect();
    let answers = json!({ "text": texts, "answer_start": starts });
    let context = Value::from(context);
    Map::from_iter([
        ("id".to_owned(), id),
        ("question".to_owned(), question.into()),
        ("context".to_owned(), context),
        ("answers".to_owned(), answers),
        ("is_impossible".to_owned(), is_impossible.into()),
    ])
}
