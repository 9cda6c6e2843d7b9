//! Benchmarks of Burn Zoo (`cargo bench -p zoo-bench`), and programs that draw the figures of its
//! book (`cargo run --release -p zoo-bench --bin curves` and `--bin backends`), measure a server
//! (`--bin serving`), or compare Burn Zoo with other libraries (`--bin decode`).

#![recursion_limit = "256"]

pub mod bandwidth;
pub mod figure;
pub mod peer;
pub mod roofline;
pub mod spread;

use burn_zoo::models::families::{self, NAMED_SIZES, Size};
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
    let found = NAMED_SIZES.iter().find(|(name, _)| *name == size);
    let (_, [n_layers, n_heads, d_model]) = found.ok_or_else(|| anyhow::anyhow!("size {size}?"))?;
    let size = Size {
        vocab_size,
        context,
        d_model: *d_model,
        n_layers: *n_layers,
        n_heads: *n_heads,
        n_kv_heads: None,
        d_ff: None,
        dropout: 0.0,
        eos: None,
    };
    let (_, architecture) = families::find(family)?.sized(&size)?;
    Ok(CausalLm::new(&architecture.backbone, device)?.initialized(1))
}
