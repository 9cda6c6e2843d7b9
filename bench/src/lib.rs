//! Benchmarks of Burn Zoo (`cargo bench -p zoo-bench`), and programs that draw the figures of its
//! book (`cargo run --release -p zoo-bench --bin curves` and `--bin backends`), measure a server
//! (`--bin serving`), or compare Burn Zoo with other libraries (`--bin decode`).
//!
//! They time models of named sizes, freshly initialized:
//!
//! ```no_run
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let device = burn_zoo::device::parse("flex")?;
//! let model = zoo_bench::model("llama", "small", 50_257, 1024, &device)?;
//! assert_eq!(model.vocab_size(), 50_257);
//! # Ok(())
//! # }
//! ```

#![recursion_limit = "256"]

pub mod bandwidth;
pub mod figure;
pub mod peer;
pub mod roofline;
pub mod spread;

use burn_zoo::models::families::{self, NamedSize};
use burn_zoo::models::heads::CausalLm;

/// Parses a dropout probability of a command line.
///
/// # Errors
///
/// The text is not a number, or the number is not in [0, 1).
pub fn probability(text: &str) -> Result<f64, String> {
    let probability = text.parse().map_err(|error| format!("{error}"))?;
    match (0.0..1.0).contains(&probability) {
        true => Ok(probability),
        false => Err("it must be 0 or more, and below 1".into()),
    }
}

/// A freshly initialized model of a family, at a named size.
///
/// # Errors
///
/// An unknown family or size.
pub fn model(
    family: &str,
    size: &str,
    vocab_size: usize,
    context: usize,
    device: &burn_zoo::Device,
) -> anyhow::Result<CausalLm> {
    let named = NamedSize::find(size).ok_or_else(|| anyhow::anyhow!("size {size}?"))?;
    let sized = families::find(family)?.sized(&named.size(vocab_size, context))?;
    Ok(CausalLm::new(&sized.architecture.backbone, device)?.initialized(1))
}
