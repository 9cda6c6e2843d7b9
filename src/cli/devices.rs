//! `zoo devices`

use std::fmt::Write;
use std::time::Instant;

use anyhow::Result;
use burn::tensor::{Device, Distribution, ExecutionError, Tensor};
use serde::Serialize;
use serde_json::json;

use super::{Global, usage};
use crate::device::{self, BACKENDS};
use crate::models::precision::Precision;
use crate::parity::{self, Errors, ParityCase, ParityVerdict};
use crate::system;

/// List, check and benchmark the compiled-in devices.
#[derive(clap::Args)]
#[command(
    after_help = "On each device, a small GPT-2 takes two training steps and decodes with a cache, and the \
                  results are compared with flex (`zoo parity` does that for every family). Then the \
                  best throughput of several square matrix products and of several passes over a \
                  large vector is measured. A failing driver is reported, and the other devices are \
                  still tested.\n\n\
                  Examples:\n  zoo devices\n  zoo devices flex wgpu --json"
)]
pub(crate) struct DevicesArgs {
    /// Devices to list [default: all that are compiled in]
    #[arg(value_name = "DEVICE")]
    names: Vec<String>,
}

/// The report on a compiled-in device.
#[derive(Serialize)]
struct Found {
    name: String,
    summary: &'static str,
    compiled: bool,
    /// The name of the hardware.
    hardware: Option<String>,
    works: bool,
    /// Why it does not work.
    fault: Option<String>,
    /// Errors relative to flex; `None` if flex is not compiled in.
    errors: Option<Errors>,
    /// Billions of floating-point operations per second in an f32 matrix product.
    gflops: Option<f64>,
    /// Billions of bytes read and written per second.
    bandwidth: Option<f64>,
    formats: Vec<Precision>,
    /// Whether the device fuses several operations into one kernel.
    fused: Option<bool>,
}

pub(super) fn run(global: &Global, args: &DevicesArgs) -> Result<()> {
    let mut rows = Vec::new();
    let mut report = |name: String, summary: &'static str| -> Result<()> {
        let spinner = global.spinner(format!("checking and benchmarking {name}"));
        let found = examine(name, summary);
        spinner.finish_and_clear();
        if !global.json {
            global.print(&text(&found)?)?;
        }
        rows.push(serde_json::to_value(found)?);
        Ok(())
    };
    for name in &args.names {
        device::parse(name).map_err(usage)?;
    }
    for name in &args.names {
        let backend = name.split(':').next().unwrap_or_default();
        let backend = BACKENDS.iter().find(|known| known.name == backend);
        report(name.clone(), backend.map_or("", |backend| backend.summary))?;
    }
    if args.names.is_empty() {
        for backend in BACKENDS.iter().filter(|backend| backend.is_compiled) {
            for name in device::names(backend.name) {
                report(name, backend.summary)?;
            }
        }
        for backend in BACKENDS.iter().filter(|backend| !backend.is_compiled) {
            let add = format!("cargo run --release --features {0} -- … --device {0}", backend.name);
            if !global.json {
                global.print(&format!("{:<9}not compiled in: {add}", backend.name))?;
            }
            rows.push(json!({
                "name": backend.name, "summary": backend.summary, "compiled": false, "add": add,
            }));
        }
    }
    if global.json { global.print_json(&json!({ "devices": rows })) } else { Ok(()) }
}

/// A device on two lines: its hardware and its test results.
fn text(found: &Found) -> Result<String> {
    let what = found.hardware.as_deref().unwrap_or(found.summary);
    let mut text = format!("{:<9}{what}\n{:9}", found.name, "");
    if let Some(fault) = &found.fault {
        write!(text, "does not work: {fault}")?;
        return Ok(text);
    }
    match &found.errors {
        Some(errors) => {
            let worst = errors.forward.max(errors.gradients).max(errors.decoding.unwrap_or(0.0));
            match worst {
                0.0 => text.push_str("agrees with flex exactly"),
                worst => write!(text, "agrees with flex within {worst:.0e}")?,
            }
        }
        None => write!(text, "works; not compared, as flex is not compiled in")?,
    }
    if let (Some(gflops), Some(bandwidth)) = (found.gflops, found.bandwidth) {
        write!(text, "; {gflops:.0} GFLOP/s, {bandwidth:.1} GB/s")?;
    }
    let formats: Vec<String> = found.formats.iter().map(Precision::to_string).collect();
    write!(text, "; {}", formats.join(", "))?;
    match found.fused {
        Some(true) => text.push_str("; fuses kernels"),
        Some(false) => text.push_str("; does not fuse kernels"),
        None => {}
    }
    Ok(text)
}

