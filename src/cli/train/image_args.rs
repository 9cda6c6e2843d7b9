//! The flags of `zoo train` for images.

use super::task_args::length;
use crate::datasets::batch::Augment;

/// The side of a new model's images in pixels: its 64 patches are as many as the tokens of
/// `zoo train` without a task.
const IMAGE_SIZE: usize = 64;

/// The patches along a side of an image.
const PATCHES: usize = 8;

/// How images are learned.
#[derive(clap::Args)]
pub(super) struct ImageArgs {
    /// Random changes of training images: flip (left to right), crop (a random part); several are
    /// separated by commas [default: none]
    #[arg(
        long,
        value_name = "KINDS",
        help_heading = "Task",
        value_delimiter = ',',
        requires = "task"
    )]
    pub(super) augment: Vec<Augment>,
    /// Height and width of a new model's images, in pixels [default: 64]
    #[arg(
        long,
        value_name = "N",
        help_heading = "Model",
        value_parser = length,
        requires = "task",
        conflicts_with = "init_from"
    )]
    image_size: Option<usize>,
    /// Height and width of a new model's patches, in pixels [default: an eighth of --image-size]
    #[arg(
        long,
        value_name = "N",
        help_heading = "Model",
        value_parser = length,
        requires = "task",
        conflicts_with = "init_from"
    )]
    patch_size: Option<usize>,
}

impl ImageArgs {
    /// The first flag that only images have.
    pub(super) fn given(&self) -> Option<&'static str> {
        let flags = [
            ("--augment", !self.augment.is_empty()),
            ("--image-size", self.image_size.is_some()),
            ("--patch-size", self.patch_size.is_some()),
        ];
        flags.into_iter().find_map(|(flag, is_given)| is_given.then_some(flag))
    }

    /// Height and width of a new model's images.
    pub(super) fn image_size(&self) -> usize {
        self.image_size.unwrap_or(IMAGE_SIZE)
    }

    /// Height and width of a new model's patches.
    pub(super) fn patch_size(&self) -> usize {
        self.patch_size.unwrap_or((self.image_size() / PATCHES).max(1))
    }
}
