//! `zoo tokenizer decode`

use std::io::{self, BufRead, IsTerminal};
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use serde::Serialize;

use super::super::{Global, usage};
use super::model::TokenizerArg;
use crate::datasets::tokenizer::{SpecialTokens, Tokenizer};

/// Convert token ids to text.
#[derive(Args)]
#[command(
    after_help = "Ids are separated by spaces or commas, also as a JSON list. Each line of standard input \
                  or of a file is a text of its own.\n\nExamples:\n  \
                  zoo tokenizer decode ./gpt2 464 5417 318 3094\n  \
                  zoo tokenizer decode ./bert --skip-special-tokens 101 1996 2712 102\n  \
                  zoo tokenizer encode ./gpt2 --file lines.txt | zoo tokenizer decode ./gpt2"
)]
pub(super) struct DecodeArgs {
    #[command(flatten)]
    tokenizer: TokenizerArg,
    /// Token ids; none reads standard input, one text per line
    #[arg(value_name = "ID", conflicts_with = "file")]
    ids: Vec<String>,
    /// A file with the ids of one text per line
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Leave out special tokens
    #[arg(long)]
    skip_special_tokens: bool,
}

pub(super) fn run(global: &Global, args: &DecodeArgs) -> Result<()> {
    let tokenizer = args.tokenizer.load(global)?;
    if let Some(path) = &args.file {
        let cannot = || format!("cannot read {}", path.display());
        let file = std::fs::File::open(path).with_context(cannot);
        let file = file.map_err(|error| usage(format!("{error:#}")))?;
        let name = format!("{}, ", path.display());
        return lines(global, args, &tokenizer, io::BufReader::new(file), &name);
    }
    if args.ids.is_empty() || args.ids == ["-"] {
        if io::stdin().is_terminal() {
            global.note("reading token ids from the terminal, one text per line");
        }
        return lines(global, args, &tokenizer, io::stdin().lock(), "standard input, ");
    }
    decoded(args, &tokenizer, &args.ids.join(" ")).map_err(usage)?.print(global)
}

/// Decodes each line.
fn lines(
    global: &Global,
    args: &DecodeArgs,
    tokenizer: &Tokenizer,
    source: impl BufRead,
    name: &str,
) -> Result<()> {
    for (number, line) in (1..).zip(source.lines()) {
        let line = line.with_context(|| format!("{name}line {number}"))?;
        let text = decoded(args, tokenizer, &line);
        text.map_err(|reason| usage(format!("{name}line {number}: {reason}")))?.print(global)?;
    }
    Ok(())
}

/// A decoded text.
#[derive(Serialize)]
struct Decoded {
    ids: Vec<u32>,
    text: String,
}

impl Decoded {
    fn print(&self, global: &Global) -> Result<()> {
        match global.json {
            true => global.print(&serde_json::to_string(self)?),
            false => global.print(&self.text),
        }
    }
}

/// Decodes ids, or describes what is wrong with them.
fn decoded(args: &DecodeArgs, tokenizer: &Tokenizer, ids: &str) -> Result<Decoded, String> {
    let ids = parse(ids)?;
    for &id in &ids {
        tokenizer.token(id).map_err(|error| error.to_string())?;
    }
    let special = match args.skip_special_tokens {
        true => SpecialTokens::LeftOut,
        false => SpecialTokens::Written,
    };
    let text = tokenizer.decode_with(&ids, special).map_err(|error| error.to_string())?;
    Ok(Decoded { ids, text })
}

fn parse(text: &str) -> Result<Vec<u32>, String> {
    let parts = text.split(|c: char| c.is_whitespace() || "[,]".contains(c));
    let id = |part: &str| {
        part.parse().map_err(|_| format!("{part:?} is not a token id, a number such as 17"))
    };
    parts.filter(|part| !part.is_empty()).map(id).collect()
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn ids_are_read_in_every_form() {
        for text in ["1 2 3", "1,2,3", "[1, 2, 3]", " 1\t2  3\n"] {
            assert_eq!(parse(text).unwrap(), [1, 2, 3], "{text}");
        }
        assert_eq!(parse("").unwrap(), [0_u32; 0]);
        for text in ["-1", "1.5", "a", "4294967296"] {
            assert!(parse(text).unwrap_err().contains(text));
        }
    }
}
