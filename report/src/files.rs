//! The files of a report.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::error::ReportError;
use crate::html::html;
use crate::json::{json, read};
use crate::markdown::markdown;
use crate::runs::csv;
use crate::study::Study;

/// Writes `report.html`, `report.md`, `runs.csv` and `study.json` into a folder, which is created
/// if it is missing. Each file is written atomically. Returns the paths in this order.
///
/// # Errors
///
/// A file cannot be written, and the error names it; or the study is invalid, and nothing is
/// written.
pub fn write(study: &Study, folder: &Path) -> Result<Vec<PathBuf>, ReportError> {
    let json = json(study)?;
    // Renders the rounded values, so that all four files agree to the last digit.
    let study = &read(&json)?;
    let texts = [
        ("report.html", html(study)?),
        ("report.md", markdown(study)),
        ("runs.csv", csv(study)?),
        ("study.json", json),
    ];
    let in_context = |path: &Path, source| ReportError::Write { path: path.to_path_buf(), source };
    fs::create_dir_all(folder).map_err(|source| in_context(folder, source))?;
    let mut paths = Vec::new();
    for (name, text) in texts {
        let path = folder.join(name);
        write_atomically(folder, name, &text).map_err(|source| in_context(&path, source))?;
        paths.push(path);
    }
    Ok(paths)
}

/// Writes a file through a temporary file in the same folder, which is renamed once complete.
fn write_atomically(folder: &Path, name: &str, text: &str) -> io::Result<()> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".tmp-");
    #[cfg(unix)]
    {
        // A temporary file is private by default; this one becomes an ordinary file, so it gets
        // the permissions that the user's umask allows.
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    let mut file = builder.tempfile_in(folder)?;
    file.as_file_mut().write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist(folder.join(name)).map_err(|error| error.error)?;
    Ok(())
}
