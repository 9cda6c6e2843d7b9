//! Tables in all dialects.

use super::{lines, message, read, rows};
use serde_json::json;

#[test]
fn every_dialect_gives_the_same_rows() {
    let expected =
        json!([{"text": "a, b; c\td|e", "label": "x"}, {"text": "it's \"so\"", "label": "y"}]);
    for separator in [",", ";", "\t", "|"] {
        for end in ["\n", "\r\n", "\r"] {
            let text = ["text,label", "\"a, b; c\td|e\",x", "\"it's \"\"so\"\"\",y", ""].join(end);
            let text = match separator {
                "," => text,
                _ => text
                    .replace("text,label", &format!("text{separator}label"))
                    .replace("\",", &format!("\"{separator}")),
            };
            assert_eq!(rows("a.csv", &text), expected, "{text:?}");
            assert_eq!(rows("a.tsv", &text), expected, "{text:?}");
        }
    }
    let single = "'text';'label'\n'a, b; c\td|e';'x'\n'it''s \"so\"';'y'\n";
    assert_eq!(rows("a.csv", single), expected);
}

#[test]
fn quotes_in_tab_separated_texts_are_characters() {
    let text = "text\tlabel\n\"Yes\" he said\t1\n\"No\t0\nwell\"\t1\n";
    let expected = json!([
        {"text": "\"Yes\" he said", "label": "1"},
        {"text": "\"No", "label": "0"},
        {"text": "well\"", "label": "1"},
    ]);
    assert_eq!(rows("a.tsv", text), expected);
    let quoted = "text\tlabel\n\"Yes, \"\"he\"\" said\"\t1\n\"two\nlines\"\t0\n";
    let expected = json!([
        {"text": "Yes, \"he\" said", "label": "1"},
        {"text": "two\nlines", "label": "0"},
    ]);
    assert_eq!(rows("a.tsv", quoted), expected);
}

#[test]
fn a_table_may_have_one_column() {
    assert_eq!(rows("a.csv", "text\n\"one; two, three\"\n"), json!([{"text": "one; two, three"}]));
}

#[test]
fn excel_names_its_separator_in_the_first_line() {
    let text = "sep=;\r\na,b;c\r\n1;2\r\n";
    assert_eq!(rows("a.csv", text), json!([{"a,b": "1", "c": "2"}]));
    assert_eq!(lines(&read("a.csv", text).unwrap()), [3]);
    assert!(message("a.csv", "sep=;\na;b\n1\n").contains("line 3: 1 field separated by ';'"));
}

#[test]
fn empty_lines_are_skipped_and_lines_are_counted() {
    let records = read("a.csv", "\ntext,label\n\n\"a\n\nb\",1\n\nc,2\n").unwrap();
    assert_eq!(lines(&records), [4, 8]);
    for end in ["\n", "\r\n", "\r"] {
        let records = read("a.csv", ["text,label", "a,1", " ", "b,2"].join(end)).unwrap();
        assert_eq!(lines(&records), [2, 4], "{end:?}");
    }
}
