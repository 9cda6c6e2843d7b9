//! Errors of loading and saving checkpoints.

use std::fmt;
use std::path::PathBuf;

use thiserror::Error;

use crate::hf::config::ConfigError;

/// Why a model could not be loaded from a directory.
#[derive(Debug, Error)]
pub enum LoadError {
    /// A file cannot be read.
    #[error("{}: {source}", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The I/O error.
        source: std::io::Error,
    },
    /// There is no such directory, or it does not contain a model.
    #[error("{}: {reason}", .path.display())]
    NotAModel {
        /// The directory.
        path: PathBuf,
        /// What is missing, and how to fix it.
        reason: String,
    },
    /// `config.json` is invalid or not supported.
    #[error("{}: {source}", .path.display())]
    Config {
        /// The file.
        path: PathBuf,
        /// The error, with the field and its value.
        source: ConfigError,
    },
    /// A weights file is invalid.
    #[error("{}: {reason}", .path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The checkpoint's keys do not match the model's parameters.
    #[error("{}: the checkpoint does not fit the model{}", .path.display(), list(.problems))]
    Keys {
        /// The directory.
        path: PathBuf,
        /// Every key that does not match.
        problems: Vec<KeyProblem>,
    },
}

/// A key that does not match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyProblem {
    /// The model has a parameter that the checkpoint lacks.
    Missing {
        /// The checkpoint's key.
        key: String,
        /// Its expected shape.
        expected: Vec<usize>,
    },
    /// The checkpoint has a tensor that the model does not use.
    Unused {
        /// The checkpoint's key.
        key: String,
        /// The file that holds it.
        file: PathBuf,
    },
    /// The shapes differ.
    Shape {
        /// The checkpoint's key.
        key: String,
        /// The shape that the config implies.
        expected: Vec<usize>,
        /// The shape in the file.
        found: Vec<usize>,
    },
    /// The data type is not a supported float type.
    DataType {
        /// The checkpoint's key.
        key: String,
        /// The type in the file.
        found: String,
    },
    /// A second copy of a tied weight has other values.
    Untied {
        /// The checkpoint's key.
        key: String,
        /// The weight that it should equal.
        of: String,
    },
}

impl fmt::Display for KeyProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { key, expected } => write!(f, "missing     {key} {expected:?}"),
            Self::Unused { key, file } => {
                let file = file.file_name().unwrap_or(file.as_os_str()).to_string_lossy();
                write!(f, "unused      {key} (in {file})")
            }
            Self::Shape { key, expected, found } => {
                write!(f, "misshapen   {key}: expected {expected:?}, found {found:?}")
            }
            Self::DataType { key, found } => {
                write!(f, "wrong type  {key}: {found}; F64, F32, F16 and BF16 are supported")
            }
            Self::Untied { key, of } => write!(
                f,
                "untied      {key} differs from {of}, but the config ties them \
                 (set tie_word_embeddings: false to keep both)"
            ),
        }
    }
}

/// The maximum number of problems printed; a wrong config causes hundreds.
const PRINTED: usize = 40;

fn list(problems: &[KeyProblem]) -> String {
    let mut text: String = problems.iter().take(PRINTED).map(|p| format!("\n  {p}")).collect();
    if problems.len() > PRINTED {
        text += &format!("\n  … and {} more", problems.len() - PRINTED);
    }
    text
}

/// Why a model could not be saved.
#[derive(Debug, Error)]
pub enum SaveError {
    /// A file or folder cannot be written.
    #[error("cannot write {}: {source}", .path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// The I/O error.
        source: std::io::Error,
    },
    /// The tensors cannot be serialized as safetensors.
    #[error("cannot write {}: {reason}", .path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// The reason.
        reason: String,
    },
}
