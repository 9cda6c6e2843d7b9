//! Writes a fingerprint of the code that decides what a model computes, so that a stored measurement
//! names the code that it is of.

use std::error::Error;
use std::path::PathBuf;

use zoo_fingerprint::Fingerprint;

/// Sources that decide the numbers of a given config: not the families, which write configs.
const PARTS: [&str; 8] = [
    "backbones",
    "blocks",
    "checkpoint/model.rs",
    "checkpoint/outputs.rs",
    "heads",
    "layers",
    "parameters",
    "precision.rs",
];

fn main() -> Result<(), Box<dyn Error>> {
    let sources = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR")?).join("src");
    let mut fingerprint = Fingerprint::default();
    for part in PARTS {
        let path = sources.join(part);
        println!("cargo::rerun-if-changed={}", path.display());
        fingerprint.add_path(&path)?;
    }
    println!("cargo::rustc-env=ZOO_MODELS_FINGERPRINT={}", fingerprint.finish());
    Ok(())
}
