//! What can be wrong with a checkpoint.

use std::fmt;
use std::path::PathBuf;

use thiserror::Error;

use crate::hf::config::ConfigError;

/// Why a directory gives no model.
#[derive(Debug, Error)]
pub enum LoadError {
    /// A file cannot be read.
    #[error("{}: {source}", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// There is no such directory, or nothing in it that could be a model.
    #[error("{}: {reason}", .path.display())]
    NotAModel {
        /// The directory.
        path: PathBuf,
        /// What is missing, and the way out.
        reason: String,
    },
    /// `config.json` is not one that we can follow.
    #[error("{}: {source}", .path.display())]
    Config {
        /// The file.
        path: PathBuf,
        /// The field and its value.
        source: ConfigError,
    },
    /// A weights file is not what it should be.
    #[error("{}: {reason}", .path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Keys and parameters do not correspond.
    #[error("{}: the checkpoint does not fit the model{}", .path.display(), list(.problems))]
    Keys {
        /// The directory.
        path: PathBuf,
        /// Every key that does not fit.
        problems: Vec<KeyProblem>,
    },
}

/// A key that does not fit.
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
        /// The shape that the config asks for.
        expected: Vec<usize>,
        /// The shape in the file.
        found: Vec<usize>,
    },
    /// Not a float type that we read.
    DataType {
        /// The checkpoint's key.
        key: String,
        /// The type in the file.
        found: String,
    },
    /// A second copy of a tied weight that is not a copy.
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
                write!(f, "wrong type  {key}: {found}; F64, F32, F16 and BF16 are read")
            }
            Self::Untied { key, of } => write!(
                f,
                "untied      {key} differs from {of}, but the config ties them \
                 (tie_word_embeddings: false would keep both)"
            ),
        }
    }
}

/// At most this many problems are printed; a wrong config gives hundreds.
const PRINTED: usize = 40;

fn list(problems: &[KeyProblem]) -> String {
    let mut text: String = problems.iter().take(PRINTED).map(|p| format!("\n  {p}")).collect();
    if problems.len() > PRINTED {
        text += &format!("\n  … and {} more", problems.len() - PRINTED);
    }
    text
}

/// Why a model could not be written.
#[derive(Debug, Error)]
pub enum SaveError {
    /// A file or folder cannot be written.
    #[error("cannot write {}: {source}", .path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The tensors cannot be laid out as safetensors.
    #[error("cannot write {}: {reason}", .path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
}
