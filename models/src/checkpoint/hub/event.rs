//! The progress of a download.

/// Progress events of a download.
#[derive(Debug)]
pub enum HubEvent<'a> {
    /// The download of a file starts.
    File {
        /// Its name.
        name: &'a str,
        /// Its size in bytes.
        bytes: u64,
    },
    /// The number of bytes of the file received so far, including those of earlier runs.
    Bytes(u64),
    /// The file is complete and verified.
    Done,
    /// The Hub does not respond, so the cached files are used.
    Cached {
        /// Why it does not respond.
        reason: String,
    },
}
