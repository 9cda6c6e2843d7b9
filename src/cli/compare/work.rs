//! The process that does one run: reads a job, and tells how it goes.

use std::io::{self, Write};

use anyhow::{Context, Result};

use super::super::Global;
use crate::compare::VERSION;
use crate::compare::job::Job;
use crate::compare::study::{Device, Versions};
use crate::compare::worker::{Told, work as train};
use crate::datasets::locate::Places;
use crate::datasets::task::TaskSpec;
use crate::device;

/// How a process is told to do one run.
pub(super) fn arguments(global: &Global) -> Vec<String> {
    let mut arguments = vec!["compare-run".to_string(), "--device".into(), global.device.clone()];
    if global.no_fusion {
        arguments.push("--no-fusion".into());
    }
    arguments
}

/// Does the run that standard input describes.
pub(in crate::cli) fn work(global: &Global) -> Result<()> {
    let job = io::read_to_string(io::stdin())?;
    let job: Job = serde_json::from_str(&job).context("standard input has no run")?;
    let device = global.device()?;
    let task = TaskSpec::parse(&job.task)?.build(&Places::from_env())?;
    anyhow::ensure!(task.data_hash == job.data_hash, "the data of {} have changed", job.task);
    let mut out = io::stdout().lock();
    let mut failed = None;
    let mut tell = |told: Told| {
        let line = serde_json::to_string(&told).map_err(io::Error::from);
        let written = line.and_then(|line| writeln!(out, "{line}")).and_then(|()| out.flush());
        // Nobody listens any more.
        if written.is_err() {
            std::process::exit(1);
        }
        failed = failed.take().or(written.err());
    };
    let record = train(job, &task, &device, &mut tell);
    tell(Told::Over(Box::new(record)));
    Ok(())
}

/// What it computes on.
pub(super) fn described(global: &Global) -> Device {
    Device {
        name: global.device.clone(),
        description: crate::system::processor(),
        cores: std::thread::available_parallelism().ok().map(|cores| cores.get()),
        memory: None,
    }
}

pub(super) fn versions() -> Versions {
    Versions {
        zoo: env!("CARGO_PKG_VERSION").into(),
        burn: VERSION.rsplit('-').next().unwrap_or_default().into(),
        rustc: String::new(),
        features: device::BACKENDS
            .iter()
            .filter(|backend| backend.is_compiled)
            .map(|backend| backend.name.to_string())
            .collect(),
    }
}
