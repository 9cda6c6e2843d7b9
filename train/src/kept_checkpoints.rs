//! The models of the last checkpoints, each in a directory of its own.

use std::fs;
use std::path::{Path, PathBuf};

use zoo_models::checkpoint::{CONFIG_FILE, SaveError, WEIGHTS_FILE, sync_dir};

use crate::run_dir::{CHECKPOINTS, METRICS_FILE, RECIPE_FILE, RunDir, make_visible};

const STEP: &str = "step-";

impl RunDir {
    /// Keeps the model of a checkpoint as `checkpoints/step-<step>`, with the run's tokenizer and
    /// other files, and the last `count` models in all.
    ///
    /// # Errors
    ///
    /// Names the file that could not be written.
    pub(crate) fn keep_checkpoint(
        &self,
        folder: &Path,
        step: usize,
        count: usize,
    ) -> Result<(), SaveError> {
        let kept = self.path().join(CHECKPOINTS);
        let target = kept.join(format!("{STEP}{step}"));
        if count == 0 || target.exists() {
            return Ok(());
        }
        let in_context = |source| SaveError::Write { path: target.clone(), source };
        fs::create_dir_all(&kept).map_err(in_context)?;
        let temporary =
            tempfile::Builder::new().prefix(".tmp-").tempdir_in(&kept).map_err(in_context)?;
        for entry in fs::read_dir(self.path()).map_err(in_context)? {
            let from = entry.map_err(in_context)?.path();
            let Some(name) = from.file_name().and_then(|name| name.to_str()) else { continue };
            let is_of_run = [METRICS_FILE, RECIPE_FILE, WEIGHTS_FILE, CONFIG_FILE].contains(&name);
            if from.is_file() && !is_of_run && !name.starts_with('.') {
                fs::copy(&from, temporary.path().join(name)).map_err(in_context)?;
            }
        }
        for name in [WEIGHTS_FILE, CONFIG_FILE] {
            let (from, to) = (folder.join(name), temporary.path().join(name));
            // A hard link, or a copy if the file system does not support links.
            fs::hard_link(&from, &to)
                .or_else(|_| fs::copy(&from, &to).map(|_| ()))
                .map_err(in_context)?;
        }
        make_visible(temporary.path()).map_err(in_context)?;
        fs::rename(temporary.keep(), &target).map_err(in_context)?;
        sync_dir(&kept).map_err(in_context)?;
        remove_older(&kept, count)
    }
}

/// Removes all models but the last `count`.
fn remove_older(kept: &Path, count: usize) -> Result<(), SaveError> {
    let mut steps: Vec<KeptStep> = Vec::new();
    for entry in fs::read_dir(kept).into_iter().flatten().flatten() {
        let path = entry.path();
        let step = path.file_name().and_then(|name| name.to_str()?.strip_prefix(STEP));
        if let Some(step) = step.and_then(|step| step.parse().ok()) {
            steps.push(KeptStep { step, path });
        }
    }
    steps.sort_by_key(|kept| std::cmp::Reverse(kept.step));
    for KeptStep { path, .. } in steps.into_iter().skip(count) {
        fs::remove_dir_all(&path).map_err(|source| SaveError::Write { path, source })?;
    }
    Ok(())
}

struct KeptStep {
    step: usize,
    path: PathBuf,
}
