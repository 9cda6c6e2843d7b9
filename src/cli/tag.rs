//! `zoo tag`

use anyhow::Result;
use clap::ValueEnum;
use serde::Serialize;

use super::Global;
use super::model::ModelArgs;
use super::texts::{TextArgs, as_usage};
use crate::pipeline::{Aggregation, Entity, Tagging, TokenClassification};

/// Tag entities such as names and places in texts.
#[derive(clap::Args)]
#[command(
    after_help = "Each output line is an entity: its label, its probability, its start and end (exclusive) \
                  in characters, and its text; an empty line separates the texts. With --json, each \
                  line is an object with the text and a list of its entities. Character offsets \
                  count from 0, as in Python. Texts longer than the model's limit are truncated, \
                  with a note, unless --overlap splits them into windows.\n\nExamples:\n  \
                  zoo tag ./bert-base-NER 'Ada Lovelace was born in London.'\n  \
                  zoo tag ./bert-base-NER --aggregation first --json < lines.txt > entities.jsonl\n  \
                  zoo tag ./bert-base-NER --overlap 32 \"$(cat article.txt)\""
)]
pub(crate) struct TagArgs {
    #[command(flatten)]
    model: ModelArgs,
    #[command(flatten)]
    texts: TextArgs,
    /// How to merge tokens into entities
    #[arg(long, value_name = "HOW", default_value = "simple")]
    aggregation: AggregationArg,
    /// Comma-separated labels to omit
    #[arg(long, value_name = "CLASSES", value_delimiter = ',', default_value = "O")]
    ignore: Vec<String>,
    /// Split long texts into windows that overlap by this many tokens
    #[arg(long, value_name = "TOKENS")]
    overlap: Option<usize>,
}

#[derive(Clone, Copy, ValueEnum)]
enum AggregationArg {
    /// Each token separately
    None,
    /// Merge consecutive tokens with the same label
    Simple,
    /// Whole words, with the label of the first token
    First,
    /// Whole words, with the label of the highest mean score
    Average,
    /// Whole words, with the label of the highest-scoring token
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

/// The fields of a JSON line.
#[derive(Serialize)]
struct Line<'a> {
    text: &'a str,
    entities: &'a [Entity],
}

pub(super) fn run(global: &Global, args: &TagArgs) -> Result<()> {
    let texts = args.texts.texts()?;
    let tagger = args.model.open(global, &|folder, device, precision| {
        Ok(TokenClassification::open(folder, device).map_err(as_usage)?.cast(precision))
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
            // The trailing newline leaves an empty line between texts.
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
