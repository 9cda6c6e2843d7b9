//! Task specifications and their settings.

use serde_json::{Value, json};
use std::collections::HashSet;
use std::fs;
use std::path::Path;
use zoo_datasets::locate::SearchPath;
use zoo_datasets::task::{Origin, TASKS, TaskError, TaskSpec};

fn parse(text: &str) -> TaskSpec {
    TaskSpec::parse(text).unwrap()
}

fn error(text: &str) -> TaskError {
    TaskSpec::parse(text).unwrap_err()
}

#[test]
fn every_task_of_the_table_parses_to_itself() {
    let names: HashSet<&str> = TASKS.iter().map(|info| info.name).collect();
    assert_eq!(names.len(), TASKS.len());
    for info in TASKS {
        let spec = parse(info.name);
        assert_eq!(spec.to_string(), info.name);
        assert_eq!(spec.info(), info);
    }
}

#[test]
fn every_parameter_of_the_table_can_be_set_and_there_are_no_others() {
    for info in TASKS {
        let defaults = info.defaults();
        let named: Vec<&str> = info.parameters().map(|parameter| parameter.name).collect();
        assert_eq!(named.len(), defaults.len(), "{}: {named:?}, {defaults:?}", info.name);
        for (name, value) in defaults {
            assert!(named.contains(&name.as_str()), "{}: {name}", info.name);
            let spec = parse(&format!("{}:{name}={value}", info.name));
            assert_eq!(spec, parse(info.name), "the default value changes nothing");
        }
    }
}

#[test]
fn settings_are_read_and_written() {
    let spec = parse("listops:max_length=48, max_depth=3");
    assert_eq!(spec.to_string(), "listops:max_depth=3,max_length=48");
    assert_eq!(spec.settings()["max_depth"], 3);
    assert_eq!(spec.settings()["max_args"], 5);
    assert_eq!(parse(&spec.to_string()), spec);
    assert_eq!(parse("listops-lra").settings()["train"], 96_000);
    for path in ["a b.txt", "a,b.txt", "a\"b=c.txt", "7", "ä:.txt", "C:\\x", " x"] {
        let quoted = format!("text:context=9,file={}", json!(path));
        let spec = parse(&quoted);
        assert_eq!(spec.settings()["file"], path);
        assert_eq!(parse(&spec.to_string()), spec, "{spec}");
    }
    assert_eq!(parse("text:file=a b.txt").to_string(), "text:file=a b.txt");
}

#[test]
fn a_table_equals_the_text() {
    let spec = parse("mqar:n_pairs=4,power_a=0.5");
    let table = json!({ "name": "mqar", "power_a": 0.5, "n_pairs": 4 });
    assert_eq!(serde_json::from_value::<TaskSpec>(table).unwrap(), spec);
    let text = json!("mqar:n_pairs=4,power_a=0.5");
    assert_eq!(serde_json::from_value::<TaskSpec>(text.clone()).unwrap(), spec);
    assert_eq!(serde_json::to_value(&spec).unwrap(), text);
    for wrong in [json!({ "n_pairs": 4 }), json!({ "name": "mqar", "pairs": 4 }), json!(3)] {
        assert!(serde_json::from_value::<TaskSpec>(wrong).is_err());
    }
}

#[test]
fn an_unknown_name_or_parameter_is_named_with_the_nearest() {
    let message = error("listop").to_string();
    assert!(message.contains("did you mean \"listops\"") && message.contains("mqar"), "{message}");
    let message = error("sort:max_lenght=3").to_string();
    assert!(message.contains("no parameter \"max_lenght\" (did you mean \"max_length\"?)"));
    assert!(message.contains("it has vocabulary, min_length, max_length, train"), "{message}");
    // Settings fixed by the name cannot be set.
    assert!(error("sort:write=copy").to_string().contains("no parameter \"write\""));
    assert!(error("modadd:train=5").to_string().contains("no parameter \"train\""));
    for text in
        ["sort:max_length", "sort:max_length=3,max_length=4", "text:file=\"a", "text:file=\"a\"b"]
    {
        assert!(matches!(error(text), TaskError::Syntax { .. }), "{text}");
    }
}

