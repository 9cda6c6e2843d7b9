//! File formats, by the extensions of file names.

use std::path::Path;

/// The formats and their extensions, for messages.
pub(super) const FORMATS: &str = "JSON Lines (.jsonl, .ndjson), JSON (.json), tables (.csv, .tsv), \
     CoNLL (.conll, .conllu, .iob, .bio, .txt) and Parquet (.parquet), each also with .gz or .zst";

/// The format of a data file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// One JSON object per line.
    Jsonl,
    /// An array of objects, an object with such an array as `data`, or SQuAD's nesting.
    Json,
    /// A table with a header; commas separate the fields if nothing else fits better.
    Csv,
    /// A table with a header; tabs separate the fields if nothing else fits better.
    Tsv,
    /// A token and its tag per line, as the first and last column; sentences end with blank lines.
    Conll,
    /// Universal Dependencies: tokens (`FORM`) and parts of speech (`UPOS`).
    Conllu,
    /// Apache Parquet.
    Parquet,
}

impl Format {
    /// The format of a file by its extension, in front of `.gz` or `.zst` where there is one.
    pub fn of(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_string_lossy().to_lowercase();
        let compressed = Compression::of(path).and_then(|it| name.strip_suffix(it.suffix()));
        let name = compressed.unwrap_or(&name);
        let (_, extension) = name.rsplit_once('.')?;
        Some(match extension {
            "jsonl" | "ndjson" => Self::Jsonl,
            "json" => Self::Json,
            "csv" => Self::Csv,
            "tsv" => Self::Tsv,
            "conll" | "iob" | "iob2" | "bio" | "txt" => Self::Conll,
            "conllu" => Self::Conllu,
            "parquet" => Self::Parquet,
            _ => return None,
        })
    }

    /// Whether files of this format have columns, one of which can be a text.
    pub fn has_columns(self) -> bool {
        !matches!(self, Self::Conll | Self::Conllu)
    }
}

/// How a file is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compression {
    Gzip,
    Zstd,
}

impl Compression {
    /// The compression of a file by the end of its name.
    pub(super) fn of(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_string_lossy().to_lowercase();
        [Self::Gzip, Self::Zstd].into_iter().find(|it| name.ends_with(it.suffix()))
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        }
    }

    fn suffix(self) -> &'static str {
        match self {
            Self::Gzip => ".gz",
            Self::Zstd => ".zst",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_extension_in_front_of_a_compression_decides() {
        let of = |name: &str| Format::of(Path::new(name));
        assert_eq!(of("a/b.CSV.GZ"), Some(Format::Csv));
        assert_eq!(of("b.test.jsonl.zst"), Some(Format::Jsonl));
        assert_eq!(of("b.iob2"), Some(Format::Conll));
        for unknown in ["b", "b.gz", "csv", "b.xlsx", "b.csv.bz2", "", ".."] {
            assert_eq!(of(unknown), None, "{unknown}");
        }
    }
}
