//! The image files of folders and tables.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::columns::Columns;
use super::image_split::ImageSplit;
use super::images::{LabeledImage, LabeledImages};
use super::label_names::{label_names, shown_labels};
use crate::records::{FileError, Format, Records};

/// The extensions of image files.
const EXTENSIONS: [&str; 7] = ["bmp", "gif", "jfif", "jpeg", "jpg", "png", "webp"];

/// Files that systems leave in folders, beside hidden ones.
const LITTER: [&str; 2] = ["desktop.ini", "thumbs.db"];

/// The tables of a folder, as in the Hugging Face Hub's image folders.
const TABLES: [&str; 4] = ["metadata.jsonl", "metadata.csv", "metadata.tsv", "metadata.parquet"];

/// An image, with the name of its label.
struct Found {
    path: PathBuf,
    name: String,
    label: String,
}

impl LabeledImages {
    /// Finds the images of data sets. A data set is
    ///
    /// - a folder with a folder of images for each class, whose names are the labels;
    /// - a folder with a table `metadata.csv`, `.jsonl`, `.tsv` or `.parquet` with the columns
    ///   `file_name` and `label`;
    /// - such a table, whose files are beside it;
    /// - a folder with such a folder for each split, `train`, `validation` and `test`.
    ///
    /// Hidden files are skipped. Folders in the folder of a class belong to the class. The labels
    /// are sorted, as numbers if all of them are numbers. With `known`, they are these, in this order.
    ///
    /// # Errors
    ///
    /// [`FileError`]: a file that is no image, or in no class; a class without images; a label that
    /// is not known; one label alone, which there is nothing to learn about; a data set whose
    /// splits are without this one.
    pub fn read(
        sources: &[PathBuf],
        split: ImageSplit,
        columns: &Columns,
        known: Option<&[String]>,
    ) -> Result<Self, FileError> {
        if sources.is_empty() {
            return Err(FileError::NoSource);
        }
        let mut found = Vec::new();
        for source in sources {
            found.extend(images_of(source, split, columns)?);
        }
        let labels = label_names(found.iter().map(|image| &image.label), known);
        if let ([only], None) = (&labels[..], known) {
            return Err(FileError::OneLabel { path: sources[0].clone(), label: only.clone() });
        }
        let example = |Found { path, name, label }: Found| match labels
            .iter()
            .position(|known| *known == label)
        {
            Some(label) => Ok(LabeledImage { path, name, label: label as u32 }),
            None => Err(FileError::UnknownClass { path, label, known: shown_labels(&labels) }),
        };
        let examples = found.into_iter().map(example).collect::<Result<_, _>>()?;
        Ok(Self { labels, examples })
    }
}

fn images_of(source: &Path, split: ImageSplit, columns: &Columns) -> Result<Vec<Found>, FileError> {
    if !source.is_dir() {
        return match Format::of(source) {
            Some(_) => of_table(source, columns),
            None => match fs::metadata(source) {
                Ok(_) => Err(FileError::UnknownFormat { path: source.into() }),
                Err(error) => Err(FileError::Unreadable { path: source.into(), source: error }),
            },
        };
    }
    let folder = match (split.folder(source), ImageSplit::folders(source)) {
        (Some(folder), _) => folder,
        (None, Some(_)) => return Err(FileError::NoSplit { path: source.into() }),
        (None, None) => source.to_path_buf(),
    };
    match TABLES.iter().map(|name| folder.join(name)).find(|table| table.is_file()) {
        Some(table) => of_table(&table, columns),
        None => of_classes(&folder),
    }
}

/// The images of a table with their paths and labels.
fn of_table(table: &Path, columns: &Columns) -> Result<Vec<Found>, FileError> {
    let records = Records::read(&[table.to_path_buf()])?;
    let (file, label) = (columns.image(&records)?, columns.label(&records)?);
    let folder = table.parent().unwrap_or(Path::new(""));
    let image = |row: &crate::records::Record| {
        let name = row.text(&file)?;
        let path = folder.join(&name);
        match path.is_file() {
            true => Ok(Found { path, name, label: row.label(&label)? }),
            false => Err(row.error(&file, format!("there is no file {}", path.display()))),
        }
    };
    records.rows.iter().map(image).collect()
}

/// The images of a folder with a folder for each class.
fn of_classes(folder: &Path) -> Result<Vec<Found>, FileError> {
    let entries = entries(folder)?;
    if let Some(image) = entries.iter().find(|path| path.is_file() && is_image(path)) {
        return Err(FileError::NoClass { path: image.clone() });
    }
    let mut found = Vec::new();
    for class in entries.iter().filter(|path| path.is_dir()) {
        let label = name_of(class)?;
        let (before, prefix) = (found.len(), label.clone());
        collect(class, &prefix, &label, &mut found)?;
        if found.len() == before {
            return Err(FileError::NoImages { path: class.clone() });
        }
    }
    match found.is_empty() {
        true => Err(FileError::NoImages { path: folder.into() }),
        false => Ok(found),
    }
}

/// Adds the images of a class, and of the folders in it.
fn collect(folder: &Path, prefix: &str, label: &str, to: &mut Vec<Found>) -> Result<(), FileError> {
    for path in entries(folder)? {
        let name = format!("{prefix}/{}", name_of(&path)?);
        if path.is_dir() {
            collect(&path, &name, label, to)?;
        } else if is_image(&path) {
            to.push(Found { path, name, label: label.to_owned() });
        } else {
            return Err(FileError::NotAnImage { path, known: EXTENSIONS.join(", ") });
        }
    }
    Ok(())
}

/// The entries of a folder that are not hidden, by name.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, FileError> {
    let unreadable = |source: io::Error| FileError::Unreadable { path: folder.into(), source };
    let entries = fs::read_dir(folder).and_then(Iterator::collect::<io::Result<Vec<_>>>);
    let is_shown = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        !name.starts_with('.') && !LITTER.contains(&&name[..])
    };
    let paths = entries.map_err(unreadable)?.into_iter().map(|entry| entry.path());
    let mut paths: Vec<PathBuf> = paths.filter(is_shown).collect();
    paths.sort();
    Ok(paths)
}

/// The name of an entry, which becomes a label or a part of one's path.
fn name_of(path: &Path) -> Result<String, FileError> {
    let name = path.file_name().and_then(|name| name.to_str()).map(str::to_owned);
    name.ok_or_else(|| FileError::Unreadable {
        path: path.into(),
        source: io::Error::new(io::ErrorKind::InvalidFilename, "the name is not UTF-8"),
    })
}

fn is_image(path: &Path) -> bool {
    let extension = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    EXTENSIONS.contains(&&extension[..])
}

#[cfg(test)]
mod tests;
