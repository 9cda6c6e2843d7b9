//! `zoo devices`

use std::fmt::Write;
use std::time::Instant;

use anyhow::Result;
use burn::tensor::{Device, Distribution, Tensor};
use serde_json::{Value, json};

use super::Global;
use crate::device::{self, BACKENDS};
use crate::system::panic_message;

/// List the compiled-in devices, checked and measured.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  zoo devices\n  zoo devices --json")]
pub(crate) struct DevicesArgs {}

/// The side of the matrices that are multiplied to measure a device.
const SIDE: usize = 1024;

/// What a device turned out to be.
struct Measured {
    /// Why it does not work; `None` where it does.
    fault: Option<String>,
    /// Billions of floating-point operations per second in a product of 32-bit matrices.
    gflops: Option<f64>,
}

pub(super) fn run(global: &Global, _args: &DevicesArgs) -> Result<()> {
    let mut rows: Vec<Value> = Vec::new();
    let mut text = String::new();
    for backend in BACKENDS {
        let mut row = json!({
            "name": backend.name,
            "summary": backend.summary,
            "compiled": backend.is_compiled,
        });
        if backend.is_compiled {
            let spinner = global.spinner(format!("measuring {}", backend.name));
            let measured = measure(backend.name);
            spinner.finish_and_clear();
            let status = match (&measured.fault, measured.gflops) {
                (Some(fault), _) => format!("does not work: {fault}"),
                (None, Some(gflops)) => format!("works, {gflops:.0} GFLOP/s (f32 product)"),
                (None, None) => "works".to_string(),
            };
            writeln!(text, "{:<9}{:<34}{status}", backend.name, backend.summary)?;
            row["works"] = json!(measured.fault.is_none());
            row["fault"] = json!(measured.fault);
            row["gflops"] = json!(measured.gflops);
        } else {
            let add = format!("cargo run --release --features {0} -- … --device {0}", backend.name);
            writeln!(text, "{:<9}{:<34}not compiled in: {add}", backend.name, backend.summary)?;
        }
        rows.push(row);
    }
    if global.json {
        global.print_json(&json!({ "devices": rows }))
    } else {
        global.print(text.trim_end())
    }
}

/// Checks and measures a device. A driver that panics is a fault to report.
fn measure(name: &'static str) -> Measured {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let result = std::panic::catch_unwind(|| -> Result<f64, String> {
        let device = device::parse(name).map_err(|error| error.to_string())?;
        gradient_check(&device.clone().autodiff())?;
        Ok(product_rate(&device))
    });
    std::panic::set_hook(hook);
    match result {
        Ok(Ok(gflops)) => Measured { fault: None, gflops: Some(gflops) },
        Ok(Err(fault)) => Measured { fault: Some(fault), gflops: None },
        Err(payload) => {
            let message = panic_message(payload.as_ref());
            Measured { fault: Some(message.unwrap_or("the driver panicked").into()), gflops: None }
        }
    }
}

/// The gradient of `sum((x w)²)` for a case that can be done by hand.
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
        other => Err(format!("a gradient is {other:?} instead of {expected:?}")),
    }
}

/// Billions of operations per second in a product, the best of several.
fn product_rate(device: &Device) -> f64 {
    let matrix = || Tensor::<2>::random([SIDE, SIDE], Distribution::Default, device);
    let (a, b) = (matrix(), matrix());
    let mut best = f64::INFINITY;
    for _ in 0..5 {
        let began = Instant::now();
        let product = a.clone().matmul(b.clone());
        // Reading one element waits for the whole product.
        let _ = product.slice([0..1, 0..1]).into_data();
        best = best.min(began.elapsed().as_secs_f64());
    }
    2.0 * (SIDE as f64).powi(3) / best / 1e9
}