/// Checks and benchmarks a device.
fn examine(name: String, summary: &'static str) -> Found {
    let mut found = Found {
        summary,
        compiled: true,
        hardware: None,
        works: false,
        fault: None,
        errors: None,
        gflops: None,
        bandwidth: None,
        formats: Vec::new(),
        fused: device::fuses(&name),
        name,
    };
    if let Err(fault) = fill(&mut found) {
        found.fault = Some(fault);
    }
    found.works = found.fault.is_none();
    found
}

fn fill(found: &mut Found) -> Result<(), String> {
    let device = device::parse(&found.name).map_err(|error| error.to_string())?;
    device::probe(&found.name, &device).map_err(|error| match error {
        device::DeviceError::Broken { reason, .. } => reason,
        other => other.to_string(),
    })?;
    found.hardware = Some(device::hardware(&device));
    found.formats = device::formats(&device);
    match device::reference() {
        Ok(reference) => {
            let verdict = parity::compare(&ParityCase::smoke(), &device, &reference);
            let problems = verdict.problems(&found.name, &ParityCase::smoke().name());
            if let ParityVerdict::Errors(errors) = verdict {
                found.errors = Some(errors);
            }
            if let Some(problem) = problems.into_iter().next() {
                return Err(problem);
            }
        }
        Err(_) => system::quietly(|| gradient_check(&device.clone().autodiff()))??,
    }
    found.gflops = Some(system::quietly(|| product_rate(&device))??);
    found.bandwidth = Some(system::quietly(|| bandwidth(&device))??);
    Ok(())
}

/// Checks the gradient of `sum((x w)²)` for a case computed by hand.
fn gradient_check(device: &Device) -> Result<(), String> {
    let x = Tensor::<2>::from_floats([[1.0, 2.0], [3.0, 4.0]], device);
    let w = Tensor::<2>::from_floats([[1.0], [-1.0]], device).require_grad();
    let y = x.matmul(w.clone()); // (-1, -1)
    let gradients = (y.clone() * y).sum().backward();
    let found: Option<Vec<f32>> =
        w.grad(&gradients).map(|gradient| gradient.into_data().iter::<f32>().collect());
    // 2 xᵀ (x w)
    let expected = vec![-8.0_f32, -12.0];
    match found {
        Some(found) if found == expected => Ok(()),
        other => Err(format!("the gradient is {other:?}, expected {expected:?}")),
    }
}

/// Seconds of the fastest of several calls, after a warm-up call.
///
/// The result is kept alive until the device is synchronized: a lazy backend may skip the
/// computation of a dropped tensor.
fn fastest<T>(device: &Device, call: impl Fn() -> T) -> Result<f64, String> {
    let once = || -> Result<f64, ExecutionError> {
        let start = Instant::now();
        let _held = call();
        device.sync()?;
        Ok(start.elapsed().as_secs_f64())
    };
    let mut best = f64::INFINITY;
    let mut began = Instant::now();
    // At least three calls, repeated until half a second has passed.
    for count in 0.. {
        let seconds = once().map_err(|error| error.to_string())?;
        if count == 0 {
            began = Instant::now();
            continue;
        }
        best = best.min(seconds);
        if count >= 3 && began.elapsed().as_secs_f64() > 0.5 {
            break;
        }
    }
    Ok(best)
}

/// Billions of operations per second in a product of square matrices, the best of several sizes.
///
/// Sizes grow until a product takes more than 50 ms: large enough to saturate a GPU, and short on a
/// slow device.
fn product_rate(device: &Device) -> Result<f64, String> {
    let mut best: f64 = 0.0;
    for side in [512, 1024, 2048, 4096, 8192] {
        let matrix = || Tensor::<2>::random([side, side], Distribution::Default, device);
        let (a, b) = (matrix(), matrix());
        let seconds = fastest(device, || a.clone().matmul(b.clone()))?;
        best = best.max(2.0 * (side as f64).powi(3) / seconds / 1e9);
        if seconds > 0.05 {
            break;
        }
    }
    Ok(best)
}

/// Billions of bytes per second: each element of a vector is read once and written once.
///
/// The vector has 64 MB, which every device can allocate, and more if a pass takes less than 2 ms.
fn bandwidth(device: &Device) -> Result<f64, String> {
    let mut best: f64 = 0.0;
    for count in [1 << 24, 1 << 26, 1 << 28] {
        let x = Tensor::<1>::ones([count], device);
        // A device that cannot allocate the vector reports it when a value is read, not before.
        let last = (x.clone() + 1.0).slice_dim(0, count - 1..count).try_into_scalar::<f32>();
        let last = last.map_err(|error| error.to_string())?;
        if last != 2.0 {
            return Err(format!("1 + 1 is {last}"));
        }
        let seconds = fastest(device, || x.clone() + 1.0)?;
        best = best.max(2.0 * 4.0 * count as f64 / seconds / 1e9);
        if seconds > 0.002 {
            break;
        }
    }
    Ok(best)
}
