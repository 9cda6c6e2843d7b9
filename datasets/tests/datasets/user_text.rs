use std::fs;
use std::path::PathBuf;
use zoo_datasets::locate::SearchPath;
use zoo_datasets::text::{Corpus, TextError, TextSource, Train};

fn load(content: &[u8]) -> Result<Corpus, TextError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("my.txt");
    fs::write(&path, content).unwrap();
    Corpus::load(&TextSource::File(path), &SearchPath::default())
}

#[test]
fn a_text_file_is_split_by_position() {
    let corpus = load("0123456789abcdefghiä".as_bytes()).unwrap();
    assert_eq!(corpus.train, Train::Text("0123456789abcdefgh".to_owned()));
    assert_eq!(corpus.valid, "iä");
    assert_eq!(corpus.alphabet().len(), 20);
}

#[test]
fn a_byte_order_mark_is_no_part_of_a_text() {
    assert_eq!(load("\u{feff}0123456789".as_bytes()).unwrap(), load(b"0123456789").unwrap());
    assert!(matches!(load("\u{feff}".as_bytes()).unwrap_err(), TextError::Empty { .. }));
}

#[test]
fn bytes_that_are_not_utf8_are_named_by_their_offset() {
    let error = load(b"fine so far \xff and on").unwrap_err();
    assert!(matches!(error, TextError::NotUtf8 { offset: 12, .. }), "{error:?}");
    let message = error.to_string();
    assert!(message.contains("offset 12") && message.contains("my.txt"), "{message}");
}

#[test]
fn an_empty_file_is_an_error() {
    let error = load(b"").unwrap_err();
    assert!(matches!(error, TextError::Empty { .. }), "{error:?}");
    assert!(error.to_string().contains("my.txt"), "{error}");
}

#[test]
fn a_missing_file_is_an_error() {
    let source = TextSource::File(PathBuf::from("no/such/file.txt"));
    let error = Corpus::load(&source, &SearchPath::default()).unwrap_err();
    assert!(matches!(error, TextError::Unreadable { .. }), "{error:?}");
    assert!(error.to_string().contains("no/such/file.txt"), "{error}");
}

#[test]
fn the_error_for_a_missing_data_set_names_a_fix() {
    // No folders, so that nothing is downloaded either.
    let error = Corpus::load(&TextSource::Names, &SearchPath::default()).unwrap_err().to_string();
    assert!(error.contains("names/names.txt") && error.contains("set ZOO_DATA"), "{error}");
}
