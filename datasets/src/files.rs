//! Atomic file writes: a reader never sees a partial file.

use std::fs;
use std::io;
use std::path::Path;

/// Writes `path` through a temporary file in the same folder, which is renamed once complete.
///
/// If `write` fails, the temporary file is removed and `path` stays unchanged.
///
/// # Errors
///
/// The error of `write`, or the I/O error of creating, syncing or renaming the file.
pub(crate) fn write_whole<E: From<io::Error>>(
    path: &Path,
    write: impl FnOnce(&mut fs::File) -> Result<(), E>,
) -> Result<(), E> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(".part-");
    #[cfg(unix)]
    {
        // A temporary file is private by default; this one becomes an ordinary file, so it gets
        // the permissions that the user's umask allows.
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    let mut file = builder.tempfile_in(folder)?;
    write(file.as_file_mut())?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}