#[test]
fn a_value_of_the_wrong_type_is_an_error() {
    for text in [
        "sort:max_length=-1",
        "sort:max_length=1.5",
        "sort:max_length=many",
        "sort:train=x",
        "sort:max_length=",
        "dates:first_year=99999999999",
        "deu-eng:from=fra",
        "text:file=7",
    ] {
        let error = error(text);
        assert!(matches!(error, TaskError::Value { .. }) && error.is_usage(), "{text}: {error}");
    }
}

#[test]
fn a_value_out_of_range_is_an_error_that_names_it() {
    for text in [
        "listops:max_depth=1",
        "listops:max_depth=21",
        "listops:max_args=1",
        "listops:max_args=101",
        "listops:min_length=3",
        "listops:max_length=15",
        "listops:max_length=70000",
        "mqar:n_pairs=0",
        "mqar:n_pairs=17",
        "mqar:length=31",
        "mqar:length=70000",
        "mqar:vocabulary=15",
        "mqar:power_a=-0.1",
        "mqar:power_a=11",
        "induction:length=3",
        "induction:vocabulary=1",
        "copy:vocabulary=1",
        "copy:min_length=0",
        "copy:max_length=3",
        "copy:max_length=20000",
        "dyck:types=0",
        "dyck:max_depth=0",
        "dyck:length=1",
        "modadd:p=2",
        "modadd:p=1001",
        "modadd:fraction=0",
        "modadd:fraction=1",
        "dates:first_year=1500",
        "dates:last_year=1899",
        "dates:last_year=10000",
        "stories:context=0",
        "stories:context=70000",
        "stories-masked:context=0",
        "polarity:fold=10",
        "polarity:min_count=0",
        "wnut17:min_count=0",
        "deu-eng:vocabulary=256",
        "deu-eng:min_count=0",
        "deu-eng:max_length=1",
        "deu-eng:validation=0",
        "deu-eng:test=5000",
        "text:context=0",
        "text:file=",
        "jsonl:max_length=0",
        "csv:vocabulary=1",
        "csv:min_count=0",
        "csv:file=",
        "sort:validation=0",
        "sort:test=0",
        "sort:test=200000",
        "sort:train=200000000",
    ] {
        let error = parse(text).build(&SearchPath::default()).unwrap_err();
        assert!(matches!(error, TaskError::OutOfRange { .. }), "{text}: {error:?}");
        let parameter = text.split([':', '=']).nth(1).unwrap();
        let message = error.to_string();
        let named = message.starts_with(parameter) || message.contains("length is");
        assert!(named && error.is_usage(), "{text}: {message}");
    }
}

#[test]
fn the_error_for_missing_files_names_a_fix() {
    for info in TASKS.iter().filter(|info| matches!(info.origin, Origin::Published { .. })) {
        let error = parse(info.name).build(&SearchPath::default()).unwrap_err().to_string();
        assert!(error.contains("set ZOO_DATA"), "{}: {error}", info.name);
    }
}

#[test]
fn the_book_has_every_task_and_parameter() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/src/tasks.md");
    let page = fs::read_to_string(path).unwrap();
    for info in TASKS {
        let (row, name) = (format!("| `{}` |", info.name), info.name);
        let line = page.lines().find(|line| line.starts_with(&row));
        let line = line.unwrap_or_else(|| panic!("tasks.md has no row for {name}"));
        for (parameter, value) in info.defaults() {
            let shown = match &value {
                Value::String(text) if text.is_empty() => format!("`{parameter}`"),
                Value::String(text) => format!("`{parameter}={text}`"),
                value => format!("`{parameter}={value}`"),
            };
            assert!(line.contains(&shown), "tasks.md, {name}: no {shown}");
        }
    }
}
