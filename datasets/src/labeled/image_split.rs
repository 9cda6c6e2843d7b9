//! The splits of a folder of images.

use std::path::{Path, PathBuf};

/// A split of a data set, by the usual names of its folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImageSplit {
    /// `train` or `training`.
    Train,
    /// `validation`, `valid`, `val` or `dev`.
    Validation,
    /// `test`, otherwise the validation split.
    Test,
}

const TRAIN: [&str; 2] = ["train", "training"];
const VALIDATION: [&str; 4] = ["validation", "valid", "val", "dev"];
const TEST: [&str; 2] = ["test", "testing"];

impl ImageSplit {
    /// The folder of this split of a data set; `None` if the data set does not have it.
    ///
    /// Folders are splits where one of them is a training split and all have the name of a split.
    /// Otherwise they are classes: a folder `train` beside `bus` has images of trains.
    pub fn folder(self, data_set: &Path) -> Option<PathBuf> {
        let folders = Self::folders(data_set)?;
        let names: &[&[&str]] = match self {
            Self::Train => &[&TRAIN],
            Self::Validation => &[&VALIDATION],
            Self::Test => &[&TEST, &VALIDATION],
        };
        let mut names = names.iter().copied().flatten();
        let named = |name: &&str| folders.iter().find(|folder| is_named(folder, name)).cloned();
        names.find_map(named)
    }

    /// The folders of the splits of a data set; `None` if it has no splits.
    pub(super) fn folders(data_set: &Path) -> Option<Vec<PathBuf>> {
        let entries = std::fs::read_dir(data_set).ok()?.flatten().map(|entry| entry.path());
        let is_hidden = |path: &PathBuf| {
            path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'))
        };
        let folders: Vec<PathBuf> =
            entries.filter(|path| path.is_dir() && !is_hidden(path)).collect();
        let is_any =
            |folder: &PathBuf, names: &[&str]| names.iter().any(|name| is_named(folder, name));
        let is_split = |folder: &PathBuf| {
            [&TRAIN[..], &VALIDATION, &TEST].iter().any(|names| is_any(folder, names))
        };
        let has_splits =
            folders.iter().any(|folder| is_any(folder, &TRAIN)) && folders.iter().all(is_split);
        has_splits.then_some(folders)
    }
}

fn is_named(folder: &Path, name: &str) -> bool {
    folder.file_name().is_some_and(|found| found.eq_ignore_ascii_case(name))
}
