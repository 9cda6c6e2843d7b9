//! Atomic file writes: a file is complete or absent.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use super::SaveError;

/// Writes a file under a temporary name in the same folder and renames it once it is complete and
/// synced to disk, so that a crash or a full disk leaves the old file unchanged.
///
/// # Errors
///
/// The error names the file; the temporary file is removed.
pub fn write_atomically(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), SaveError> {
    let in_context = |source| SaveError::Write { path: path.to_path_buf(), source };
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    // The temporary file is removed on drop unless it was persisted.
    let temporary =
        tempfile::Builder::new().prefix(".tmp-").tempfile_in(folder).map_err(in_context)?;
    // Writes to the inner `File`: errors of the temporary file name a path unknown to the user.
    let mut writer = BufWriter::with_capacity(1 << 20, temporary.as_file());
    write(&mut writer).map_err(in_context)?;
    writer.into_inner().map_err(|error| in_context(error.into_error()))?;
    temporary.as_file().sync_all().map_err(in_context)?;
    make_readable(temporary.as_file()).map_err(in_context)?;
    temporary.persist(path).map_err(|error| in_context(error.error))?;
    sync_dir(folder).map_err(in_context)
}

/// Makes a folder's directory entries durable, as [`File::sync_all`] does for a file's bytes.
///
/// # Errors
///
/// The I/O error of the operating system.
pub fn sync_dir(folder: &Path) -> io::Result<()> {
    // Only Unix can open a folder to sync it; elsewhere renames are durable enough.
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

/// Sets mode 644: temporary files are private to their owner, but a model should be readable.
#[cfg(unix)]
fn make_readable(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn make_readable(_file: &File) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_write_leaves_the_old_file_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        write_atomically(&path, |w| w.write_all(b"old")).unwrap();
        let failed = write_atomically(&path, |w| {
            w.write_all(b"new")?;
            Err(io::Error::other("disk full"))
        });
        assert!(failed.unwrap_err().to_string().contains("a.json: disk full"));
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
