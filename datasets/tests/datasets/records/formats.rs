//! Formats and compressions.

use super::{Files, golden, lines, read, rows};
use flate2::{Compression, write::GzEncoder};
use serde_json::json;
use std::fs;
use std::io::Write;
use zoo_datasets::records::{Format, Records};

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn lines_of_json_are_rows() {
    let text = "\u{feff}{\"text\": \"a\", \"n\": 1}\r\n\n {\"text\": \"ä\"}";
    assert_eq!(rows("a.jsonl", text), json!([{"text": "a", "n": 1}, {"text": "ä"}]));
    let records = read("a.ndjson", text).unwrap();
    assert_eq!(
        (lines(&records), &records.columns[..]),
        (vec![1, 3], &["n", "text"].map(str::to_owned)[..])
    );
}

#[test]
fn a_json_document_has_its_rows_at_the_top_or_as_data() {
    let expected = json!([{"text": "a"}, {"text": "[b", "x": {"y": [1]}}]);
    let array = "[\n  {\"text\": \"a\"},\n  {\n    \"text\": \"[b\", \"x\": {\"y\": [1]}}\n]";
    assert_eq!(rows("a.json", array), expected);
    assert_eq!(lines(&read("a.json", array).unwrap()), [2, 3]);
    let data = format!("{{\"version\": \"2\",\n\"data\": {array}}}");
    assert_eq!(rows("a.json", &data), expected);
    assert_eq!(lines(&read("a.json", &data).unwrap()), [3, 4]);
    // pandas and the datasets library name such files .json too.
    let objects = "{\"text\": \"a\"}\n{\"text\": \"[b\", \"x\": {\"y\": [1]}}\n";
    assert_eq!(rows("a.json", objects), expected);
}

#[test]
fn questions_of_squad_are_rows() {
    let text = r#"{"version": "v2.0", "data": [{"title": "Rome", "paragraphs": [
        {"context": "Rome is old.", "qas": [
            {"id": "1", "question": "What is old?", "is_impossible": false,
             "answers": [{"text": "Rome", "answer_start": 0}, {"text": "Rome is", "answer_start": 0}]},
            {"id": "2", "question": "Who?", "is_impossible": true, "answers": [], "plausible_answers": []}
        ]},
        {"qas": [{"id": 3, "question": "Where?"}], "context": "Here."}
    ]}]}"#;
    let expected = json!([
        {"id": "1", "question": "What is old?", "context": "Rome is old.", "is_impossible": false,
         "answers": {"text": ["Rome", "Rome is"], "answer_start": [0, 0]}},
        {"id": "2", "question": "Who?", "context": "Rome is old.", "is_impossible": true,
         "answers": {"text": [], "answer_start": []}},
        {"id": 3, "question": "Where?", "context": "Here.", "is_impossible": false,
         "answers": {"text": [], "answer_start": []}},
    ]);
    assert_eq!(rows("dev.json", text), expected);
    assert_eq!(lines(&read("dev.json", text).unwrap()), [3, 5, 7]);
}

#[test]
fn sentences_of_conll_are_rows() {
    let expected = json!([
        {"words": ["EU", "rejects", "#"], "tags": ["B-ORG", "O", "O"]},
        {"words": ["#hash", "tag"], "tags": ["O", "O"]},
    ]);
    let spaces = "-DOCSTART- -X- -X- O\n\n# a comment\nEU NNP I-NP B-ORG\nrejects VBZ I-VP  O\n\
                  # # I-NP O\n\n\n#hash NN I-NP O\ntag NN I-NP O";
    for name in ["train.conll", "train.txt", "train.BIO", "train.iob"] {
        assert_eq!(rows(name, spaces), expected, "{name}");
    }
    assert_eq!(lines(&read("a.conll", spaces).unwrap()), [4, 9]);
    let tabs = "#id 1\r\nEU\tB-ORG\r\nrejects\tO\r\n#\tO\r\n\t\r\n#hash\tO\r\ntag\tO\r\n";
    assert_eq!(rows("a.conll", tabs), expected);
    let spaced = rows("a.conll", "New York\tB-LOC\n1 000\tO\n");
    assert_eq!(spaced, json!([{"words": ["New York", "1 000"], "tags": ["B-LOC", "O"]}]));
}

#[test]
fn words_of_universal_dependencies_have_parts_of_speech() {
    let line =
        |id: &str, form: &str, tag: &str| format!("{id}\t{form}\t_\t{tag}\t_\t_\t0\t_\t_\t_\n");
    let text = [
        "# sent_id = 1\n# text = Im Haus\n".to_owned(),
        line("1-2", "Im", "_"),
        line("1", "in", "ADP"),
        line("2", "dem", "DET"),
        line("2.1", "ja", "ADV"),
        line("3", "#Haus", "NOUN"),
    ]
    .concat();
    let expected = json!([{"words": ["in", "dem", "#Haus"], "tags": ["ADP", "DET", "NOUN"]}]);
    assert_eq!(rows("de.conllu", text), expected);
}

