//! A hash of Rust sources: which code a stored measurement is of.
//!
//! Comments on lines of their own, indentation and unit tests do not count.
//!
//! ```
//! use zoo_fingerprint::Fingerprint;
//!
//! let of = |source: &str| {
//!     let mut fingerprint = Fingerprint::default();
//!     fingerprint.add_source(source);
//!     fingerprint.finish()
//! };
//! assert_eq!(of("// A share.\nconst A: f32 = 0.5;"), of("const A: f32 = 0.5;"));
//! assert_ne!(of("const A: f32 = 0.5;"), of("const A: f32 = 0.6;"));
//! ```

use std::fs;
use std::io;
use std::path::Path;

use sha2::{Digest, Sha256};

/// Compiles the README's example.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

/// A hash that sources are added to, one after the other.
#[derive(Debug, Clone, Default)]
pub struct Fingerprint(Sha256);

impl Fingerprint {
    /// Adds the code of a file, or of all Rust files of a folder in the order of their names.
    ///
    /// # Errors
    ///
    /// Fails if a file or a folder cannot be read.
    pub fn add_path(&mut self, path: &Path) -> io::Result<()> {
        if path.is_file() {
            self.add_source(&fs::read_to_string(path)?);
            return Ok(());
        }
        let entries = fs::read_dir(path)?.map(|entry| entry.map(|entry| entry.path()));
        let mut entries = entries.collect::<io::Result<Vec<_>>>()?;
        entries.sort();
        for entry in entries {
            if entry.is_dir() || entry.extension().is_some_and(|extension| extension == "rs") {
                self.add_path(&entry)?;
            }
        }
        Ok(())
    }

    /// Adds the code of a source text.
    pub fn add_source(&mut self, text: &str) {
        code_lines(text).for_each(|line| self.add_text(line.trim()));
    }

    /// Adds a text as it is.
    pub fn add_text(&mut self, text: &str) {
        self.0.update(text);
        self.0.update("\n");
    }

    /// The hash in hexadecimal digits.
    pub fn finish(self) -> String {
        self.0.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// The part of a source text before its unit tests.
pub fn before_tests(text: &str) -> &str {
    text.split("\n#[cfg(test)]\n").next().unwrap_or(text)
}

/// The lines of a source text before its unit tests that are not comments.
pub fn code_lines(text: &str) -> impl Iterator<Item = &str> {
    before_tests(text).lines().filter(|line| !line.trim_start().starts_with("//"))
}
