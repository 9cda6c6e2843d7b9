//! Columns and values.

use super::{message, read};
use zoo_datasets::records::{FileError, Records};

fn table(header: &str) -> Records {
    let row = vec!["1"; header.split(',').count()].join(",");
    read("a.csv", format!("{header}\n{row}\n")).unwrap()
}

#[test]
fn the_usual_columns_are_found_in_their_order() {
    let usual = ["text", "sentence"];
    let column = |header: &str| table(header).column(None, "--text", &usual);
    assert_eq!(column("sentence,text").unwrap(), "text");
    assert_eq!(column("label, Sentence ").unwrap(), "Sentence");
    let error = column("review,label").unwrap_err().to_string();
    for part in
        ["a.csv: no column has the name \"text\", \"sentence\"", "\"label\", \"review\"", "--text"]
    {
        assert!(error.contains(part), "{error}");
    }
    // A column that every row has comes first; otherwise the row that lacks it is named.
    let rows = "{\"text\": \"a\", \"sentence\": \"b\"}\n{\"sentence\": \"c\"}\n";
    let records = read("a.jsonl", rows).unwrap();
    assert_eq!(records.column(None, "--text", &usual).unwrap(), "sentence");
    assert_eq!(records.column(None, "--text", &["text"]).unwrap(), "text");
    let error = records.rows[1].text("text").unwrap_err();
    assert!(matches!(error, FileError::NoField { line: 2, .. }), "{error:?}");
}

#[test]
fn the_requested_column_must_be_there() {
    let records = table("Review,label");
    assert_eq!(records.column(Some("Review"), "--text", &["label"]).unwrap(), "Review");
    let error = records.column(Some("labell"), "--label", &["label"]).unwrap_err();
    assert!(matches!(&error, FileError::NoColumn { role, .. } if role == "--label"));
    let error = error.to_string();
    assert!(error.contains("no column \"labell\" (did you mean \"label\"?)"), "{error}");
    assert!(error.contains("the columns are \"Review\", \"label\""), "{error}");
}

#[test]
fn a_column_that_is_there_twice_is_an_error_if_it_is_read() {
    let records = table("text,label,text");
    assert_eq!(records.rows[0].text("label").unwrap(), "1");
    let error = records.rows[0].text("text").unwrap_err();
    assert!(matches!(&error, FileError::RepeatedColumn { field, .. } if field == "text"));
}

#[test]
fn values_have_types() {
    let row = r#"{"s": " a b ", "n": 1.50, "i": 3, "b": true, "l": ["x", 2.0], "j": "[\"x y\", 1]",
        "w": "[1] [2]", "t": " 2.5e1 ", "0": null, "e": "", "p": "['a', 'b']", "h": [], "m": [null],
        "inf": "inf", "nan": "NaN", "c": "3,5", "o": {}}"#;
    let records = read("a.jsonl", row.replace('\n', "")).unwrap();
    let row = &records.rows[0];
    let strings = |field: &str| row.list(field).unwrap();
    assert_eq!(["s", "n", "i", "b"].map(|it| row.text(it).unwrap()), ["a b", "1.5", "3", "true"]);
    assert_eq!(row.label("t").unwrap(), "2.5e1");
    assert_eq!(strings("s"), ["a", "b"]);
    assert_eq!(strings("l"), ["x", "2"]);
    assert_eq!(strings("j"), ["x y", "1"]);
    assert_eq!(strings("w"), ["[1]", "[2]"]);
    assert_eq!(["n", "i", "t"].map(|it| row.number(it).unwrap()), [1.5, 3.0, 25.0]);
    let error = |result: Result<String, FileError>| result.unwrap_err().to_string();
    for (found, expected) in [
        (error(row.text("0")), "line 1, field \"0\": must be a string, not null"),
        (error(row.text("l")), "field \"l\": must be a string, not a list"),
        (error(row.text("e")), "field \"e\": is empty"),
        (error(row.list("h").map(|_| String::new())), "field \"h\": is empty"),
        (error(row.list("o").map(|_| String::new())), "field \"o\": must be a list of strings"),
        (error(row.list("m").map(|_| String::new())), "not null among its items"),
        (error(row.list("p").map(|_| String::new())), "must be JSON, with double quotes"),
        (error(row.number("inf").map(|_| String::new())), "not \"inf\""),
        (error(row.number("nan").map(|_| String::new())), "must be a number such as"),
        (error(row.number("c").map(|_| String::new())), "field \"c\": must be a number"),
        (error(row.number("b").map(|_| String::new())), "must be a number, not a boolean"),
        (error(row.number("x").map(|_| String::new())), "no field \"x\""),
    ] {
        assert!(found.contains(expected) && found.contains("a.jsonl"), "{found}");
    }
}

#[test]
fn a_list_may_be_json_in_a_cell() {
    let records = read("a.csv", "words,tags\n\"[\"\"a\"\", \"\"b c\"\"]\",\"[0, 1]\"\n").unwrap();
    assert_eq!(records.rows[0].list("words").unwrap(), ["a", "b c"]);
    assert_eq!(records.rows[0].list("tags").unwrap(), ["0", "1"]);
    assert!(message("a.csv", "a,b\n").contains("has no rows"));
}
