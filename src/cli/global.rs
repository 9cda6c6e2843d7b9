//! Options of every subcommand, and what they decide: the device, and the output.

use std::io::{self, IsTerminal, Write};

use anyhow::Result;
use burn::tensor::Device;
use clap::Args;
use serde_json::Value;

use super::usage;
use crate::device;

/// Options of every subcommand.
#[derive(Args, Clone)]
pub(crate) struct Global {
    /// The device, such as flex, wgpu:0 or cuda:1; `zoo devices` lists the compiled-in ones
    #[arg(long, global = true, value_name = "DEVICE", default_value = device::default_name())]
    pub(super) device: String,
    /// Seed of all random numbers [default: 0]
    #[arg(long, global = true, value_name = "N")]
    pub(super) seed: Option<u64>,
    /// Disable kernel fusion on devices that support it
    #[arg(long, global = true)]
    pub(super) no_fusion: bool,
    /// Print JSON instead of text
    #[arg(long, global = true)]
    pub(super) json: bool,
    /// Do not print progress
    #[arg(long, short, global = true)]
    pub(super) quiet: bool,
}

impl Global {
    pub(super) fn device(&self) -> Result<Device> {
        let device = device::parse(&self.device).map_err(usage)?;
        device::probe(&self.device, &device)?;
        Ok(device)
    }

    /// The seed of all random numbers.
    pub(super) fn seed(&self) -> u64 {
        self.seed.unwrap_or(0)
    }

    /// Prints a result; a closed pipe is an error, not a panic.
    pub(super) fn print(&self, text: &str) -> Result<()> {
        let mut out = io::stdout().lock();
        writeln!(out, "{text}")?;
        Ok(out.flush()?)
    }

    pub(super) fn print_json(&self, value: &Value) -> Result<()> {
        self.print(&serde_json::to_string_pretty(value)?)
    }

    /// Prints a message to standard error, except with `--quiet`.
    pub(super) fn note(&self, text: &str) {
        if !self.quiet {
            // Standard error may be closed; the command continues.
            let _ = writeln!(io::stderr(), "{text}");
        }
    }

    /// A progress bar for work of known length; hidden outside a terminal.
    pub(super) fn bar(&self, length: u64, of: &'static str) -> indicatif::ProgressBar {
        if self.quiet || !io::stderr().is_terminal() {
            return indicatif::ProgressBar::hidden();
        }
        let style = indicatif::ProgressStyle::with_template("{wide_bar} {pos}/{len} {msg}, {eta}");
        let style = style.unwrap_or_else(|_| indicatif::ProgressStyle::default_bar());
        indicatif::ProgressBar::new(length).with_style(style).with_message(of)
    }

    /// A spinner for work of unknown length; hidden outside a terminal.
    pub(super) fn spinner(&self, message: String) -> indicatif::ProgressBar {
        if self.quiet || !io::stderr().is_terminal() {
            return indicatif::ProgressBar::hidden();
        }
        let spinner = indicatif::ProgressBar::new_spinner().with_message(message);
        spinner.enable_steady_tick(std::time::Duration::from_millis(120));
        spinner
    }
}
