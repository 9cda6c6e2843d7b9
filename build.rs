//! Tells the program which compiler made it: reports name what decided their numbers.

use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let said = Command::new(rustc).arg("--version").output().map(|output| output.stdout);
    let version = String::from_utf8(said.unwrap_or_default()).unwrap_or_default();
    println!("cargo:rustc-env=ZOO_RUSTC={}", version.trim().trim_start_matches("rustc "));
}
