//! candle's models, for `speed` and `decode`, which ask line by line as they ask the scripts beside.
//!
//! ```text
//! candle-peer steps
//! candle-peer decode MODEL_DIRECTORY f32|bf16
//! ```
//!
//! The first line says what answers: `{"ready": "candle 0.11.1, 2 threads"}`. candle takes as many
//! threads as `RAYON_NUM_THREADS` says.
//!
//! It is as fast as candle's own kernels are: built for the processor that builds it (which cargo
//! does in this directory alone), optimized as one program, its matrix products with AVX-512, which
//! candle leaves off (`--no-default-features` leaves it off here, too).
//! Intel's MKL, which candle can multiply with instead, is left out: it is proprietary, and a download
//! of its own.

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

/// As `Cargo.toml` has it.
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

/// Answers every line with one, after one that says what answers.
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
