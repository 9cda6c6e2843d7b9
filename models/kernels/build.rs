//! Writes a fingerprint of what decides the results of operations: their code, and the versions of
//! the backends.

use std::error::Error;
use std::fs;
use std::path::PathBuf;

use zoo_fingerprint::Fingerprint;

/// Packages of the lock file that compute, by how their names begin.
const COMPUTING: [&str; 7] = ["burn", "cubecl", "gemm", "naga", "ndarray", "tch", "wgpu"];

fn main() -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR")?);
    let mut fingerprint = Fingerprint::default();
    let sources = root.join("src");
    println!("cargo::rerun-if-changed={}", sources.display());
    fingerprint.add_path(&sources)?;
    // Beside a published package there is none: the program that depends on it decides the versions.
    let lock = root.join("../../Cargo.lock");
    if lock.exists() {
        println!("cargo::rerun-if-changed={}", lock.display());
        fingerprint.add_text(&versions(&fs::read_to_string(lock)?));
    }
    println!("cargo::rustc-env=ZOO_KERNELS_FINGERPRINT={}", fingerprint.finish());
    Ok(())
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
