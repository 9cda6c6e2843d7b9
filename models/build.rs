//! Writes a fingerprint of the code that decides what a model computes, so that a measurement can say
//! which code it is of.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

/// Sources that decide the numbers of a given config: not the families, which write configs.
const PARTS: [&str; 8] = [
    "backbones",
    "blocks",
    "checkpoint/model.rs",
    "checkpoint/outputs.rs",
    "heads",
    "layers",
    "parameters.rs",
    "precision.rs",
];

/// Packages of the lock file that compute, by how their names begin.
const COMPUTING: [&str; 7] = ["burn", "cubecl", "gemm", "naga", "ndarray", "tch", "wgpu"];

fn main() -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR")?);
    let mut digest = Sha256::new();
    for path in
        PARTS.map(|part| root.join("src").join(part)).into_iter().chain([root.join("kernels/src")])
    {
        println!("cargo::rerun-if-changed={}", path.display());
        for file in files(&path)? {
            digest.update(code(&fs::read_to_string(file)?));
        }
    }
    // There is none beside a published package, whose versions are another matter.
    let lock = root.join("../Cargo.lock");
    if lock.exists() {
        println!("cargo::rerun-if-changed={}", lock.display());
        digest.update(versions(&fs::read_to_string(lock)?));
    }
    let digest: String = digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    println!("cargo::rustc-env=ZOO_MODELS_FINGERPRINT={digest}");
    Ok(())
}

/// The Rust files of a folder in the order of their names, or the file itself.
fn files(path: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    if path.is_file() {
        return Ok(vec![path.to_path_buf()]);
    }
    let mut entries = Vec::new();
    for entry in fs::read_dir(path)? {
        entries.push(entry?.path());
    }
    entries.sort();
    let mut found = Vec::new();
    for entry in entries {
        if entry.is_dir() || entry.extension().is_some_and(|extension| extension == "rs") {
            found.extend(files(&entry)?);
        }
    }
    Ok(found)
}

/// The lines of code without indentation: no comments on lines of their own, and no unit tests.
fn code(text: &str) -> String {
    let text = text.split("\n#[cfg(test)]\n").next().unwrap_or(text);
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with("//"));
    lines.flat_map(|line| [line, "\n"]).collect()
}

/// Names and versions of the packages that compute.
fn versions(lock: &str) -> String {
    let packages = lock.split("\n[[package]]\n").filter(|package| {
        let name = package.lines().find_map(|line| line.strip_prefix("name = \""));
        name.is_some_and(|name| COMPUTING.iter().any(|known| name.starts_with(known)))
    });
    let is_kept = |line: &&str| line.starts_with("name = ") || line.starts_with("version = ");
    packages
        .flat_map(|package| package.lines().filter(is_kept).flat_map(|line| [line, "\n"]))
        .collect()
}
