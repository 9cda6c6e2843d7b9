//! A program without images.

use std::path::Path;

use anyhow::{Error, Result};
use serde_json::Value;

use super::super::{Global, usage};
use super::ImageInput;
use crate::datasets::labeled::LabeledImages;
use crate::models::checkpoint::ModelSpec;

fn absent() -> Error {
    usage("this program cannot read images; build it with the feature images")
}

/// See the feature `images`.
pub(in crate::cli) fn of_model(_folder: &Path, _spec: &ModelSpec) -> Result<ImageInput> {
    Err(absent())
}

/// See the feature `images`.
pub(in crate::cli) fn of_preprocessor(_preprocessor: &Value, _family: &str) -> Result<ImageInput> {
    Err(absent())
}

/// See the feature `images`.
pub(in crate::cli) fn check(_global: &Global, _splits: &[&LabeledImages]) -> Result<()> {
    Err(absent())
}
