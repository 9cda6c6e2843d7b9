//! `zoo rank`

use anyhow::Result;
use serde::Serialize;

use super::model::ModelArgs;
use super::texts::{TextArgs, as_usage};
use super::{Global, usage};
use crate::pipeline::{RankedDocument, Ranking};

/// Rank documents by how well they fit a query.
#[derive(clap::Args)]
#[command(
    after_help = "An embedding model compares vectors: fast, also for many documents. A cross-encoder, \
                  which is a classifier of one label, reads the query with each document: slower, and \
                  usually better. Output is one document per line, the best first, with its score: a \
                  cosine similarity, or the cross-encoder's score. Query and document that are \
                  together longer than the model's limit are truncated.\n\nExamples:\n  \
                  zoo rank ./all-MiniLM-L6-v2 --query 'Who wrote Emma?' --file sentences.txt\n  \
                  zoo rank ./ms-marco-MiniLM-L6-v2 --query 'How big is Rome?' --top-k 3 'Rome has \
                  2.8 million inhabitants.' 'Rome is old.'"
)]
pub(crate) struct RankArgs {
    #[command(flatten)]
    model: ModelArgs,
    /// The query
    #[arg(long, short, value_name = "TEXT")]
    query: String,
    #[command(flatten)]
    documents: TextArgs,
    /// Documents to print [default: all]
    #[arg(long, short = 'k', value_name = "K")]
    top_k: Option<usize>,
}

/// The fields of a JSON line.
#[derive(Serialize)]
struct Line<'a> {
    /// The number of the document in the input, from 0.
    index: usize,
    score: f32,
    text: &'a str,
}

pub(super) fn run(global: &Global, args: &RankArgs) -> Result<()> {
    if args.top_k == Some(0) {
        return Err(usage("--top-k is 0; it must be at least 1"));
    }
    if args.query.trim().is_empty() {
        return Err(usage("--query is empty"));
    }
    let texts = args.documents.texts()?.all()?;
    let ranking = args.model.open(global, &|folder, device, precision| {
        Ok(Ranking::open(folder, device).map_err(as_usage)?.cast(precision))
    })?;
    let spinner = global.spinner(format!("ranking {} documents", texts.len()));
    let ranked = ranking.rank(&args.query, &texts);
    spinner.finish_and_clear();
    for RankedDocument { index, score } in
        ranked.map_err(as_usage)?.into_iter().take(args.top_k.unwrap_or(usize::MAX))
    {
        let text = &texts[index];
        global.print(&match global.json {
            true => serde_json::to_string(&Line { index, score, text })?,
            false => format!("{score:.4}  {text}"),
        })?;
    }
    Ok(())
}
