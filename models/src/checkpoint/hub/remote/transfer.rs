//! Downloads one file, verified and atomically.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::time::Duration;

use super::cache::{failed, make_folder};
use super::client::{Client, header};
use super::listing::{Checksum, RemoteFile};
use crate::checkpoint::hub::{HubError, HubEvent, ModelId};

/// The maximum number of consecutive attempts without a byte received.
const ATTEMPTS: u32 = 5;

/// The download of one file.
pub(super) struct Transfer<'a> {
    pub(super) client: &'a Client<'a>,
    pub(super) id: &'a ModelId,
    pub(super) address: String,
    pub(super) name: &'a str,
    pub(super) file: &'a RemoteFile,
}

/// How a transfer ended.
enum End {
    Whole,
    Broken(String),
}

impl Transfer<'_> {
    /// Downloads to a temporary file in the same folder, resumes an earlier run, and renames the
    /// file once it is verified.
    pub(super) fn to(
        &self,
        blob: &Path,
        watch: &mut dyn FnMut(HubEvent<'_>),
    ) -> Result<(), HubError> {
        make_folder(blob)?;
        let path = blob.with_extension("incomplete");
        let in_context = failed(&path);
        let mut part = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(&in_context)?;
        let length = |part: &File| part.metadata().map(|found| found.len()).map_err(&in_context);
        let mut failures = 0;
        loop {
            let before = length(&part)?;
            let reason = match self.receive(&mut part, &path, watch)? {
                End::Whole => break,
                End::Broken(reason) => reason,
            };
            let received = length(&part)?;
            failures = if received > before { 1 } else { failures + 1 };
            if failures >= ATTEMPTS {
                let (file, bytes) = (self.name.to_string(), self.file.bytes);
                return Err(HubError::Interrupted { file, received, bytes, reason });
            }
            std::thread::sleep(Duration::from_millis(50 << failures));
        }
        if let Err(error) = self.check(&mut part, &path) {
            let _ = fs::remove_file(&path);
            return Err(error);
        }
        part.sync_all().map_err(&in_context)?;
        fs::rename(&path, blob).map_err(failed(blob))
    }

    /// Appends the remaining bytes to the partial file.
    fn receive(
        &self,
        part: &mut File,
        path: &Path,
        watch: &mut dyn FnMut(HubEvent<'_>),
    ) -> Result<End, HubError> {
        let in_context = failed(path);
        let mut received = part.seek(SeekFrom::End(0)).map_err(&in_context)?;
        if received == self.file.bytes {
            return Ok(End::Whole);
        }
        let restart = |part: &mut File| -> Result<u64, HubError> {
            part.set_len(0).map_err(&in_context)?;
            part.rewind().map_err(&in_context)?;
            Ok(0)
        };
        if received > self.file.bytes {
            received = restart(part)?;
        }
        let response = match self.client.get(self.id, &self.address, received) {
            Ok(response) => response,
            Err(HubError::Unreachable { reason, .. }) => return Ok(End::Broken(reason)),
            Err(other) => return Err(other),
        };
        let goes_on = header(&response, "content-range")
            .is_some_and(|range| range.starts_with(&format!("bytes {received}-")));
        match response.status().as_u16() {
            206 if goes_on => {}
            // The server does not support ranges and sends the whole file.
            200 => received = restart(part)?,
            status => {
                restart(part)?;
                return Ok(End::Broken(format!("status {status} for a range request")));
            }
        }
        let mut body = response.into_body().into_reader();
        let mut buffer = vec![0; 256 * 1024];
        watch(HubEvent::Bytes(received));
        // One byte more than expected shows that the body is too long.
        while received <= self.file.bytes {
            let count = match body.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Ok(End::Broken(error.to_string())),
            };
            part.write_all(&buffer[..count]).map_err(&in_context)?;
            received += count as u64;
            watch(HubEvent::Bytes(received));
        }
        match received < self.file.bytes {
            true => Ok(End::Broken("the response ended early".into())),
            false => Ok(End::Whole),
        }
    }

    /// Checks size and checksum against the Hub's listing.
    fn check(&self, part: &mut File, path: &Path) -> Result<(), HubError> {
        let in_context = failed(path);
        let changed = |what, expected: String, found: String| HubError::Changed {
            file: self.name.to_string(),
            what,
            expected,
            found,
        };
        let bytes = part.metadata().map_err(&in_context)?.len();
        if bytes != self.file.bytes {
            return Err(changed("bytes", self.file.bytes.to_string(), bytes.to_string()));
        }
        part.rewind().map_err(&in_context)?;
        let (what, found) = match self.file.checksum {
            Checksum::Sha256 => ("SHA-256", sha256(part)),
            Checksum::Git => ("SHA-1", git_sha1(part, bytes)),
        };
        let found = found.map_err(&in_context)?;
        match found == self.file.blob {
            true => Ok(()),
            false => Err(changed(what, self.file.blob.clone(), found)),
        }
    }
}

fn sha256(file: &mut File) -> io::Result<String> {
    use sha2::{Digest, Sha256};
    let mut hasher = Sha256::new();
    read_all(file, |bytes| hasher.update(bytes))?;
    Ok(hex(&hasher.finalize()))
}

/// The file's git blob hash.
fn git_sha1(file: &mut File, bytes: u64) -> io::Result<String> {
    use sha1::{Digest, Sha1};
    let mut hasher = Sha1::new();
    hasher.update(format!("blob {bytes}\0"));
    read_all(file, |bytes| hasher.update(bytes))?;
    Ok(hex(&hasher.finalize()))
}

fn read_all(file: &mut File, mut take: impl FnMut(&[u8])) -> io::Result<()> {
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(()),
            count => take(&buffer[..count]),
        }
    }
}

/// Bytes as lower-case hexadecimal digits.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
