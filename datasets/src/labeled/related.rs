//! Related texts from records: pairs, triplets and similarities, and documents of queries.

use super::read::NUMBER;
use super::{Columns, LabeledTarget, LabeledTask, LabeledText, LabeledTexts, Relation};
use crate::records::{FileError, Record, Records};

/// The beginning of the name of a column with a text of another meaning.
const NEGATIVE: &str = "negative";

impl LabeledTexts {
    /// Pairs of texts, with their similarity if there is a column for it, and with negatives, which
    /// are the columns whose names begin with `negative`, as in sentence-transformers.
    pub(super) fn related(records: &Records, columns: &Columns) -> Result<Self, FileError> {
        let (text, pair) = (columns.query(records)?, columns.document(records)?);
        let similarity = columns.similarity(records)?;
        let is_negative = |name: &&String| name.to_lowercase().starts_with(NEGATIVE);
        let negatives: Vec<&String> = records.columns.iter().filter(is_negative).collect();
        let example = |row: &Record| {
            let similarity =
                similarity.as_ref().map(|column| share(row, column, -1.0)).transpose()?;
            let negatives = negatives.iter().map(|column| row.text(column));
            let relation = Relation { similarity, negatives: negatives.collect::<Result<_, _>>()? };
            Ok(LabeledText {
                text: row.text(&text)?,
                pair: Some(row.text(&pair)?),
                target: LabeledTarget::Related(relation),
            })
        };
        let examples = records.rows.iter().map(example).collect::<Result<_, FileError>>()?;
        Ok(Self { task: LabeledTask::SentenceEmbedding, labels: Vec::new(), examples })
    }

    /// Queries with a document, and how well it fits.
    pub(super) fn ranked(records: &Records, columns: &Columns) -> Result<Self, FileError> {
        let (text, pair) = (columns.query(records)?, columns.document(records)?);
        let relevance = columns.relevance(records)?;
        let example = |row: &Record| {
            Ok(LabeledText {
                text: row.text(&text)?,
                pair: Some(row.text(&pair)?),
                target: LabeledTarget::Relevance(share(row, &relevance, 0.0)?),
            })
        };
        let examples = records.rows.iter().map(example).collect::<Result<_, FileError>>()?;
        Ok(Self { task: LabeledTask::Ranking, labels: vec![NUMBER.to_owned()], examples })
    }
}

/// A number from `lowest` to 1.
fn share(row: &Record, column: &str, lowest: f64) -> Result<f64, FileError> {
    let number = row.number(column)?;
    match (lowest..=1.0).contains(&number) {
        true => Ok(number),
        false => {
            let reason = format!("is {number}, and must be from {lowest} to 1; scale it");
            Err(row.error(column, reason))
        }
    }
}
