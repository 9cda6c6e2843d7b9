//! Summarizes a text.
//!
//! `cargo run --release --example summarize -- DIR < article.txt`, where DIR is a model such as
//! facebook/bart-large-cnn or t5-small

#![recursion_limit = "256"]

use anyhow::{Context, Result};
use burn_zoo::pipeline::Summarization;

fn main() -> Result<()> {
    let folder = std::env::args().nth(1).context("give the folder of a model")?;
    let device = burn_zoo::device::parse("flex")?;
    let summarization = Summarization::open(folder.as_ref(), &device)?;

    let text = std::io::read_to_string(std::io::stdin())?;
    for summaries in summarization.summarize(&[text], &mut |_ready| {})? {
        println!("{}", summaries[0].text);
    }
    Ok(())
}
