//! The task of a user's file.

use super::settings::{FileFormat, Words};
use crate::locate::SearchPath;
use crate::records::{FileError, Record, Records};
use crate::score::entities::is_entity_tag;
use crate::task::definition::TaskDefinition;
use crate::task::error::{check, no_file};
use crate::task::settings::{BuiltTask, Settings};
use crate::task::sources::{Sources, classified, rewritten, tagged};
use crate::task::splits::{Answers, Splits, Train};
use crate::task::units::Units;
use crate::task::word_encoder::{Sentence, TaggedWord, WordEncoder, tag_names};
use crate::task::{Context, Example, Labels, Metric, Target, TaskError, TaskKind, TokenTable};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

/// The user's file, and the names of its fields; empty names select the defaults.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::task) struct UserFile {
    /// Set by the name of the task.
    format: FileFormat,
    file: PathBuf,
    text: String,
    label: String,
    source: String,
    target: String,
    words: String,
    tags: String,
    #[serde(rename = "symbols")]
    units: Units,
    vocabulary: usize,
    min_count: usize,
    max_length: usize,
}

impl Default for UserFile {
    fn default() -> Self {
        Self {
            format: FileFormat::Jsonl,
            file: PathBuf::new(),
            text: String::new(),
            label: String::new(),
            source: String::new(),
            target: String::new(),
            words: String::new(),
            tags: String::new(),
            units: Units::Words,
            vocabulary: 2000,
            min_count: 2,
            max_length: 256,
        }
    }
}

/// Training, validation and test.
type Parts<T> = [Vec<T>; 3];

impl Settings for UserFile {
    fn build(self, _search_path: &SearchPath) -> Result<BuiltTask, TaskError> {
        check("vocabulary", self.vocabulary, 257..=100_000)?;
        check("min_count", self.min_count, 1..=1000)?;
        check("max_length", self.max_length, 1..=65_536)?;
        if self.file.as_os_str().is_empty() {
            return Err(no_file());
        }
        let records = Records::read_as(&self.file, self.format.into())?;
        let named = |a: &str, b: &str| !a.is_empty() || !b.is_empty();
        let requested = [
            named(&self.text, &self.label),
            named(&self.source, &self.target),
            named(&self.words, &self.tags),
        ];
        let has = |[a, b]: [&str; 2]| {
            let fields = &records.rows[0].fields;
            fields.contains_key(a) && fields.contains_key(b)
        };
        let present = [["text", "label"], ["source", "target"], ["words", "tags"]].map(has);
        // Named fields take precedence over fields that are present.
        let decisive = if requested.contains(&true) { requested } else { present };
        match decisive {
            [true, false, false] => self.classification(&records),
            [false, true, false] => self.transduction(&records),
            [false, false, true] => self.tagging(&records),
            _ => {
                let found = records.rows[0].field_names();
                Err(FileError::NoTask { path: self.file, found }.into())
            }
        }
    }
}

fn or<'a>(named: &'a str, default: &'a str) -> &'a str {
    if named.is_empty() { default } else { named }
}

