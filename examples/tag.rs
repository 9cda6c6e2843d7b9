//! Finds named entities in a text.
//!
//! `cargo run --release --example tag -- DIR [TEXT]`, where DIR is a token classifier

#![recursion_limit = "256"]

use anyhow::{Context, Result};
use burn_zoo::pipeline::{Aggregation, TokenClassification};

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().context("give the folder of a model")?;
    let text = arguments.next().unwrap_or_else(|| "Ada Lovelace was born in London.".into());
    let device = burn_zoo::device::parse("flex")?;
    let tagger = TokenClassification::open(folder.as_ref(), &device)?;

    let characters: Vec<char> = text.chars().collect();
    for entity in tagger.tag_one(&text, Aggregation::First)? {
        let part: String = characters[entity.start..entity.end].iter().collect();
        println!("{:.3}  {}  {part}", entity.score, entity.label);
    }
    Ok(())
}
