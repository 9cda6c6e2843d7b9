//! Image files as the input of models, in a program that is built with the feature `images`.

#[cfg(not(feature = "images"))]
mod absent;
#[cfg(feature = "images")]
mod files;
mod input;

#[cfg(not(feature = "images"))]
pub(super) use absent::{check, of_model, of_preprocessor};
#[cfg(feature = "images")]
pub(super) use files::{check, of_model, of_preprocessor};
pub(super) use input::ImageInput;
