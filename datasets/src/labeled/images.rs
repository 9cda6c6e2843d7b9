//! Image files with their labels.

use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;

use sha2::{Digest, Sha256};

use crate::hash::hex;
use crate::records::FileError;

/// Labeled image files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabeledImages {
    /// The names of the labels, by index.
    pub labels: Vec<String>,
    /// The images, sorted by their names in each data set, or in the order of its table; the order
    /// does not depend on that of the labels.
    pub examples: Vec<LabeledImage>,
}

/// An image file with its label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabeledImage {
    /// The file.
    pub path: PathBuf,
    /// Its path in the data set, which stays the same where the data set is moved.
    pub name: String,
    /// An index into [`LabeledImages::labels`].
    pub label: u32,
}

impl LabeledImages {
    /// The same images with the labels in another order: labels with the same names.
    ///
    /// # Panics
    ///
    /// Panics if a label is missing.
    pub fn with_labels(self, labels: &[String]) -> Self {
        let index: HashMap<&str, u32> = labels.iter().map(String::as_str).zip(0..).collect();
        let place = |name: &String| match index.get(name.as_str()) {
            Some(place) => *place,
            None => panic!("there is no label {name:?}"),
        };
        let places: Vec<u32> = self.labels.iter().map(place).collect();
        let moved =
            |image: LabeledImage| LabeledImage { label: places[image.label as usize], ..image };
        let examples = self.examples.into_iter().map(moved).collect();
        Self { labels: labels.to_vec(), examples }
    }

    /// A SHA-256 over the names, sizes and labels of the files of splits. The files are not read:
    /// a data set may take longer to read than to train a step on.
    ///
    /// # Errors
    ///
    /// A file that does not exist any more.
    pub fn fingerprint(splits: &[&Self]) -> Result<String, FileError> {
        let mut hash = Sha256::new();
        for split in splits {
            hash.update((split.examples.len() as u64).to_le_bytes());
            for LabeledImage { path, name, label } in &split.examples {
                let unreadable = |source| FileError::Unreadable { path: path.clone(), source };
                let size = fs::metadata(path).map_err(unreadable)?.len();
                for part in [name, &split.labels[*label as usize]] {
                    hash.update((part.len() as u64).to_le_bytes());
                    hash.update(part);
                }
                hash.update(size.to_le_bytes());
            }
        }
        Ok(hex(&hash.finalize()))
    }
}
