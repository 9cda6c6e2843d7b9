//! Where validation data come from.

use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Where the validation data of a run come from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ValidationSource {
    /// A share of the training data, between 0 and 1.
    Share(f64),
    /// Files of their own.
    Files(Vec<PathBuf>),
    /// The folder of the validation split in a data set of images.
    Folder,
}
