//! `zoo answer`

use std::path::PathBuf;

use anyhow::{Context, Result};
use serde::Serialize;

use super::model::ModelArgs;
use super::texts::{TextArgs, Texts, as_usage};
use super::{Global, usage};
use crate::pipeline::{Answer, Answering, Question, QuestionAnswering};

/// Answer questions with spans of a text.
#[derive(clap::Args)]
#[command(
    after_help = "Each TEXT is a context in which to find the answer; a context that is too long for the \
                  model is split into overlapping windows. Each output line is an answer: its \
                  probability, its start and end (exclusive) in characters, and its text. With \
                  --json, each line is an object with the question, the text and a list of answers.\n\nExamples:\n  \
                  zoo answer ./roberta-squad2 --question 'Where does Ada live?' 'Ada lives in London.'\n  \
                  zoo answer ./roberta-squad2 -q 'Who wrote it?' --document book.txt --top-k 3\n  \
                  zoo answer ./roberta-squad2 -q 'Who paid?' --no-answer --json < lines.txt"
)]
pub(crate) struct AnswerArgs {
    #[command(flatten)]
    model: ModelArgs,
    #[command(flatten)]
    texts: TextArgs,
    /// The question
    #[arg(long, short = 'q', value_name = "QUESTION")]
    question: String,
    /// A file that is read as one text, with all its lines
    #[arg(long, value_name = "FILE", conflicts_with_all = ["texts", "file"])]
    document: Option<PathBuf>,
    /// Maximum number of answers
    #[arg(long, short = 'k', value_name = "K", default_value_t = 1)]
    top_k: usize,
    /// Allow an empty answer, for questions that the text does not answer
    #[arg(long)]
    no_answer: bool,
    /// Maximum length of an answer, in tokens
    #[arg(long, value_name = "TOKENS", default_value_t = 15)]
    max_answer_length: usize,
    /// Maximum length of a window with the question, in tokens
    #[arg(long, value_name = "TOKENS", default_value_t = 384)]
    max_length: usize,
    /// Tokens shared by two consecutive windows [default: 128, or half a window]
    #[arg(long, value_name = "TOKENS")]
    overlap: Option<usize>,
}

/// The fields of a JSON line.
#[derive(Serialize)]
struct Line<'a> {
    question: &'a str,
    text: &'a str,
    answers: &'a [Answer],
}

pub(super) fn run(global: &Global, args: &AnswerArgs) -> Result<()> {
    if args.question.is_empty() {
        return Err(usage("--question is empty"));
    }
    let texts = match &args.document {
        Some(path) => {
            let text = std::fs::read_to_string(path);
            let text = text.with_context(|| format!("cannot read {}", path.display()));
            Texts::known(&[text.map_err(|error| usage(format!("{error:#}")))?])
        }
        None => args.texts.texts()?,
    };
    let reader = args.model.open(global, &|folder, device, precision| {
        Ok(QuestionAnswering::open(folder, device).map_err(as_usage)?.cast(precision))
    })?;
    let how = Answering {
        top_k: args.top_k,
        max_answer_length: args.max_answer_length,
        max_length: args.max_length,
        overlap: args.overlap,
        no_answer: args.no_answer,
        ..Answering::default()
    };
    texts.answer(
        global,
        &mut |texts| {
            let ask = |text: &String| Question::new(args.question.as_str(), text.as_str());
            reader.answer(&texts.iter().map(ask).collect::<Vec<_>>(), &how)
        },
        &|text, answers| {
            if global.json {
                let line = Line { question: &args.question, text, answers: &answers };
                return Ok(serde_json::to_string(&line)?);
            }
            Ok(answers.iter().map(line).collect::<Vec<_>>().join("\n"))
        },
    )
}

fn line(answer: &Answer) -> String {
    let bold = anstyle::Style::new().bold();
    let Answer { score, start, end, answer } = answer;
    let answer = if answer.is_empty() { "(no answer)" } else { answer };
    format!("{score:.4}  {start}-{end}  {bold}{answer}{bold:#}")
}
