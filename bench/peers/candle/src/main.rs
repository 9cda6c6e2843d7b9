//! Runs candle's models for the `speed` and `decode` benchmarks, with one request and one response
//! per line, like the Python scripts in `bench/peers`.
//!
//! ```text
//! candle-peer steps
//! candle-peer decode MODEL_DIRECTORY f32|bf16
//! ```
//!
//! The first line identifies the peer: `{"ready": "candle 0.11.1, 2 threads"}`. candle uses
//! `RAYON_NUM_THREADS` threads.
//!
//! The build uses candle's fastest kernels: it targets the native CPU (set in `.cargo/config.toml`
//! of this directory), with link-time optimization and AVX-512 matrix products, which candle
//! disables by default (`--no-default-features` disables them here, too). Intel's MKL, an
//! alternative for candle's matrix products, is not used: it is proprietary and a separate
//! download.

mod decode;
mod random;
mod steps;

use std::env;
use std::io::{BufRead, Write, stdin, stdout};
use std::path::Path;

use anyhow::{Result, bail};
use candle_core::DType;
use candle_core::utils::get_num_threads;
use serde::Serialize;
use serde_json::json;

/// The version in `Cargo.toml`.
const VERSION: &str = "0.11.1";

fn main() -> Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["steps"] => {
            let mut steps = steps::Steps::default();
            answer(|line| steps.answer(&serde_json::from_str(line)?))
        }
        ["decode", folder, format @ ("f32" | "bf16")] => {
            let format = if format == "f32" { DType::F32 } else { DType::BF16 };
            let mut decoder = decode::Decoder::load(Path::new(folder), format)?;
            answer(|line| decoder.answer(&serde_json::from_str(line)?))
        }
        _ => bail!("usage: candle-peer steps, or: candle-peer decode MODEL_DIRECTORY f32|bf16"),
    }
}

/// Writes the ready line, then one response line for every request line.
fn answer<A: Serialize>(mut answer: impl FnMut(&str) -> Result<A>) -> Result<()> {
    say(&json!({ "ready": format!("candle {VERSION}, {} threads", get_num_threads()) }))?;
    for line in stdin().lock().lines() {
        say(&answer(&line?)?)?;
    }
    Ok(())
}

fn say(answer: &impl Serialize) -> Result<()> {
    let mut out = stdout().lock();
    writeln!(out, "{}", serde_json::to_string(answer)?)?;
    Ok(out.flush()?)
}
