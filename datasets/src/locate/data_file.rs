//! A published file.

/// One file of a data set, as published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DataFile {
    /// Path below the data folder and below the cache, with `/` between its parts.
    pub path: &'static str,
    /// Download URLs, tried in this order.
    pub urls: &'static [&'static str],
    /// SHA-256 in lower-case hexadecimal digits.
    pub sha256: &'static str,
    /// Size in bytes.
    pub bytes: u64,
}
