//! Downloads one file, completely or not at all.

use super::data_file::DataFile;
use crate::files::write_whole;
use crate::hash::hex;
use indicatif::{ProgressBar, ProgressStyle};
use sha2::{Digest, Sha256};
use std::io::{self, IsTerminal, Read, Write};
use std::path::Path;
use std::time::Duration;

/// Why a download failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(super) enum DownloadError {
    /// The server could not be reached, or refused the request.
    #[error("{0}")]
    Request(#[from] Box<ureq::Error>),
    /// The transfer was interrupted, or the file could not be written.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// The received length differs from the published one.
    #[error("{expected} bytes expected, {found} received")]
    Length {
        /// Published size in bytes.
        expected: u64,
        /// Bytes received before giving up.
        found: u64,
    },
    /// The received content differs from the published one.
    #[error("SHA-256 {expected} expected, {found} received")]
    Changed {
        /// Published SHA-256.
        expected: &'static str,
        /// SHA-256 of the received content.
        found: String,
    },
}

/// Downloads `file` from `url` to `path`, which appears only once it is complete and verified.
///
/// Shows a progress bar on stderr if that is a terminal.
///
/// # Errors
///
/// [`DownloadError`]; `path` is then unchanged, and no temporary file is left in its folder.
pub(super) fn download(file: &DataFile, url: &str, path: &Path) -> Result<(), DownloadError> {
    let agent = ureq::Agent::new_with_config(
        ureq::Agent::config_builder()
            .user_agent(concat!("burn-zoo/", env!("CARGO_PKG_VERSION")))
            .timeout_connect(Some(Duration::from_secs(20)))
            .timeout_recv_response(Some(Duration::from_secs(60)))
            // Per read, not for the whole body: a slow connection is fine, a dead one is not.
            .timeout_per_read(Some(Duration::from_secs(60)))
            .build(),
    );
    let response = agent.get(url).call().map_err(Box::new)?;
    let mut body = response.into_body().into_reader();
    write_whole(path, |to| receive(file, &mut body, to))
}

/// Copies and hashes the body, then checks its length and hash.
fn receive(
    file: &DataFile,
    body: &mut impl Read,
    to: &mut impl Write,
) -> Result<(), DownloadError> {
    let bar = progress_bar(file);
    let mut hash = Sha256::new();
    let mut found = 0;
    let mut buffer = vec![0; 64 * 1024];
    // One byte more than expected is enough to detect a response that is too long.
    while found <= file.bytes {
        let count = match body.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error.into()),
        };
        to.write_all(&buffer[..count])?;
        hash.update(&buffer[..count]);
        found += count as u64;
        bar.inc(count as u64);
    }
    bar.finish_and_clear();
    if found != file.bytes {
        return Err(DownloadError::Length { expected: file.bytes, found });
    }
    let found = hex(&hash.finalize());
    if found != file.sha256 {
        return Err(DownloadError::Changed { expected: file.sha256, found });
    }
    Ok(())
}

fn progress_bar(file: &DataFile) -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(file.bytes).with_message(file.path);
    match ProgressStyle::with_template("{msg} {bar:30} {bytes}/{total_bytes} {eta}") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
