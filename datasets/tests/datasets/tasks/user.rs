//! The user's files, valid and invalid.

use std::fmt::Write;
use std::fs;
use tempfile::TempDir;
use zoo_datasets::locate::SearchPath;
use zoo_datasets::task::{Context, FileError, Metric, Target, Task, TaskError, TaskKind, TaskSpec};

/// Builds `kind` from a file with this content and additional settings.
fn build(kind: &str, content: &[u8], settings: &str) -> Result<Task, TaskError> {
    let folder: TempDir = tempfile::tempdir().unwrap();
    let path = folder.path().join("my file.data");
    fs::write(&path, content).unwrap();
    let text = format!("{kind}:{settings}file={}", path.display());
    TaskSpec::parse(&text).unwrap().build(&SearchPath::default())
}

fn file_error(kind: &str, content: &[u8], settings: &str) -> FileError {
    match build(kind, content, settings).unwrap_err() {
        TaskError::File(error) => {
            assert!(error.to_string().contains("my file.data"), "{error}");
            error
        }
        other => panic!("{other:?}"),
    }
}

/// 300 rows; every third has the label `bad`.
fn reviews() -> String {
    let mut text = String::from("text,label\n");
    for i in 0..300 {
        let (word, label) = if i % 3 == 0 { ("poor", "bad") } else { ("great", "good") };
        writeln!(text, "\"film {i}, {word}\",{label}").unwrap();
    }
    text
}

#[test]
fn a_csv_file_of_labels_is_classified() {
    let task = build("csv", reviews().as_bytes(), "").unwrap();
    assert_eq!((task.kind, task.score), (TaskKind::Classification, Metric::Accuracy));
    let size = task.train_size().unwrap() as usize;
    assert_eq!(size + task.validation.len() + task.test.len(), 300);
    assert!((15..50).contains(&task.test.len()) && (15..50).contains(&task.validation.len()));
    assert_eq!((task.label_name(0), task.label_name(1)), (Some("bad"), Some("good")));
    for example in &task.test {
        let text = task.tokens.decode(&example.input);
        assert_eq!(example.target, Target::Class(u32::from(text.contains("great"))), "{text}");
    }
    // Rows stay in their split when others are added.
    let more = build("csv", (reviews() + "another,good\n").as_bytes(), "").unwrap();
    assert!(more.test.len() >= task.test.len());
}

#[test]
fn examples_of_a_sorted_file_are_shuffled() {
    let row = |i| format!("film {i}{}\n", if i < 300 { ",bad" } else { ",good" });
    let text: String = ["text,label\n".to_string()].into_iter().chain((0..600).map(row)).collect();
    let task = build("csv", text.as_bytes(), "").unwrap();
    for part in [&task.validation, &task.test] {
        let some = &part[..part.len() / 3];
        let good = some.iter().filter(|example| example.target == Target::Class(1)).count();
        let share = good as f64 / some.len() as f64;
        assert!((0.2..0.8).contains(&share), "{good} of {}", some.len());
    }
}

