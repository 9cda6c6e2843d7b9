//! The book's page of families matches the program and the measured goldens.
//!
//! `ZOO_BLESS=1 cargo test --release --workspace --test suite families_page` rewrites it.

use std::fmt::Write;
use std::path::Path;

use burn::tensor::Device;
use burn_zoo::models::backbones::BackboneConfig;
use burn_zoo::models::families::{FAMILIES, Family, Size};

use crate::contract::measure;
use crate::golden::cases;

const INTRODUCTION: &str = "\
# Families

One line for each `model_type` that the zoo reads. A test writes this page from the code and from what it
measures, and another keeps it current.

*Outputs* is the largest difference between our outputs and the reference's (`transformers` 5.23.0 on a CPU,
in 32-bit floats) over all golden cases of the family, as a part of the largest output; *gradients* is the
same for the gradient of every parameter, and *training* for the losses of fifty AdamW steps. Up to 1e-5,
1e-5 and 1e-4 are allowed ([Numerics](numerics.md)). The families `transformer`, `lstm`, `gru` and `bahdanau` are
not in `transformers`; their references are built of PyTorch's own layers. Measured on `flex`.

`zoo list` prints the same families; `zoo show <family>` prints one's tree.
";

/// The kinds, as the page groups them.
const KINDS: [&str; 5] =
    ["Encoders", "Image encoders", "Decoders", "Encoder-decoders", "Recurrent models"];

fn kind(family: &Family) -> &'static str {
    let size = Size {
        vocab_size: 65,
        context: 32,
        d_model: 48,
        n_layers: 2,
        n_heads: 4,
        n_kv_heads: None,
        d_ff: None,
        dropout: 0.0,
        eos: None,
    };
    match family.sized(&size).unwrap().architecture.backbone {
        BackboneConfig::Encoder(_) => KINDS[0],
        BackboneConfig::Vision(_) => KINDS[1],
        BackboneConfig::Decoder(_) => KINDS[2],
        BackboneConfig::EncoderDecoder(_) | BackboneConfig::EncoderHalf(_) => KINDS[3],
        BackboneConfig::Recurrent(_) | BackboneConfig::RecurrentSeq2Seq(_) => KINDS[4],
    }
}

/// The page, with current measurements.
fn page() -> String {
    let mut text = INTRODUCTION.to_string();
    for heading in KINDS {
        writeln!(text, "\n## {heading}\n").unwrap();
        writeln!(text, "| family | | loads | cases | outputs | gradients | training |").unwrap();
        writeln!(text, "|---|---|---|---|---|---|---|").unwrap();
        for family in FAMILIES.iter().filter(|family| kind(family) == heading) {
            let classes: Vec<String> =
                family.heads.iter().map(|head| format!("`{}`", head.class)).collect();
            let (title, link) = family.paper.rsplit_once(", ").unwrap_or((family.paper, ""));
            let paper = match link.starts_with("http") {
                true => format!("[{title}]({link})"),
                false => family.paper.to_string(),
            };
            let cases = cases(family.name());
            let largest = |measured: &dyn Fn(&crate::golden::Case) -> f64| {
                format!("{:.0e}", cases.iter().map(measured).fold(0.0, f64::max))
            };
            writeln!(
                text,
                "| `{}` | {}<br>{paper} | {} | {} | {} | {} | {} |",
                family.name(),
                family.summary,
                classes.join("<br>"),
                cases.len(),
                largest(&|case| measure::outputs(case, &Device::flex())),
                largest(&|case| measure::gradients(case, &Device::flex())),
                largest(&|case| measure::training(case, &Device::flex())),
            )
            .unwrap();
        }
    }
    text
}

/// A page without its measurements, and these measurements.
fn split(page: &str) -> (String, Vec<f64>) {
    let mut numbers = Vec::new();
    let mut text = String::new();
    for line in page.lines() {
        let is_row = line.starts_with("| `");
        for word in line.split(' ') {
            match word.parse::<f64>() {
                Ok(number) if is_row && word.contains('e') => numbers.push(number),
                _ => write!(text, "{word} ").unwrap(),
            }
        }
        text.push('\n');
    }
    (text, numbers)
}

#[test]
fn the_page_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/src/families.md");
    let fresh = page();
    if std::env::var_os("ZOO_BLESS").is_some() {
        std::fs::write(&path, &fresh).unwrap();
    }
    let stored = std::fs::read_to_string(&path).unwrap();
    let ((stored_text, stored_numbers), (text, numbers)) = (split(&stored), split(&fresh));
    let way = "ZOO_BLESS=1 cargo test --release --workspace --test suite families_page";
    for (a, b) in stored_text.lines().zip(text.lines()) {
        assert_eq!(a, b, "docs/src/families.md is not current: {way}");
    }
    assert_eq!(stored_text, text, "docs/src/families.md is not current: {way}");
    assert_eq!(numbers.len(), 3 * FAMILIES.len());
    for (stored, found) in stored_numbers.iter().zip(&numbers) {
        // Rounding differs between processors; a factor of ten is a changed program.
        let is_close = *found <= 10.0 * stored.max(1e-7) && *stored <= 10.0 * found.max(1e-7);
        assert!(is_close, "the page says {stored:e}, and {found:e} is measured: {way}");
    }
}
