//! `zoo tokenizer encode`

use anyhow::Result;
use clap::Args;
use serde::Serialize;

use super::super::Global;
use super::super::texts::TextArgs;
use super::model::TokenizerArg;
use crate::datasets::tokenizer::{TextEncoder, Tokenizer, TokenizerError};
use crate::pipeline::PipelineError;

/// Convert texts to token ids.
#[derive(Args)]
#[command(
    after_help = "Each text gives a line of ids, with the special tokens that the tokenizer adds, such as \
                  [CLS] and [SEP]. Nothing is truncated. With --json, each line is an object with the \
                  text, its ids and its tokens.\n\nExamples:\n  \
                  zoo tokenizer encode ./bert 'The sea is wide.'\n  \
                  zoo tokenizer encode ./gpt2 'The sea is wide.' --tokens\n  \
                  zoo tokenizer encode ./t5 --file lines.txt --no-special-tokens --json"
)]
pub(super) struct EncodeArgs {
    #[command(flatten)]
    tokenizer: TokenizerArg,
    #[command(flatten)]
    texts: TextArgs,
    /// Print a line for each token, with its id and its form in the vocabulary
    #[arg(long)]
    tokens: bool,
    /// Leave out the special tokens that the tokenizer adds
    #[arg(long)]
    no_special_tokens: bool,
}

/// The fields of a JSON line.
#[derive(Serialize)]
struct Line<'a> {
    text: &'a str,
    ids: Vec<u32>,
    tokens: Vec<String>,
}

pub(super) fn run(global: &Global, args: &EncodeArgs) -> Result<()> {
    let texts = args.texts.texts()?;
    let tokenizer = args.tokenizer.load(global)?;
    let encoder = match args.no_special_tokens {
        true => None,
        false => Some(tokenizer.text_encoder(usize::MAX)?),
    };
    texts.answer(
        global,
        &mut |texts| {
            let ids = texts.iter().enumerate().map(|(index, text)| {
                ids(&tokenizer, encoder.as_ref(), text)
                    .map_err(|source| PipelineError::Text { index, source: source.into() })
            });
            ids.collect()
        },
        &|text, ids: Vec<u32>| {
            let tokens =
                || ids.iter().map(|&id| tokenizer.token(id)).collect::<Result<Vec<_>, _>>();
            Ok(match (global.json, args.tokens) {
                (true, _) => {
                    let tokens = tokens()?;
                    serde_json::to_string(&Line { text, ids, tokens })?
                }
                (false, true) => {
                    let lines = ids.iter().zip(tokens()?);
                    let lines = lines.map(|(id, token)| format!("{id}\t{}", token.escape_debug()));
                    lines.collect::<Vec<_>>().join("\n")
                }
                (false, false) => ids.iter().map(u32::to_string).collect::<Vec<_>>().join(" "),
            })
        },
    )
}

fn ids(
    tokenizer: &Tokenizer,
    encoder: Option<&TextEncoder>,
    text: &str,
) -> Result<Vec<u32>, TokenizerError> {
    match encoder {
        Some(encoder) => Ok(encoder.encode(text)?.ids),
        None => tokenizer.encode(text),
    }
}