#[test]
fn a_jsonl_file_of_labels_is_classified_by_any_fields() {
    let mut text = String::new();
    for i in 0..200 {
        writeln!(text, r#"{{"stars": {}, "review": "film {i} number", "x": null}}"#, i % 5)
            .unwrap();
        text += if i % 7 == 0 { "\n" } else { "" };
    }
    let task = build("jsonl", text.as_bytes(), "text=review,label=stars,").unwrap();
    assert_eq!((task.label_count(), task.label_name(4)), (5, Some("4")));
    let error = file_error("jsonl", text.as_bytes(), "");
    assert!(matches!(error, FileError::NoTask { .. }), "{error:?}");
    let error = file_error("jsonl", text.as_bytes(), "text=review,");
    assert!(matches!(&error, FileError::NoField { line: 1, field, .. } if field == "label"));
    assert!(
        error.to_string().contains("\"stars\", \"review\"")
            || error.to_string().contains("\"review\"")
    );
}

#[test]
fn pairs_keep_their_reference_texts() {
    let mut text = String::from("source,target\n");
    for i in 0..200 {
        writeln!(text, "one {i} two,zwei {i} eins").unwrap();
    }
    for symbols in ["characters", "words", "subwords"] {
        let task = build("csv", text.as_bytes(), &format!("symbols={symbols},")).unwrap();
        assert_eq!(task.kind, TaskKind::Transduction);
        assert_eq!(task.answers.test.len(), task.test.len());
        assert!(task.answers.test.iter().all(|answer| answer.starts_with("zwei ")));
        let first = task.tokens.decode(&task.test[0].target.ids());
        assert_eq!(first == task.answers.test[0], symbols != "words", "numbers are rare words");
    }
    let error = file_error("csv", text.as_bytes(), "symbols=characters,max_length=5,");
    assert!(matches!(&error, FileError::Field { .. }), "{error:?}");
    assert!(error.to_string().contains("max_length=5"), "{error}");
}

#[test]
fn words_are_tagged_one_for_one() {
    let mut text = String::new();
    for i in 0..200 {
        writeln!(text, r#"{{"words": ["In", "Town{i}", "today"], "tags": ["O", "B-place", "O"]}}"#)
            .unwrap();
    }
    let task = build("jsonl", text.as_bytes(), "").unwrap();
    assert_eq!(
        (task.kind, task.score),
        (TaskKind::Tagging(Context::Bidirectional), Metric::EntityF1)
    );
    assert_eq!(task.test[0].target, Target::Tags(vec![Some(0), Some(1), Some(0)]));
    let plain = text.replace("B-place", "place");
    assert_eq!(build("jsonl", plain.as_bytes(), "").unwrap().score, Metric::TagAccuracy);
    let short = text.clone() + r#"{"words": "a b c", "tags": "O O"}"#;
    let error = file_error("jsonl", short.as_bytes(), "");
    assert!(error.to_string().contains("line 201, field \"tags\": 2 tags for 3 words"), "{error}");
    let only = text.replace("B-place", "O");
    assert!(matches!(file_error("jsonl", only.as_bytes(), ""), FileError::OneLabel { .. }));
}

#[test]
fn a_users_text_is_a_language_task() {
    let text = "abcdefghi\n".repeat(100);
    let task = build("text", text.as_bytes(), "context=20,").unwrap();
    assert_eq!((task.kind, task.tokens.len()), (TaskKind::Language, 6 + 10));
    assert_eq!(task.train(1, 0).input.len(), 20);
    assert_eq!(
        build("text-masked", text.as_bytes(), "context=20,").unwrap().kind,
        TaskKind::Masked
    );
    let error = build("text", text.as_bytes(), "context=200,").unwrap_err();
    assert!(matches!(error, TaskError::TooShort { split: "validation", .. }), "{error:?}");
    assert!(matches!(build("text", b"", "").unwrap_err(), TaskError::Text(_)));
    assert!(matches!(build("text", b"a\xff", "").unwrap_err(), TaskError::Text(_)));
}

#[test]
fn an_empty_file_is_an_error() {
    for (kind, content) in [("csv", ""), ("csv", "text,label\n"), ("jsonl", ""), ("jsonl", "\n \n")]
    {
        let error = file_error(kind, content.as_bytes(), "");
        assert!(matches!(error, FileError::Empty { .. }), "{kind} {content:?}: {error:?}");
    }
    let spec = TaskSpec::parse("csv:file=no/such.csv").unwrap();
    let error = spec.build(&SearchPath::default()).unwrap_err();
    assert!(error.to_string().contains("no/such.csv") && !error.is_usage(), "{error}");
}

#[test]
fn a_bad_line_is_named() {
    let good = r#"{"text": "a", "label": "b"}"#;
    for (bad, expected) in [
        ("{\"text\": \"a\"", "not JSON"),
        ("[1, 2]", "not an object"),
        (r#"{"text": "a", "label": "b", "text": "c"}"#, "field \"text\" is given twice"),
        (r#"{"text": "a"}"#, "no field \"label\""),
        (r#"{"text": "", "label": "b"}"#, "field \"text\": is empty"),
        (r#"{"text": ["a"], "label": "b"}"#, "field \"text\": must be a string"),
        (r#"{"text": "a", "label": null}"#, "field \"label\": must be a string"),
    ] {
        let error = file_error("jsonl", format!("{good}\n\n{bad}\n{good}\n").as_bytes(), "");
        let message = error.to_string();
        assert!(message.contains("line 3") && message.contains(expected), "{message}");
    }
    let error = file_error("jsonl", b"{\"text\": \"a\", \"label\": \"b\"}\n\n{\"\xff\"}", "");
    assert!(matches!(error, FileError::NotUtf8 { line: 3, .. }), "{error:?}");
    let error = file_error("csv", b"text,label\na,b\nc\n", "");
    assert!(matches!(error, FileError::Malformed { line: 3, .. }), "{error:?}");
    let error = file_error("csv", b"text,label\n\"a\nb\",c\n,d\n", "");
    assert!(matches!(error, FileError::Field { line: 4, .. }), "{error:?}");
    let error = file_error("csv", b"text,label\na,b\n", "text=body,");
    assert!(matches!(&error, FileError::NoField { field, .. } if field == "body"), "{error:?}");
    assert!(error.to_string().contains("\"text\""), "{error}");
    let error = file_error("csv", b"text,label,source,target\na,b,c,d\n", "");
    assert!(matches!(error, FileError::NoTask { .. }), "{error:?}");
}

#[test]
fn a_byte_order_mark_is_no_part_of_a_file() {
    let rows: String =
        (0..300).map(|i| format!("{{\"text\": \"a {i}\", \"label\": {}}}\n", i % 2)).collect();
    for (kind, text) in [("csv", reviews()), ("jsonl", rows)] {
        let plain = build(kind, text.as_bytes(), "").unwrap();
        let marked = build(kind, format!("\u{feff}{text}").as_bytes(), "").unwrap();
        assert_eq!(plain.data_hash, marked.data_hash);
    }
}

#[test]
fn a_column_that_is_there_twice_is_refused_if_it_is_read() {
    let twice = |header: &str| {
        let rows: String = reviews().lines().skip(1).map(|row| format!("{row},x,y\n")).collect();
        format!("{header}\n{rows}")
    };
    for (header, column) in [("text,label,text,z", "text"), ("text,label,z, label", "label")] {
        let error = file_error("csv", twice(header).as_bytes(), "");
        assert!(
            matches!(&error, FileError::RepeatedColumn { field, .. } if field == column),
            "{error:?}"
        );
    }
    assert_eq!(build("csv", twice("text,label,,").as_bytes(), "").unwrap().label_count(), 2);
}

#[test]
fn equal_numbers_are_one_label() {
    let rows: String = (0..300)
        .map(|i| {
            format!("{{\"text\": \"a {i}\", \"label\": {}}}\n", ["0", "0.0", "1.0", "\"1\""][i % 4])
        })
        .collect();
    let task = build("jsonl", rows.as_bytes(), "").unwrap();
    assert_eq!((task.label_name(0), task.label_name(1)), (Some("0"), Some("1")));
    assert_eq!(task.label_count(), 2);
}

#[test]
fn every_scheme_of_entities_is_scored_by_entity_and_numbers_are_names_of_tags() {
    let rows = |tags: &str| -> String {
        let row = |i: usize| {
            format!("{{\"words\": [\"a\", \"b\", \"c{}\", {i}], \"tags\": [{tags}]}}\n", i % 7)
        };
        (0..300).map(row).collect()
    };
    for (tags, score) in [
        (r#""O", "B-x", "E-x", "S-y""#, Metric::EntityF1),
        (r#""O", "B-x", "L-x", "U-y""#, Metric::EntityF1),
        (r#""O", "B", "I", "O""#, Metric::EntityF1),
        (r#""DET", "N", "N", "V""#, Metric::TagAccuracy),
        ("0, 1, 2, 0", Metric::TagAccuracy),
    ] {
        let task = build("jsonl", rows(tags).as_bytes(), "").unwrap();
        assert_eq!(task.score, score, "{tags}");
        let is_noted = task.notes().iter().any(|note| note.contains("no scheme of entities"));
        assert_eq!(is_noted, score == Metric::TagAccuracy, "{tags}");
    }
    let numbers = build("jsonl", rows("0, 1, 2.0, 0").as_bytes(), "").unwrap();
    assert_eq!((numbers.label_count(), numbers.label_name(2)), (3, Some("2")));
}

#[test]
fn a_vocabulary_that_does_not_cover_the_text_is_noted() {
    // No spaces: each sentence is one word, which no other sentence has.
    let chinese: String = (0..300u32)
        .map(|i| {
            let sentence: String =
                (0..6).filter_map(|k| char::from_u32(0x4e00 + i * 7 + k)).collect();
            format!("{{\"text\": \"{sentence}\", \"label\": {}}}\n", i % 2)
        })
        .collect();
    let words = build("jsonl", chinese.as_bytes(), "").unwrap();
    assert_eq!(words.unknown_share(), 1.0);
    assert!(words.notes()[0].starts_with("100 % of the validation inputs are unknown"));
    let subwords = build("jsonl", chinese.as_bytes(), "symbols=subwords,").unwrap();
    assert_eq!((subwords.unknown_share(), subwords.notes().len()), (0.0, 0));
    // A quarter of the tokens of the reviews are numbers that occur once.
    let reviews = build("csv", reviews().as_bytes(), "").unwrap();
    assert!((0.2..0.3).contains(&reviews.unknown_share()) && reviews.notes().len() == 1);
}

#[test]
fn labels_that_cannot_be_learned_are_errors() {
    let rows = |label: &str| reviews().replace(",bad", label);
    let error = file_error("csv", rows(",good").as_bytes(), "");
    assert!(matches!(&error, FileError::OneLabel { label, .. } if label == "good"), "{error:?}");
    // A label seen once is fine in training and an error elsewhere; both occur within 40 rows.
    let (mut fine, mut unseen) = (0, 0);
    for i in 0..40 {
        match build("csv", format!("{}rare film {i},odd\n", reviews()).as_bytes(), "") {
            Ok(task) => {
                assert_eq!(task.label_count(), 3);
                fine += 1;
            }
            Err(TaskError::File(FileError::UnseenLabel { line, label, .. })) => {
                assert_eq!((line, label.as_str()), (302, "odd"));
                unseen += 1;
            }
            Err(other) => panic!("{other:?}"),
        }
    }
    assert!(fine > 20 && unseen > 2, "{fine} and {unseen}");
    let error = file_error("csv", b"text,label\na,b\nc,d\n", "");
    assert!(matches!(error, FileError::TooFewRows { rows: 2, .. }), "{error:?}");
}
