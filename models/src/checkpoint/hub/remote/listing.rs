//! The Hub's listing of a model's files.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::checkpoint::hub::id::is_hex;

/// The files of a model at one commit.
pub(super) struct Listing {
    pub(super) commit: String,
    pub(super) files: BTreeMap<String, RemoteFile>,
}

/// A file on the Hub.
pub(super) struct RemoteFile {
    /// Its name in the cache.
    pub(super) blob: String,
    pub(super) bytes: u64,
    pub(super) checksum: Checksum,
}

/// How a file is verified.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Checksum {
    /// The SHA-256 of a large file, which is its name in the cache.
    Sha256,
    /// The git SHA-1 of a small file, which is its name in the cache.
    Git,
}

#[derive(Deserialize)]
struct Answer {
    sha: String,
    siblings: Vec<Sibling>,
}

#[derive(Deserialize)]
struct Sibling {
    rfilename: String,
    #[serde(default)]
    size: Option<u64>,
    #[serde(rename = "blobId", default)]
    blob_id: Option<String>,
    #[serde(default)]
    lfs: Option<LargeFile>,
}

#[derive(Deserialize)]
struct LargeFile {
    sha256: String,
    size: u64,
}

impl Listing {
    /// Parses the Hub's response. Its hashes become file names in the cache, so each is validated.
    pub(super) fn parse(answer: &[u8]) -> Result<Self, String> {
        let answer: Answer = serde_json::from_slice(answer).map_err(|error| error.to_string())?;
        if !is_hex(&answer.sha, 40) {
            return Err(format!("{:?} is not a commit", answer.sha));
        }
        let mut files = BTreeMap::new();
        for sibling in answer.siblings {
            let file = sibling.file()?;
            files.insert(sibling.rfilename, file);
        }
        Ok(Self { commit: answer.sha, files })
    }
}

impl Sibling {
    fn file(&self) -> Result<RemoteFile, String> {
        if let Some(large) = &self.lfs {
            if !is_hex(&large.sha256, 64) {
                return Err(format!("{:?} is not a SHA-256 hash", large.sha256));
            }
            let (blob, bytes) = (large.sha256.clone(), large.size);
            return Ok(RemoteFile { blob, bytes, checksum: Checksum::Sha256 });
        }
        let (Some(blob), Some(bytes)) = (&self.blob_id, self.size) else {
            return Err(format!("{:?} has no size or no hash", self.rfilename));
        };
        if !is_hex(blob, 40) {
            return Err(format!("{blob:?} is not a git hash"));
        }
        Ok(RemoteFile { blob: blob.clone(), bytes, checksum: Checksum::Git })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invalid_hashes_are_rejected() {
        let hex = "0123456789abcdef0123456789abcdef01234567";
        let file = |blob: &str| format!(r#"{{"rfilename":"a","size":1,"blobId":"{blob}"}}"#);
        let answer = |sha: &str, file: &str| format!(r#"{{"sha":"{sha}","siblings":[{file}]}}"#);
        assert!(Listing::parse(answer(hex, &file(hex)).as_bytes()).is_ok());
        for bad in [
            answer("../../../etc", &file(hex)),
            answer(hex, &file("../../x")),
            answer(hex, r#"{"rfilename":"a"}"#),
            answer(hex, r#"{"rfilename":"a","lfs":{"sha256":"/etc/passwd","size":1}}"#),
            answer(hex, r#"{"rfilename":"a","size":-1,"blobId":""}"#),
            "[]".to_string(),
        ] {
            assert!(Listing::parse(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
