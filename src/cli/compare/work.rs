//! The worker process of one run: reads a job and reports events.

use std::io::{self, Write};

use anyhow::{Context, Result};

use super::super::Global;
use crate::compare::VERSION;
use crate::compare::job::WorkItem;
use crate::compare::measuring;
use crate::compare::worker::{WorkerEvent, work as train};
use crate::datasets::locate::SearchPath;
use crate::datasets::task::TaskSpec;
use crate::device;
use crate::report::study::{Device, Versions};

/// The arguments of a worker process.
pub(super) fn arguments(global: &Global) -> Vec<String> {
    let mut arguments = vec!["compare-run".to_string(), "--device".into(), global.device.clone()];
    if global.no_fusion {
        arguments.push("--no-fusion".into());
    }
    arguments
}

/// Executes the run or the measurement on standard input.
pub(in crate::cli) fn work(global: &Global) -> Result<()> {
    let item = io::read_to_string(io::stdin())?;
    let item: WorkItem = serde_json::from_str(&item).context("standard input has no run")?;
    let device = global.device()?;
    let mut out = io::stdout().lock();
    let mut tell = |event: WorkerEvent| {
        let line = serde_json::to_string(&event).map_err(io::Error::from);
        let written = line.and_then(|line| writeln!(out, "{line}")).and_then(|()| out.flush());
        // The parent process has exited.
        if written.is_err() {
            std::process::exit(1);
        }
    };
    match item {
        WorkItem::Run { job, weights } => {
            let task = TaskSpec::parse(&job.task)?.build(&SearchPath::from_env())?;
            let is_same = task.data_hash == job.data_hash;
            anyhow::ensure!(is_same, "the data of {} has changed", job.task);
            let record = train(*job, &task, &device, weights.as_deref(), &mut tell);
            tell(WorkerEvent::Over(Box::new(record)));
        }
        WorkItem::Measure(measurement) => {
            let measured = measuring::work(*measurement, &device).map_err(anyhow::Error::msg)?;
            tell(WorkerEvent::Measured(Box::new(measured)));
        }
    }
    Ok(())
}

/// The machine that the runs use.
pub(super) fn described(global: &Global) -> Device {
    Device {
        name: global.device.clone(),
        description: crate::system::processor(),
        cores: std::thread::available_parallelism().ok().map(|cores| cores.get()),
        memory: crate::system::total_memory(),
    }
}

pub(super) fn versions() -> Versions {
    Versions {
        zoo: env!("CARGO_PKG_VERSION").into(),
        burn: VERSION.rsplit('-').next().unwrap_or_default().into(),
        rustc: env!("ZOO_RUSTC").into(),
        features: device::BACKENDS
            .iter()
            .filter(|backend| backend.is_compiled)
            .map(|backend| backend.name.to_string())
            .collect(),
    }
}
