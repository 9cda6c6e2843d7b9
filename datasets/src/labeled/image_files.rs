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
mod tests {
    use super::*;

    /// A folder with empty files.
    fn tree(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, file.len().to_string()).unwrap();
        }
        folder
    }

    fn read(folder: &tempfile::TempDir, split: ImageSplit) -> Result<LabeledImages, FileError> {
        LabeledImages::read(&[folder.path().into()], split, &Columns::default(), None)
    }

    fn names(images: &LabeledImages) -> Vec<String> {
        let shown = |image: &LabeledImage| {
            format!("{} {}", image.name, images.labels[image.label as usize])
        };
        images.examples.iter().map(shown).collect()
    }

    #[test]
    fn folders_are_classes() {
        let files = [
            "dog/b.JPG",
            "dog/a.png",
            "cat/x/z.webp",
            "cat/.hidden.png",
            "cat/Thumbs.db",
            ".git/x",
            "README.md",
        ];
        let images = read(&tree(&files), ImageSplit::Train).unwrap();
        assert_eq!(names(&images), ["cat/x/z.webp cat", "dog/a.png dog", "dog/b.JPG dog"]);
        let numbers = read(&tree(&["10/a.png", "9/a.png"]), ImageSplit::Test).unwrap();
        assert_eq!(numbers.labels, ["9", "10"]);
        assert_eq!(names(&numbers), ["10/a.png 10", "9/a.png 9"]);
    }

    #[test]
    fn folders_of_splits_are_splits() {
        let files = ["train/a/1.png", "train/b/2.png", "val/a/3.png", "val/b/4.png", "val/b/5.png"];
        let folder = tree(&files);
        let count = |split| read(&folder, split).unwrap().examples.len();
        assert_eq!(
            [ImageSplit::Train, ImageSplit::Validation, ImageSplit::Test].map(count),
            [2, 3, 3]
        );
        let only = read(&tree(&files[..2]), ImageSplit::Validation).unwrap_err().to_string();
        assert!(only.contains("train"), "{only}");
        // Images of trains and buses.
        let vehicles = read(&tree(&["train/a.png", "bus/a.png"]), ImageSplit::Train).unwrap();
        assert_eq!(vehicles.labels, ["bus", "train"]);
    }

    #[test]
    fn a_table_names_files_and_labels() {
        let folder = tree(&["x/1.png", "2.png"]);
        let table = folder.path().join("metadata.csv");
        fs::write(&table, "file_name,label,size\nx/1.png,dog,3\n2.png,cat,4\n").unwrap();
        let images = read(&folder, ImageSplit::Train).unwrap();
        assert_eq!(names(&images), ["x/1.png dog", "2.png cat"]);
        let columns = Columns::default();
        assert_eq!(
            LabeledImages::read(std::slice::from_ref(&table), ImageSplit::Train, &columns, None)
                .unwrap(),
            images
        );
        fs::write(&table, "file_name,label\n3.png,dog\n").unwrap();
        let error = read(&folder, ImageSplit::Train).unwrap_err().to_string();
        assert!(error.contains("metadata.csv, line 2") && error.contains("3.png"), "{error}");
    }

    #[test]
    fn what_is_no_image_is_named() {
        for (files, parts) in [
            (&["a/1.png", "b/notes.txt"][..], &["b/notes.txt", "not an image"][..]),
            (&["a/1.png", "b/.x"], &["/b", "no images"]),
            (&["README.md"], &["no images"]),
            (&["a/1.png", "2.png"], &["2.png", "class"]),
            (&["a/1.png"], &["the label \"a\""]),
        ] {
            let error = read(&tree(files), ImageSplit::Train).unwrap_err().to_string();
            assert!(parts.iter().all(|part| error.contains(part)), "{files:?}: {error}");
        }
        let folder = tree(&["a/1.png", "b/1.png"]);
        let known = ["a".to_owned(), "c".to_owned()];
        let sources = [folder.path().to_path_buf()];
        let error =
            LabeledImages::read(&sources, ImageSplit::Train, &Columns::default(), Some(&known));
        let error = error.unwrap_err().to_string();
        assert!(error.contains("b/1.png") && error.contains("a, c"), "{error}");
    }

    #[test]
    fn the_fingerprint_is_of_names_sizes_and_labels() {
        let of = |folder: &tempfile::TempDir| {
            let images = read(folder, ImageSplit::Train).unwrap();
            LabeledImages::fingerprint(&[&images]).unwrap()
        };
        let folder = tree(&["a/1.png", "b/1.png"]);
        let first = of(&folder);
        assert_eq!(first, of(&tree(&["a/1.png", "b/1.png"])));
        assert_ne!(first, of(&tree(&["a/1.png", "c/1.png"])));
        assert_ne!(first, of(&tree(&["a/1.png", "b/2.png"])));
        fs::write(folder.path().join("a/1.png"), "longer").unwrap();
        assert_ne!(first, of(&folder));
    }

    #[test]
    fn a_share_is_split_off() {
        let files: Vec<String> =
            (0..10).flat_map(|i| [format!("a/{i}.png"), format!("b/{i}.png")]).collect();
        let folder = tree(&files.iter().map(String::as_str).collect::<Vec<_>>());
        let images = read(&folder, ImageSplit::Train).unwrap();
        let [rest, part] = images.clone().split(0.2, 3);
        assert_eq!((rest.examples.len(), part.examples.len()), (16, 4));
        assert_eq!([rest.clone(), part], images.clone().split(0.2, 3));
        assert_ne!(rest, images.split(0.2, 4)[0]);
    }
}
