//! `zoo check`

use std::fmt::Write;

use anyhow::{Result, bail};
use serde_json::json;

use super::{Global, ModelArg};
use crate::models::checkpoint;

/// Check every key of a checkpoint against its config.
#[derive(clap::Args)]
#[command(
    after_help = "Every key of the checkpoint must be accounted for. Missing, unused, misshapen and \
                  wrongly typed keys are listed, and the exit status is then 1.\n\nExamples:\n  \
                  zoo check runs/gpt2-nano-stories\n  zoo check ./Llama-3.2-1B --json"
)]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    model: ModelArg,
}

pub(super) fn run(global: &Global, args: &CheckArgs) -> Result<()> {
    let folder = &args.model.folder(global)?;
    let report = checkpoint::check(folder, &global.device()?)?;
    let problems: Vec<String> = report.problems.iter().map(ToString::to_string).collect();
    if global.json {
        global.print_json(&json!({
            "model": folder,
            "family": report.family.name(),
            "fits": problems.is_empty(),
            "tensors": { "needed": report.expected(), "found": report.found },
            "dtypes": report.dtypes,
            "dropped": report.dropped,
            "warnings": report.warnings,
            "problems": problems,
        }))?;
    } else {
        let dtypes: Vec<String> =
            report.dtypes.iter().map(|(dtype, count)| format!("{count} {dtype}")).collect();
        let mut text = format!(
            "{}: {}, needs {} tensors, the checkpoint has {}{}",
            folder.display(),
            report.family.name(),
            report.expected(),
            report.found,
            if dtypes.is_empty() { String::new() } else { format!(" ({})", dtypes.join(", ")) },
        );
        for key in &report.dropped {
            write!(text, "\n  not needed  {key}")?;
        }
        for warning in &report.warnings {
            write!(text, "\n  warning     {warning}")?;
        }
        for problem in &problems {
            write!(text, "\n  {problem}")?;
        }
        global.print(&text)?;
    }
    if !problems.is_empty() {
        bail!(
            "{}: the checkpoint does not fit, see the {} keys above",
            folder.display(),
            problems.len()
        );
    }
    Ok(())
}
