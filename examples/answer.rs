//! Extracts the answer to a question from a file.
//!
//! `cargo run --release --example answer -- DIR FILE QUESTION`, where DIR is a model for extractive
//! question answering

#![recursion_limit = "256"]

use anyhow::{Context, Result};
use burn_zoo::pipeline::{Answering, QuestionAnswering};

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, file, question] = arguments.as_slice() else {
        anyhow::bail!("usage: answer DIR FILE QUESTION");
    };
    let context = std::fs::read_to_string(file).with_context(|| format!("cannot read {file}"))?;
    let device = burn_zoo::device::parse("flex")?;
    let pipeline = QuestionAnswering::open(folder.as_ref(), &device)?;

    // A file longer than the model's context is split into overlapping windows.
    let options = Answering { top_k: 3, ..Answering::default() };
    for answer in pipeline.answer_one(question, &context, &options)? {
        println!("{:.3}  {}-{}  {}", answer.score, answer.start, answer.end, answer.answer);
    }
    Ok(())
}
