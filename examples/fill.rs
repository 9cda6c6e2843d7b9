//! Predicts the masked token of a text.
//!
//! `cargo run --release --example fill -- DIR`, where DIR is a masked language model such as BERT

#![recursion_limit = "256"]

use anyhow::{Context, Result};
use burn_zoo::pipeline::FillMask;

fn main() -> Result<()> {
    let folder = std::env::args().nth(1).context("give the folder of a model")?;
    let device = burn_zoo::device::parse("flex")?;
    let filler = FillMask::open(folder.as_ref(), &device)?;

    let text = format!("Paris is the {} of France.", filler.mask());
    for gap in filler.fill_one(&text, 5)? {
        for filling in gap {
            println!("{:.3}  {}", filling.score, filling.sequence);
        }
    }
    Ok(())
}
