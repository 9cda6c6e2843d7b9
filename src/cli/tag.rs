//! `zoo tag`

use anyhow::Result;
use clap::ValueEnum;
use serde::Serialize;

use super::Global;
use super::model::ModelArgs;
use super::texts::{TextArgs, asked};
use crate::pipeline::{Aggregation, Entity, Tagging, TokenClassification};

/// Find the names, places and so on that are in texts.
#[derive(clap::Args)]
#[command(
    after_help = "A line is a part of a text: its class, its probability, its first character and \
                  the one after its last, and the part itself; an empty line stands after each text \
                  but the last. With --json, a line is an object: the text, and a list of its \
                  parts. Characters are counted from 0, as Python counts them. The end of a text \
                  longer than the model reads is left out, and a note says so, unless --overlap has \
                  it read in pieces.\n\nExamples:\n  \
                  zoo tag ./bert-base-NER 'Ada Lovelace was born in London.'\n  \
                  zoo tag ./bert-base-NER --aggregation first --json < lines.txt > entities.jsonl\n  \
                  zoo tag ./bert-base-NER --overlap 32 \"$(cat article.txt)\""
)]
pub(crate) struct TagArgs {
    #[command(flatten)]
    model: ModelArgs,
    #[command(flatten)]
    texts: TextArgs,
    /// How tokens become the parts of a text
    #[arg(long, value_name = "HOW", default_value = "simple")]
    aggregation: AggregationArg,
    /// Classes to leave out, with commas between them
    #[arg(long, value_name = "CLASSES", value_delimiter = ',', default_value = "O")]
    ignore: Vec<String>,
    /// Read a long text in pieces with this many tokens in common
    #[arg(long, value_name = "TOKENS")]
    overlap: Option<usize>,
}

#[derive(Clone, Copy, ValueEnum)]
enum AggregationArg {
    /// Each token by itself
    None,
    /// Tokens of one class that follow on each other
    Simple,
    /// Whole words, each of the class of its first token
    First,
    /// Whole words, each of the class that is likeliest on the mean
    Average,
    /// Whole words, each of the class of its surest token
    Max,
}

impl From<AggregationArg> for Aggregation {
    fn from(how: AggregationArg) -> Self {
        match how {
            AggregationArg::None => Self::None,
            AggregationArg::Simple => Self::Simple,
            AggregationArg::First => Self::First,
            AggregationArg::Average => Self::Average,
            AggregationArg::Max => Self::Max,
        }
    }
}

/// What a line of JSON has.
#[derive(Serialize)]
struct Line<'a> {
    text: &'a str,
    entities: &'a [Entity],
}

pub(super) fn run(global: &Global, args: &TagArgs) -> Result<()> {
    let texts = args.texts.texts()?;
    let tagger = args.model.open(global, &|folder, device, precision| {
        Ok(TokenClassification::open(folder, device).map_err(asked)?.cast(precision))
    })?;
    let tagging = Tagging {
        aggregation: args.aggregation.into(),
        ignored: args.ignore.clone(),
        overlap: args.overlap,
    };
    let mut cut = 0;
    let done = texts.answer(
        global,
        &mut |texts| {
            let found = tagger.tag(texts, tagging.clone())?;
            if tagging.overlap.is_none() {
                cut += tagger.cut(texts)?;
            }
            Ok(found)
        },
        &|text, entities| {
            if global.json {
                return Ok(serde_json::to_string(&Line { text, entities: &entities })?);
            }
            // The line's end makes the empty line between texts.
            Ok(entities.iter().map(line).collect())
        },
    );
    global.note_cut(cut, tagger.max_length());
    done
}

fn line(entity: &Entity) -> String {
    let bold = anstyle::Style::new().bold();
    let Entity { label, score, word, start, end, .. } = entity;
    format!("{bold}{label}{bold:#}  {score:.4}  {start}-{end}  {word}\n")
}
