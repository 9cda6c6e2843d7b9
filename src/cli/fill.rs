//! `zoo fill`

use anyhow::Result;
use serde::Serialize;

use super::model::ModelArgs;
use super::texts::{TextArgs, as_usage};
use super::{Global, usage};
use crate::pipeline::{FillMask, Filling, ReplacedWord};

/// Fill masked tokens.
#[derive(clap::Args)]
#[command(
    after_help = "Masks are written as the tokenizer's mask token: [MASK] for most models, <mask> for \
                  some. For each mask, the most likely tokens are printed, each with its probability \
                  and the filled text. With --json, each line is an object with the text and a list \
                  of tokens for each mask.\n\nExamples:\n  \
                  zoo fill ./bert-base-uncased 'Paris is the [MASK] of France.'\n  \
                  zoo fill ./roberta-base 'I <mask> my <mask>.' --top-k 3 --json\n  \
                  zoo fill ./bert-base-uncased 'She is a [MASK].' --targets doctor,nurse\n  \
                  cat lines.txt | zoo fill ./bert-base-uncased --json > filled.jsonl"
)]
pub(crate) struct FillArgs {
    #[command(flatten)]
    model: ModelArgs,
    #[command(flatten)]
    texts: TextArgs,
    /// Tokens to print for each mask
    #[arg(long, short = 'k', value_name = "K", default_value_t = 5)]
    top_k: usize,
    /// Score only these comma-separated words
    #[arg(long, value_name = "WORDS", value_delimiter = ',')]
    targets: Vec<String>,
}

/// The fields of a JSON line.
#[derive(Serialize)]
struct Line<'a> {
    text: &'a str,
    masks: &'a [Vec<Filling>],
}

pub(super) fn run(global: &Global, args: &FillArgs) -> Result<()> {
    if args.top_k == 0 {
        return Err(usage("--top-k is 0; it must be at least 1"));
    }
    let texts = args.texts.texts()?;
    let filler = args.model.open(global, &|folder, device, precision| {
        Ok(FillMask::open(folder, device).map_err(as_usage)?.cast(precision))
    })?;
    let targets = match args.targets.as_slice() {
        [] => None,
        words => Some(filler.targets(words).map_err(as_usage)?),
    };
    for ReplacedWord { word, token } in targets.iter().flat_map(|targets| &targets.replaced) {
        global.note(&format!("{word:?} is not a token; its first token, {token:?}, is used"));
    }

    let mut cut = 0;
    let done = texts.answer(
        global,
        &mut |texts| {
            let found = match &targets {
                Some(targets) => filler.fill_among(texts, targets, args.top_k),
                None => filler.fill(texts, args.top_k),
            }?;
            cut += filler.cut(texts)?;
            Ok(found)
        },
        &|text, masks| {
            if global.json {
                return Ok(serde_json::to_string(&Line { text, masks: &masks })?);
            }
            let lines = masks.iter().flatten().map(line);
            Ok(lines.collect::<Vec<_>>().join("\n"))
        },
    );
    global.note_cut(cut, filler.max_length());
    done
}

fn line(filling: &Filling) -> String {
    let bold = anstyle::Style::new().bold();
    let Filling { score, token_str, sequence, .. } = filling;
    format!("{score:.4}  {bold}{}{bold:#}  {sequence}", token_str.trim())
}
