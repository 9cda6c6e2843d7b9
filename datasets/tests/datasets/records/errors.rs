//! Files with errors.

use super::{Files, golden, message, read};
use flate2::{Compression, write::GzEncoder};
use std::fs;
use std::io::Write;
use zoo_datasets::records::{FileError, Records};

#[test]
fn missing_files_and_unknown_formats_are_named() {
    let files = Files::new();
    files.write("README.md", "# Data");
    let error = |name: &str| {
        let error = Records::read(&[files.path(name)]).unwrap_err();
        assert!(error.to_string().contains(name), "{error}");
        error
    };
    assert!(matches!(error("no.csv"), FileError::Unreadable { .. }));
    assert!(matches!(error("*.csv"), FileError::NoMatch { .. }));
    assert!(matches!(error("***.csv"), FileError::Pattern { .. }));
    assert!(matches!(error("README.md"), FileError::UnknownFormat { .. }));
    assert!(matches!(error(""), FileError::NoDataFile { .. }));
    assert!(matches!(Records::read(&[]), Err(FileError::NoSource)));
    for name in ["*.csv", "README.md", ""] {
        let error = error(name).to_string();
        assert!(error.contains(".jsonl, .ndjson") && error.contains(".parquet"), "{error}");
    }
}

#[test]
fn files_without_rows_are_named() {
    for (name, content) in [
        ("a.jsonl", "\n"),
        ("a.json", " "),
        ("a.json", "[]"),
        ("a.json", "{\"data\": []}"),
        ("a.csv", ""),
        ("a.tsv", "text\tlabel\n"),
        ("a.conll", "-DOCSTART- O\n\n"),
        ("a.parquet", ""),
        ("a.csv.gz", ""),
        ("a.csv.zst", ""),
    ] {
        let error = read(name, content).unwrap_err();
        assert!(matches!(error, FileError::Empty { .. }), "{name} {content:?}: {error:?}");
    }
}

#[test]
fn the_line_of_an_error_is_named() {
    for (name, content, expected) in [
        ("a.jsonl", "{\"a\": 1}\n\n{\"a\": }\n", "line 3: not JSON, at column 7: expected value"),
        ("a.jsonl", "{\"a\": 1}\n[1]\n", "line 2: JSON, but not an object"),
        ("a.jsonl", "{\"a\": 1, \"a\": 2}\n", "line 1: the field \"a\" is given twice"),
        ("a.json", "[{\"a\": 1},\n{\"a\": 1,}]", "line 2: not JSON, at column 9"),
        ("a.json", "[{\"a\": 1},\n\n2]", "line 3: JSON, but not an object"),
        ("a.json", "\n{\"a\": 1}", "line 2: a JSON file must be an array of objects"),
        ("a.json", "{\"data\": {}}", "line 1: a JSON file must be"),
        ("a.json", "3", "line 1: a JSON file must be"),
        ("a.json", "{\"a\": 1}\n{\"a\": 1,\n", "line 2: not JSON"),
        (
            "a.json",
            "{\"data\": [{\"paragraphs\": [\n{\"qas\": []}]}]}",
            "line 2: not in SQuAD's format: missing field `context`",
        ),
        (
            "a.json",
            "{\"data\": [{\"paragraphs\": [{\"context\": \"c\", \"qas\": [\n\n{\"id\": 1,\n\"question\": 2}]}]}]}",
            "line 4: not in SQuAD's format: invalid type",
        ),
        (
            "a.csv",
            "a,b\n1,2\n3\n",
            "line 3: 1 field separated by ',', but the header has 2; complete the row",
        ),
        ("a.tsv", "a\tb\n1\t2\t3\n1\t2\n", "line 2: 3 fields separated by a tab"),
        ("a.conll", "a O\n\nb\n", "line 3: 1 column, but the first token has 2"),
        (
            "a.conll",
            "a\n",
            "line 1: no token with a tag; in CoNLL files each line must have a token",
        ),
        ("a.conll", "a\tO\nb\t\n", "line 2: no token with a tag"),
        (
            "a.txt",
            "It is a text.\nNo tokens here, are there?\n",
            "a blank line must end each sentence",
        ),
        ("a.conllu", "1\ta\tb\n", "ten columns of CoNLL-U"),
        ("a.parquet", "PAR1", "not readable as Parquet"),
    ] {
        let message = message(name, content);
        assert!(message.contains(expected), "{message}");
        let error = read(name, content).unwrap_err();
        assert!(matches!(error, FileError::Malformed { .. }), "{error:?}");
    }
}

#[test]
fn text_in_another_encoding_is_an_error() {
    for (name, content) in [
        ("a.csv", &b"a,b\n1,2\n\xe4,\n"[..]),
        ("a.conll", b"a O\n\n\xe4 O\n"),
        ("a.json", b"[\n\n\"\xe4\"]"),
    ] {
        let error = read(name, content).unwrap_err();
        assert!(matches!(error, FileError::NotUtf8 { line: 3, .. }), "{error:?}");
    }
    // UTF-16, as Excel writes "Unicode text".
    let utf16: Vec<u8> = "\u{feff}a\tb\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert!(matches!(read("a.tsv", utf16), Err(FileError::NotUtf8 { line: 1, .. })));
}

#[test]
fn incomplete_and_damaged_compression_is_an_error() {
    let mut text = String::from("text,label\n");
    (0..100_000).for_each(|i| text += &format!("film {i},{}\n", i * i % 7));
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    let gzip = encoder.finish().unwrap();
    let message = message("a.csv.gz", &gzip[..gzip.len() / 2]);
    assert!(message.contains("the gzip data is damaged or incomplete"), "{message}");
    let line: u64 =
        message.split("line ").nth(1).unwrap().split(':').next().unwrap().parse().unwrap();
    assert!((1_000..99_000).contains(&line), "{message}");
    let zstd = fs::read(golden("frames.jsonl.zst")).unwrap();
    for end in 1..zstd.len() {
        let is_whole_frame = read("a.jsonl.zst", &zstd[..end]).is_ok_and(|it| it.rows.len() == 2);
        let message = read("a.jsonl.zst", &zstd[..end]).map(|_| ()).map_err(|it| it.to_string());
        assert!(
            is_whole_frame || message.unwrap_err().contains("the zstd data is damaged"),
            "{end}"
        );
    }
    let mut damaged = zstd;
    *damaged.last_mut().unwrap() ^= 1;
    assert!(super::message("a.jsonl.zst", damaged).contains("its checksum differs"));
    assert!(super::message("a.csv.gz", "text,label\na,b\n").contains("gzip data is damaged"));
    assert!(super::message("a.csv.zst", "text,label\na,b\n").contains("zstd data is damaged"));
}

#[test]
fn another_compression_of_parquet_is_named() {
    let error = Records::read(&[golden("zstd.parquet")]).unwrap_err().to_string();
    assert!(error.contains("compressed with ZSTD") && error.contains("snappy"), "{error}");
}

#[test]
fn a_damaged_parquet_file_is_an_error_and_no_panic() {
    let content = fs::read(golden("snappy.parquet")).unwrap();
    let files = Files::new();
    let mut errors = 0;
    for at in 0..content.len() {
        let mut damaged = content.clone();
        damaged[at] ^= 0x15;
        let path = files.write("a.parquet", damaged);
        errors += u64::from(Records::read(&[path]).is_err());
        if at % 16 == 0 {
            let path = files.write("a.parquet", &content[..at]);
            assert!(Records::read(&[path]).is_err(), "{at}");
        }
    }
    assert!(errors > 100, "{errors}");
}
