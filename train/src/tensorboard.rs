//! TensorBoard event files: scalars by step.
//!
//! A file has records of a length, a checksum of the length, a serialized `Event` and a checksum of
//! it. An `Event` is a protocol buffer with the fields `wall_time` (1, f64), `step` (2, varint),
//! `file_version` (3, string) and `summary` (5); a summary has values (1) with a `tag` (1, string)
//! and a `simple_value` (2, f32).
//!
//! References: `tensorflow/core/lib/io/record_writer.h`, `tensorboard/compat/proto/event.proto`

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use zoo_models::checkpoint::SaveError;

/// The folder of the event file in a run directory.
pub(crate) const TENSORBOARD: &str = "tensorboard";
const PREFIX: &str = "events.out.tfevents.";
/// Bytes of a record around its event: the length, its checksum, and that of the event.
const LENGTH: usize = 8;
const CHECKSUM: usize = 4;

/// The event file of a run.
#[derive(Debug)]
pub(crate) struct EventFile {
    file: File,
    path: PathBuf,
}

/// A value of a step.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Scalar {
    /// The name of its chart; a slash separates the group of the chart.
    pub(crate) tag: String,
    /// The value, which the file has in f32.
    pub(crate) value: f64,
}

impl Scalar {
    pub(crate) fn new(tag: impl Into<String>, value: f64) -> Self {
        Self { tag: tag.into(), value }
    }
}

impl EventFile {
    /// Opens the event file in a folder to continue after `step`: later events, which a killed
    /// process wrote after its last checkpoint, are removed. `None` removes all.
    ///
    /// # Errors
    ///
    /// The error names the file.
    pub(crate) fn open(folder: &Path, step: Option<usize>) -> Result<Self, SaveError> {
        let in_context = |source| SaveError::Write { path: folder.to_path_buf(), source };
        fs::create_dir_all(folder).map_err(in_context)?;
        let entries = fs::read_dir(folder).map_err(in_context)?.flatten();
        let is_event = |path: &PathBuf| {
            path.file_name().and_then(|name| name.to_str()).is_some_and(|n| n.starts_with(PREFIX))
        };
        let found = entries.map(|entry| entry.path()).filter(is_event).min();
        let path = found.unwrap_or_else(|| {
            let host = sysinfo::System::host_name().unwrap_or_else(|| "localhost".to_string());
            folder.join(format!("{PREFIX}{:010}.{host}", wall_time() as u64))
        });
        let in_file = |source| SaveError::Write { path: path.clone(), source };
        let file = OpenOptions::new().create(true).append(true).open(&path).map_err(in_file)?;
        let written = fs::read(&path).map_err(in_file)?;
        let kept = step.map_or(0, |step| length_until(&written, step));
        file.set_len(kept as u64).map_err(in_file)?;
        let events = Self { file, path: path.clone() };
        if kept == 0 {
            let mut version = time_field();
            write_bytes(&mut version, 3, b"brain.Event:2");
            events.append(&version).map_err(in_file)?;
        }
        Ok(events)
    }

    /// Appends the values of a step.
    ///
    /// # Errors
    ///
    /// The error names the file.
    pub(crate) fn write(&self, step: usize, scalars: &[Scalar]) -> Result<(), SaveError> {
        let mut summary = Vec::new();
        for Scalar { tag, value } in scalars {
            let mut fields = Vec::new();
            write_bytes(&mut fields, 1, tag.as_bytes());
            fields.push(2 << 3 | 5);
            fields.extend((*value as f32).to_le_bytes());
            write_bytes(&mut summary, 1, &fields);
        }
        let mut event = time_field();
        event.push(2 << 3);
        write_varint(&mut event, step as u64);
        write_bytes(&mut event, 5, &summary);
        let in_file = |source| SaveError::Write { path: self.path.clone(), source };
        self.append(&event).map_err(in_file)
    }

    fn append(&self, event: &[u8]) -> io::Result<()> {
        let length = (event.len() as u64).to_le_bytes();
        let mut record = length.to_vec();
        record.extend(masked_checksum(&length).to_le_bytes());
        record.extend(event);
        record.extend(masked_checksum(event).to_le_bytes());
        (&self.file).write_all(&record)
    }
}

