//! `zoo tokenizer count`

use std::path::Path;

use anyhow::{Result, anyhow};
use clap::Args;
use serde::Serialize;
use serde_json::{Value, json};

use super::super::Global;
use super::files::FileArgs;
use super::model::TokenizerArg;
use crate::datasets::tokenizer::{Special, Tokenizer, TokenizerError};

/// Count the tokens of files.
#[derive(Args)]
#[command(
    after_help = "Special tokens that the tokenizer would add are not counted. Words are separated by \
                  spaces. Text files of any size are read in blocks.\n\nExamples:\n  \
                  zoo tokenizer count ./gpt2 book.txt\n  \
                  zoo tokenizer count ./bert corpus/ --json\n  \
                  zoo tokenizer count ./tokenizer reviews.csv.gz --text-column review"
)]
pub(super) struct CountArgs {
    #[command(flatten)]
    tokenizer: TokenizerArg,
    #[command(flatten)]
    files: FileArgs,
}

/// What is counted.
#[derive(Clone, Copy, Default, Serialize)]
struct Counts {
    tokens: u64,
    characters: u64,
    bytes: u64,
    words: u64,
    unknown: u64,
}

impl Counts {
    fn add(&mut self, tokenizer: &Tokenizer, text: &str) -> Result<(), TokenizerError> {
        let unknown = tokenizer.special(Special::Unknown).map(|token| token.id);
        let ids = tokenizer.encode(text)?;
        self.tokens += ids.len() as u64;
        self.unknown += ids.iter().filter(|id| Some(**id) == unknown).count() as u64;
        self.characters += text.chars().count() as u64;
        self.bytes += text.len() as u64;
        self.words += text.split_whitespace().count() as u64;
        Ok(())
    }

    fn plus(self, other: Self) -> Self {
        Self {
            tokens: self.tokens + other.tokens,
            characters: self.characters + other.characters,
            bytes: self.bytes + other.bytes,
            words: self.words + other.words,
            unknown: self.unknown + other.unknown,
        }
    }

    /// Tokens per word; `None` without a word.
    fn tokens_per_word(self) -> Option<f64> {
        (self.words > 0).then(|| self.tokens as f64 / self.words as f64)
    }

    /// Bytes per token; `None` without a token.
    fn bytes_per_token(self) -> Option<f64> {
        (self.tokens > 0).then(|| self.bytes as f64 / self.tokens as f64)
    }

    fn json(self) -> Result<Value> {
        let mut value = serde_json::to_value(self)?;
        value["tokens_per_word"] = json!(self.tokens_per_word());
        value["bytes_per_token"] = json!(self.bytes_per_token());
        Ok(value)
    }

    fn row(self, name: &str) -> Vec<String> {
        let ratio =
            |ratio: Option<f64>| ratio.map_or("-".to_owned(), |ratio| format!("{ratio:.3}"));
        let numbers = [self.tokens, self.characters, self.bytes, self.words];
        let mut row: Vec<String> = numbers.map(|number| number.to_string()).to_vec();
        row.extend([ratio(self.tokens_per_word()), ratio(self.bytes_per_token())]);
        row.extend([self.unknown.to_string(), name.to_owned()]);
        row
    }
}

pub(super) fn run(global: &Global, args: &CountArgs) -> Result<()> {
    let tokenizer = args.tokenizer.load(global)?;
    let mut files = args.files.open(global)?;
    let mut found = Vec::new();
    for file in files.documents.files.clone() {
        let mut counts = Counts::default();
        files.read(&file, &mut |text| {
            let before = counts.bytes;
            counts.add(&tokenizer, text).map_err(|error| in_file(error, &file, before))
        })?;
        found.push((file, counts));
    }
    files.bar.finish_and_clear();
    let total = found.iter().fold(Counts::default(), |total, (_, counts)| total.plus(*counts));
    if global.json {
        let files = found.iter().map(|(file, counts)| {
            let mut value = counts.json()?;
            value["file"] = json!(file);
            Ok(value)
        });
        let files: Vec<Value> = files.collect::<Result<_>>()?;
        return global.print_json(&json!({ "files": files, "total": total.json()? }));
    }
    let header =
        ["tokens", "characters", "bytes", "words", "tokens/word", "bytes/token", "unknown", "file"];
    let mut rows = vec![header.map(String::from).to_vec()];
    rows.extend(found.iter().map(|(file, counts)| counts.row(&file.display().to_string())));
    if found.len() > 1 {
        rows.push(total.row("in all"));
    }
    global.print(&table(&rows))
}

/// Names the file of an error, with the offset in the whole file.
fn in_file(error: TokenizerError, file: &Path, before: u64) -> anyhow::Error {
    let error = match error {
        TokenizerError::UnknownCharacter { character, offset, vocab_size } => {
            let offset = offset + usize::try_from(before).unwrap_or(0);
            TokenizerError::UnknownCharacter { character, offset, vocab_size }
        }
        other => other,
    };
    anyhow!("{}: {error}", file.display())
}

/// Columns of numbers, aligned to the right, and the names.
fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.first().map_or(0, Vec::len);
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or(0);
    let line = |row: &Vec<String>| {
        let cells = row.iter().enumerate().map(|(column, cell)| match column + 1 == columns {
            true => cell.clone(),
            false => format!("{cell:>width$}", width = width(column)),
        });
        cells.collect::<Vec<_>>().join("  ")
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}
