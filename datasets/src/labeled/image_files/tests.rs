//! Folders and tables of images.

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
    let shown =
        |image: &LabeledImage| format!("{} {}", image.name, images.labels[image.label as usize]);
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
    assert_eq!([ImageSplit::Train, ImageSplit::Validation, ImageSplit::Test].map(count), [2, 3, 3]);
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
    let error = LabeledImages::read(&sources, ImageSplit::Train, &Columns::default(), Some(&known));
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