/// Seconds since 1970.
fn wall_time() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}

/// An event with its time.
fn time_field() -> Vec<u8> {
    let mut event = vec![1 << 3 | 1];
    event.extend(wall_time().to_le_bytes());
    event
}

fn write_varint(to: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        to.push(value as u8 | 0x80);
        value >>= 7;
    }
    to.push(value as u8);
}

fn write_bytes(to: &mut Vec<u8>, field: u8, bytes: &[u8]) {
    to.push(field << 3 | 2);
    write_varint(to, bytes.len() as u64);
    to.extend(bytes);
}

/// The length of the complete records up to a step.
fn length_until(written: &[u8], step: usize) -> usize {
    let mut kept = 0;
    while let Some(event) = event_at(written, kept)
        && step_of(event) <= step as u64
    {
        kept += LENGTH + CHECKSUM + event.len() + CHECKSUM;
    }
    kept
}

/// The event of a complete record.
fn event_at(written: &[u8], at: usize) -> Option<&[u8]> {
    let length = written.get(at..at + LENGTH)?;
    let length = usize::try_from(u64::from_le_bytes(length.try_into().ok()?)).ok()?;
    let begin = at + LENGTH + CHECKSUM;
    let end = begin.checked_add(length)?;
    let event = written.get(begin..end)?;
    let checksum = written.get(end..end + CHECKSUM)?;
    (checksum == masked_checksum(event).to_le_bytes()).then_some(event)
}

/// The step of an event, which follows its time.
fn step_of(event: &[u8]) -> u64 {
    let rest = event.get(1 + size_of::<f64>()..).unwrap_or_default();
    let Some((&tag, rest)) = rest.split_first() else { return 0 };
    if tag != 2 << 3 {
        return 0; // The version has none.
    }
    let length = rest.iter().position(|byte| byte & 0x80 == 0).unwrap_or(0);
    let parts = rest.get(..=length).unwrap_or_default().iter().zip(0..);
    parts.fold(0, |value, (byte, part)| value | u64::from(byte & 0x7f) << (7 * part))
}

/// CRC-32C, rotated and shifted: a checksum of data that has checksums inside.
fn masked_checksum(bytes: &[u8]) -> u32 {
    let mut crc = !0_u32;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0x82f6_3b78 * (crc & 1));
        }
    }
    (!crc).rotate_right(15).wrapping_add(0xa282_ead8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_those_of_the_format() {
        // RFC 3720, B.4: 32 zeros, and 32 ascending bytes.
        let unmasked =
            |bytes: &[u8]| masked_checksum(bytes).wrapping_sub(0xa282_ead8).rotate_left(15);
        assert_eq!(unmasked(&[0; 32]), 0x8a91_36aa);
        assert_eq!(unmasked(&(0..32).collect::<Vec<u8>>()), 0x46dd_794e);
    }

    #[test]
    fn resuming_removes_events_after_the_checkpoint() {
        let folder = tempfile::tempdir().unwrap();
        let scalar = |value| [Scalar::new("train/loss", value)];
        let events = EventFile::open(folder.path(), None).unwrap();
        for step in [1, 2, 300] {
            events.write(step, &scalar(step as f64)).unwrap();
        }
        let whole = fs::read(&events.path).unwrap();
        let steps = |path: &Path| {
            let written = fs::read(path).unwrap();
            let (mut at, mut steps) = (0, Vec::new());
            while let Some(event) = event_at(&written, at) {
                steps.push(step_of(event));
                at += LENGTH + CHECKSUM + event.len() + CHECKSUM;
            }
            assert_eq!(at, written.len());
            steps
        };
        assert_eq!(steps(&events.path), [0, 1, 2, 300]);
        // A killed process left an incomplete record.
        fs::write(&events.path, &whole[..whole.len() - 3]).unwrap();
        let events = EventFile::open(folder.path(), Some(1)).unwrap();
        events.write(2, &scalar(2.0)).unwrap();
        assert_eq!(steps(&events.path), [0, 1, 2]);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        let events = EventFile::open(folder.path(), None).unwrap();
        assert_eq!(steps(&events.path), [0]);
    }
}
