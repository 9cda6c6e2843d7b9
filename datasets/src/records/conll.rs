//! CoNLL files: one token with its tag per line, and a blank line after each sentence.
//!
//! References: Tjong Kim Sang and De Meulder 2003, <https://aclanthology.org/W03-0419>;
//! CoNLL-U, <https://universaldependencies.org/format.html>

use super::error::FileError;
use super::record::Record;
use serde_json::{Map, Value};
use std::path::Path;
use std::sync::Arc;

/// Which columns are the token and the tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Columns {
    FirstAndLast,
    /// `FORM` and `UPOS` of CoNLL-U.
    Universal,
}

impl Columns {
    fn choose<'a>(self, columns: &[&'a str]) -> Option<Token<'a>> {
        match (self, columns) {
            (Self::FirstAndLast, [word, .., tag]) => Some(Token { word, tag }),
            (Self::Universal, [_, word, _, tag, ..]) => Some(Token { word, tag }),
            _ => None,
        }
    }

    fn expected(self) -> &'static str {
        match self {
            Self::FirstAndLast => {
                "each line must have a token and its tag, separated by a tab or spaces, as its \
                 first and last column, and a blank line must end each sentence"
            }
            Self::Universal => {
                "each line must have the ten columns of CoNLL-U, separated by tabs, and a blank \
                 line must end each sentence"
            }
        }
    }
}

struct Token<'a> {
    word: &'a str,
    tag: &'a str,
}

/// The sentence that is being read.
#[derive(Default)]
struct Sentence {
    line: u64,
    words: Vec<Value>,
    tags: Vec<Value>,
}

/// Reads one row per sentence, with the fields `words` and `tags`.
pub(super) fn read(
    file: &Arc<Path>,
    text: &str,
    columns: Columns,
) -> Result<Vec<Record>, FileError> {
    let layout = Layout::of(text);
    let mut rows = Vec::new();
    let mut sentence = Sentence::default();
    for (number, line) in (1..).zip(text.lines().chain([""])) {
        if line.trim().is_empty() {
            let Sentence { line, words, tags } = std::mem::take(&mut sentence);
            if !words.is_empty() {
                let fields = [("words", words), ("tags", tags)];
                let fields = fields.map(|(name, values)| (name.to_owned(), Value::Array(values)));
                rows.push(Record::new(file, line, Map::from_iter(fields)));
            }
            continue;
        }
        if line.starts_with("-DOCSTART-") || sentence.words.is_empty() && layout.is_comment(line) {
            continue;
        }
        let parts = layout.split(line);
        let malformed = |reason: String| FileError::malformed(file, number, reason);
        if parts.len() != layout.width {
            let (found, width) = (parts.len(), layout.width);
            let noun = if found == 1 { "column" } else { "columns" };
            let reason = format!("{found} {noun}, but the first token has {width}");
            return Err(malformed(format!("{reason}; {}", columns.expected())));
        }
        let token = columns.choose(&parts);
        let token = token.filter(|token| !token.word.is_empty() && !token.tag.is_empty());
        let token = token.ok_or_else(|| {
            malformed(format!("no token with a tag; in CoNLL files {}", columns.expected()))
        })?;
        // The parts of `don't` follow its own line 1-2; 1.1 is a word that the text omits.
        if columns == Columns::Universal && parts[0].contains(['-', '.']) {
            continue;
        }
        if sentence.words.is_empty() {
            sentence.line = number;
        }
        sentence.words.push(token.word.into());
        sentence.tags.push(token.tag.into());
    }
    Ok(rows)
}

/// How the lines of a file are divided, as its first token is.
#[derive(Default)]
struct Layout {
    /// Tabs separate the columns, and tokens may contain spaces.
    has_tabs: bool,
    width: usize,
}

impl Layout {
    fn of(text: &str) -> Self {
        let is_token = |line: &&str| {
            !line.trim().is_empty() && !line.starts_with("-DOCSTART-") && !line.starts_with('#')
        };
        let Some(line) = text.lines().find(is_token) else { return Self::default() };
        let has_tabs = line.contains('\t');
        let width = Self { has_tabs, width: 0 }.split(line).len();
        Self { has_tabs, width }
    }

    fn split<'a>(&self, line: &'a str) -> Vec<&'a str> {
        match self.has_tabs {
            true => line.split('\t').map(str::trim).collect(),
            false => line.split_whitespace().collect(),
        }
    }

    /// Whether a line in front of a sentence is a comment, rather than a hashtag, which has as many
    /// columns as any token.
    fn is_comment(&self, line: &str) -> bool {
        let is_token = self.split(line).len() == self.width;
        line.starts_with('#') && !(is_token && (self.has_tabs || !line.starts_with("# ")))
    }
}