impl UserFile {
    fn token_table<'a>(
        &self,
        texts: impl Iterator<Item = &'a str> + Send,
        words: Words,
    ) -> Result<TokenTable, TaskError> {
        match self.units {
            Units::Characters => Ok(TokenTable::characters(texts.flat_map(str::chars))),
            Units::Words => Ok(match words {
                Words::Read => TokenTable::words(texts, self.min_count),
                Words::Written => TokenTable::spaced_words(texts, self.min_count),
            }),
            Units::Subwords => TokenTable::subwords(texts, self.vocabulary),
        }
    }

    fn classification(&self, records: &Records) -> Result<BuiltTask, TaskError> {
        let (text, label) = (or(&self.text, "text"), or(&self.label, "label"));
        let parts = divide(records, |row| {
            let (text, label) = (row.text(text)?, row.label(label)?);
            Ok((text.clone(), (text, label, row.line)))
        })?;
        let labels = labels(&self.file, &parts)?;
        let texts = parts[0].iter().map(|(text, ..)| text.as_str());
        let tokens = self.token_table(texts, Words::Read)?;
        let mut examples: Parts<Example> = Default::default();
        for (examples, split) in examples.iter_mut().zip(&parts) {
            for (text, label, _) in split {
                let mut input = tokens.encode(text)?;
                input.truncate(self.max_length);
                let class = labels.iter().position(|known| known == label).unwrap_or(0);
                examples.push(Example { input, target: Target::Class(class as u32) });
            }
        }
        let index = |label: &String| labels.iter().position(|known| known == label).unwrap_or(0);
        let [train, validation, test] = parts.each_ref().map(|split| -> Vec<_> {
            split.iter().map(|(text, label, _)| classified(text, index(label) as u32)).collect()
        });
        let sources = Sources { train, validation, test };
        let score = Metric::Accuracy;
        let labels = Labels::Names(labels);
        let kind = TaskKind::Classification;
        let definition =
            TaskDefinition { kind, score, also: vec![], tokens, labels, references: &[] };
        Ok(BuiltTask::Fixed(definition, splits(examples).with_sources(sources)))
    }

    fn transduction(&self, records: &Records) -> Result<BuiltTask, TaskError> {
        let (source, target) = (or(&self.source, "source"), or(&self.target, "target"));
        let parts = divide(records, |row| {
            let texts = [row.text(source)?, row.text(target)?];
            Ok((texts[0].clone(), (texts, row)))
        })?;
        let texts = parts[0].iter().flat_map(|(texts, _)| texts).map(String::as_str);
        let tokens = self.token_table(texts, Words::Written)?;
        let mut examples: Parts<Example> = Default::default();
        for (examples, split) in examples.iter_mut().zip(&parts) {
            for ([input, output], row) in split {
                let (input, output) = (tokens.encode(input)?, tokens.encode(output)?);
                for (field, ids) in [(source, &input), (target, &output)] {
                    if ids.len() > self.max_length {
                        let reason = format!(
                            "has {} tokens, more than max_length={}; raise it, or remove \
                             this row",
                            ids.len(),
                            self.max_length
                        );
                        return Err(row.error(field, reason).into());
                    }
                }
                examples.push(Example { input, target: Target::Sequence(output) });
            }
        }
        let answers = |split: &[([String; 2], &Record)]| {
            split.iter().map(|([_, output], _)| output.clone()).collect()
        };
        let answers = Answers { validation: answers(&parts[1]), test: answers(&parts[2]) };
        let definition = TaskDefinition {
            kind: TaskKind::Transduction,
            score: Metric::ChrF,
            also: vec![Metric::Bleu, Metric::ExactMatch],
            tokens,
            labels: Labels::Tokens,
            references: &[],
        };
        let [train, validation, test] = parts.map(|split| {
            split.iter().map(|([input, output], _)| rewritten(input, output)).collect()
        });
        let sources = Sources { train, validation, test };
        let splits = splits(examples).with_answers(answers).with_sources(sources);
        Ok(BuiltTask::Fixed(definition, splits))
    }

    fn tagging(&self, records: &Records) -> Result<BuiltTask, TaskError> {
        let (words, tags) = (or(&self.words, "words"), or(&self.tags, "tags"));
        let mut parts = divide(records, |row| {
            let (words, names) = (row.list(words)?, row.list(tags)?);
            if words.len() != names.len() {
                let reason = format!("{} tags for {} words", names.len(), words.len());
                return Err(row.error(tags, reason));
            }
            let identity = words.join(" ");
            let tagged = words.into_iter().zip(names).map(|(word, tag)| TaggedWord { word, tag });
            Ok((identity, tagged.collect::<Sentence>()))
        })?;
        parts.iter_mut().flatten().for_each(|sentence| sentence.truncate(self.max_length));
        let words: Vec<&str> =
            parts[0].iter().flatten().map(|tagged| tagged.word.as_str()).collect();
        let encoder = WordEncoder::new(&words, self.min_count);
        let tags = tag_names(parts.iter().flatten());
        if let [only] = &tags[..] {
            return Err(FileError::OneLabel { path: self.file.clone(), label: only.clone() }.into());
        }
        let [train, validation, test] = parts.each_ref().map(|split| -> Vec<_> {
            split.iter().map(|sentence| tagged(sentence, &tags)).collect()
        });
        let sources = Sources { train, validation, test };
        let examples = parts.map(|split| {
            split.iter().map(|sentence| encoder.example(sentence, &tags)).collect::<Vec<_>>()
        });
        // Other tags do not delimit whole entities.
        let (score, also) = match tags.iter().all(|tag| is_entity_tag(tag)) {
            true => (Metric::EntityF1, vec![Metric::TagAccuracy]),
            false => (Metric::TagAccuracy, vec![]),
        };
        let kind = TaskKind::Tagging(Context::Bidirectional);
        let labels = Labels::Names(tags);
        let definition =
            TaskDefinition { kind, score, also, tokens: encoder.tokens, labels, references: &[] };
        Ok(BuiltTask::Fixed(definition, splits(examples).with_sources(sources)))
    }
}

/// Splits the rows by the hash of the first value of `read`, as `[training, validation, test]`.
fn divide<'a, T>(
    records: &'a Records,
    read: impl Fn(&'a Record) -> Result<(String, T), FileError>,
) -> Result<Parts<T>, FileError> {
    let mut parts: Parts<T> = Default::default();
    for row in &records.rows {
        let (identity, item) = read(row)?;
        let hash = Sha256::digest(identity);
        let split = match u16::from_le_bytes([hash[0], hash[1]]) % 10 {
            0 => 2,
            1 => 1,
            _ => 0,
        };
        parts[split].push(item);
    }
    for (items, split) in parts.iter().zip(["training", "validation", "the test"]) {
        if items.is_empty() {
            let (path, rows) = (records.rows[0].file.to_path_buf(), records.rows.len());
            return Err(FileError::TooFewRows { path, rows, split });
        }
    }
    Ok(parts)
}

/// Every label, sorted; all of them occur in training.
fn labels(file: &Path, parts: &Parts<(String, String, u64)>) -> Result<Vec<String>, FileError> {
    let path = || file.to_path_buf();
    let mut first: BTreeMap<&str, u64> = BTreeMap::new();
    for (_, label, line) in parts.iter().flatten() {
        let first = first.entry(label).or_insert(*line);
        *first = (*first).min(*line);
    }
    let trained: HashSet<&str> = parts[0].iter().map(|(_, label, _)| label.as_str()).collect();
    let unseen = first.iter().find(|(label, _)| !trained.contains(*label));
    if let Some((label, &line)) = unseen {
        return Err(FileError::UnseenLabel { path: path(), line, label: (*label).to_owned() });
    }
    let labels: Vec<String> = first.into_keys().map(str::to_owned).collect();
    match &labels[..] {
        [only] => Err(FileError::OneLabel { path: path(), label: only.clone() }),
        _ => Ok(labels),
    }
}

fn splits(parts: Parts<Example>) -> Splits {
    let [train, validation, test] = parts;
    Splits::new(Train::Fixed(train), validation, test)
}