#[test]
fn parquet_has_typed_and_nested_values() {
    let answers = json!({"text": ["x"], "answer_start": [3]});
    for name in ["snappy.parquet", "gzip.parquet"] {
        let records = Records::read(&[golden(name)]).unwrap();
        assert_eq!((records.rows.len(), records.columns.len()), (4, 12), "{name}");
        assert_eq!(lines(&records), [1, 2, 3, 4]);
        let column = |field: &str| -> serde_json::Value {
            records.rows.iter().map(|row| row.fields[field].clone()).collect()
        };
        assert_eq!(column("text"), json!(["Great, really", "  poor ", null, "ok"]));
        assert_eq!(column("label"), json!([1, 0, 1, 2]));
        assert_eq!(column("score"), json!([0.1, -2.5, null, null]));
        assert_eq!(column("double"), json!([1.0, 0.25, 1e300, 3.0]));
        assert_eq!(column("words"), json!([["In", "Rome"], ["a"], [], null]));
        assert_eq!(column("tags"), json!([[0, 1], [3], [0], [7]]));
        assert_eq!(column("answers"), json!([answers, answers, answers, answers]));
        assert_eq!(column("flag"), json!([true, false, null, true]));
        assert_eq!(column("category"), json!(["a", "b", "a", "b"]));
        assert_eq!(column("bytes"), json!(["abc", null, "", null]));
        assert_eq!(column("price"), json!(["1.25", "1.25", "1.25", "1.25"]));
        assert!(records.rows[0].text("day").unwrap().starts_with("2020-01-02"));
        assert_eq!(records.rows[0].list("tags").unwrap(), ["0", "1"]);
        assert_eq!(records.rows[0].label("double").unwrap(), "1");
    }
}

#[test]
fn compressed_files_are_read_as_the_others() {
    let text = "text,label\na,1\nb,2\n";
    let plain = rows("a.csv", text);
    assert_eq!(rows("a.csv.gz", gzip(text.as_bytes())), plain);
    // Two members, as `cat a.gz b.gz` makes them.
    let members = [gzip(&text.as_bytes()[..12]), gzip(&text.as_bytes()[12..])].concat();
    assert_eq!(rows("a.CSV.GZ", members), plain);
    let parquet = fs::read(golden("snappy.parquet")).unwrap();
    assert_eq!(read("a.parquet.gz", gzip(&parquet)).unwrap().rows.len(), 4);
    let records = Records::read(&[golden("frames.jsonl.zst")]).unwrap();
    let texts: Vec<String> = records.rows.iter().map(|row| row.text("text").unwrap()).collect();
    assert_eq!(
        (texts, lines(&records)),
        (["a", "b", "c"].map(str::to_owned).to_vec(), vec![1, 2, 3])
    );
}

#[test]
fn files_patterns_and_folders_are_sources() {
    let files = Files::new();
    let row = |text: &str| format!("{{\"text\": \"{text}\"}}\n");
    let b = files.write("b.jsonl", row("b"));
    files.write("a.csv", "text,extra\na,1\n");
    files.write("c.json", format!("[{}]", row("c")));
    files.write("README.md", "# Data\n");
    files.write("LICENSE.txt", "Free.\n");
    let odd = files.write("d[1].jsonl", row("d"));
    fs::create_dir(files.path("z.jsonl")).unwrap();
    let texts = |sources: &[std::path::PathBuf]| -> String {
        let records = Records::read(sources).unwrap();
        records.rows.iter().map(|row| row.text("text").unwrap()).collect()
    };
    assert_eq!(texts(&[files.path("")]), "abcd");
    assert_eq!(texts(&[files.path("*.json*")]), "bcd");
    assert_eq!(texts(&[files.path("[ab].*"), odd]), "abd");
    assert_eq!(texts(&[b.clone(), files.path("?.csv"), b.clone()]), "bab");
    let records = Records::read(&[files.path("")]).unwrap();
    assert_eq!(records.columns, ["extra", "text"]);
    assert_eq!(&*records.rows[1].file, b);
}

#[test]
fn a_file_is_read_in_the_requested_format() {
    let files = Files::new();
    let path = files.write("labels", "a;b\n1;2\n");
    let records = Records::read_as(&path, Format::Csv).unwrap();
    assert_eq!(records.rows[0].text("b").unwrap(), "2");
    let path = files.write("labels.gz", gzip(b"a;b\n1;2\n"));
    assert_eq!(Records::read_as(&path, Format::Tsv).unwrap().rows[0].text("b").unwrap(), "2");
}
