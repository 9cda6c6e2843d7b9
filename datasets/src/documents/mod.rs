//! Texts of any size in files: running text, and a column of tables, also compressed.
//!
//! ```
//! use zoo_datasets::documents::{DocumentError, DocumentFiles};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let folder = tempfile::tempdir()?;
//! std::fs::write(folder.path().join("a.txt"), "one two")?;
//! std::fs::write(folder.path().join("b.csv"), "id,text\n1,three\n")?;
//!
//! let documents = DocumentFiles::find(&[folder.path().to_owned()], None)?;
//! let mut texts = Vec::new();
//! for file in &documents.files {
//!     documents.read(file, &mut |block| {
//!         texts.push(block.text.to_owned());
//!         Ok::<(), DocumentError>(())
//!     })?;
//! }
//! assert_eq!(texts, ["one two", "three"]);
//! # Ok(())
//! # }
//! ```

mod blocks;
mod error;
mod find;

pub use blocks::DocumentBlock;
pub use error::DocumentError;
pub use find::DocumentFiles;
