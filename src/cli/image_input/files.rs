//! Image files, preprocessed for a model.

use std::path::Path;
use std::sync::Arc;

use anyhow::Result;
use serde_json::Value;

use super::super::{Global, usage};
use super::ImageInput;
use crate::datasets::labeled::LabeledImages;
use crate::models::checkpoint::ModelSpec;
use crate::pipeline::{ImageFiles, ImageReader, Picture};

/// Images as the `preprocessor_config.json` of a model prepares them.
pub(in crate::cli) fn of_model(folder: &Path, spec: &ModelSpec) -> Result<ImageInput> {
    let Some(patches) = spec.architecture.backbone.patches() else {
        return Err(usage(format!("{} is a model of texts", spec.family.name())));
    };
    let reader = ImageReader::read_for(folder, spec.family.name(), patches)?;
    let file = folder.join("preprocessor_config.json");
    let files = ImageFiles::new(reader);
    let files = files.map_err(|reason| usage(format!("{}: {reason}", file.display())))?;
    Ok(ImageInput { size: files.size(), loader: Arc::new(files) })
}

/// Images as a new `preprocessor_config.json` prepares them.
pub(in crate::cli) fn of_preprocessor(preprocessor: &Value, family: &str) -> Result<ImageInput> {
    let reader = ImageReader::parse(&preprocessor.to_string(), family).map_err(usage)?;
    let files = ImageFiles::new(reader).map_err(usage)?;
    Ok(ImageInput { size: files.size(), loader: Arc::new(files) })
}

/// Checks the beginning of every image, before anything is computed.
pub(in crate::cli) fn check(global: &Global, splits: &[&LabeledImages]) -> Result<()> {
    let images: usize = splits.iter().map(|split| split.examples.len()).sum();
    let bar = global.bar(images as u64, "images");
    for image in splits.iter().flat_map(|split| &split.examples) {
        Picture::check(&image.path).map_err(usage)?;
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(())
}
