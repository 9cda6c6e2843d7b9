//! `--keep-weights`: the weights of the best run of each candidate.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::progress::Shown;
use crate::compare::aggregate::Ran;
use crate::compare::job::Record;
use crate::compare::plan::{Plan, PlannedCandidate};
use crate::compare::runner::{Event, JobRunner};
use crate::datasets::task::Metric;
use crate::report::study::Outcome;

/// The file with the key of the run whose weights a folder has.
const KEY_FILE: &str = "comparison.key";

/// Moves the weights of the best run of each candidate below `out`, and drops those of the others.
/// The best has the best score on the validation split. A run whose record was cached without its
/// weights is repeated.
pub(super) fn keep(
    job_runner: &JobRunner,
    shown: &Shown,
    plan: &Plan,
    ran: &[Ran],
    out: &Path,
) -> Result<Vec<PathBuf>> {
    let Some(made) = &job_runner.weights else { return Ok(Vec::new()) };
    let mut kept = Vec::new();
    for (candidate, ran) in plan.candidates.iter().zip(ran) {
        let metric = plan.tasks[candidate.task].task.score;
        let Some(best) = best(&ran.runs, metric) else {
            let name = &candidate.name;
            shown.note(&format!("{name}: no run finished, so there are no weights to keep"));
            continue;
        };
        let (folder, key) = (out.join("weights").join(name(plan, candidate)), best.job.key());
        let has = std::fs::read_to_string(folder.join(KEY_FILE)).ok();
        if has.as_deref() != Some(&key) {
            let from = made.join(&key);
            if !from.join(crate::models::checkpoint::CONFIG_FILE).is_file() {
                let tell = |event: Event<'_>| shown.event(event);
                shown.adds(std::slice::from_ref(&best.job));
                job_runner.again(best, &tell).map_err(anyhow::Error::msg).with_context(|| {
                    format!("cannot repeat a run of {} for its weights", candidate.name)
                })?;
            }
            std::fs::write(from.join(KEY_FILE), &key)
                .with_context(|| format!("cannot write to {}", from.display()))?;
            replace(&from, &folder)
                .with_context(|| format!("cannot write {}", folder.display()))?;
        }
        kept.push(folder);
        for other in &ran.runs {
            // They may not exist, or be of another comparison that runs now.
            let _ = std::fs::remove_dir_all(made.join(other.job.key()));
        }
    }
    Ok(kept)
}

/// The finished run with the best validation score.
fn best(runs: &[Record], metric: Metric) -> Option<&Record> {
    let sign = if metric.higher_is_better() { 1.0 } else { -1.0 };
    let finished = runs.iter().filter_map(|record| match record.outcome {
        Outcome::Finished { validation, .. } => Some((sign * validation, record)),
        _ => None,
    });
    // The first of equal ones.
    finished.rev().max_by(|(a, _), (b, _)| a.total_cmp(b)).map(|(_, record)| record)
}

/// The name of a candidate's folder: with its task and size where there are several.
fn name(plan: &Plan, candidate: &PlannedCandidate) -> String {
    let mut parts = vec![candidate.name.clone()];
    if plan.tasks.len() > 1 {
        let of = |index: usize| plan.tasks[index].task.spec.info().name;
        let task = of(candidate.task);
        let before = (0..candidate.task).filter(|index| of(*index) == task).count();
        parts.push(match before {
            0 => task.to_string(),
            more => format!("{task}-{}", more + 1),
        });
    }
    if plan.spec.is_sweep() {
        parts.push(candidate.size.to_string());
    }
    parts.join("-")
}

/// Moves a folder in place of another.
fn replace(from: &Path, to: &Path) -> std::io::Result<()> {
    if let Some(parent) = to.parent() {
        std::fs::create_dir_all(parent)?;
    }
    if to.exists() {
        std::fs::remove_dir_all(to)?;
    }
    if std::fs::rename(from, to).is_ok() {
        return Ok(());
    }
    // Another file system.
    std::fs::create_dir_all(to)?;
    for file in std::fs::read_dir(from)? {
        let file = file?;
        std::fs::copy(file.path(), to.join(file.file_name()))?;
    }
    std::fs::remove_dir_all(from)
}
