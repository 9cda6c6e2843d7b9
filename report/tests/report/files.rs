//! The files of a report: CSV, JSON and Markdown, and how they are written.

use std::fs;

use zoo_report::study::{BandAt, Interval, Outcome, Study};
use zoo_report::{ReportError, runs};

use super::example;

#[test]
fn json_gives_the_study_back() {
    let written = zoo_report::json(&example::study()).unwrap();
    // Numbers are rounded to 12 digits first.
    let study = zoo_report::read(&written).unwrap();
    let before = example::study();
    let scores = |study: &Study| -> Vec<f64> {
        study.candidates.iter().filter_map(|candidate| candidate.summary.mean).collect()
    };
    let close = |(a, b): (&f64, &f64)| (a - b).abs() <= 1e-11 * b.abs().max(1e-3);
    assert!(scores(&study).iter().zip(&scores(&before)).all(close));
    assert_eq!((study.runs.len(), &study.toml), (before.runs.len(), &before.toml));
    // Not assert_eq: its output would be a megabyte of numbers.
    assert!(zoo_report::read(&zoo_report::json(&study).unwrap()).unwrap() == study);
    assert!(zoo_report::json(&study).unwrap() == written);
}

#[test]
fn a_band_is_stored_as_pairs() {
    let band = BandAt { flops: 1e9, loss: Interval { low: 2.0, high: 2.5 } };
    let text = serde_json::to_string(&band).unwrap();
    assert_eq!(text, r#"[1000000000.0,{"low":2.0,"high":2.5}]"#);
    assert_eq!(serde_json::from_str::<BandAt>(&text).unwrap(), band);
}

#[test]
fn a_study_of_another_format_is_named() {
    let text =
        zoo_report::json(&example::empty()).unwrap().replace("\"schema\": 1", "\"schema\": 7");
    assert!(matches!(zoo_report::read(&text), Err(ReportError::Schema { found: 7 })));
    let newer = "{\"schema\": 2, \"something\": \"else\"}";
    let message = zoo_report::read(newer).unwrap_err().to_string();
    assert!(message.contains("format 2") && message.contains("zoo compare"), "{message}");
}

#[test]
fn a_value_that_is_no_number_is_said_and_not_written() {
    let mut study = example::study();
    study.runs[0].seconds = f64::INFINITY;
    let folder = tempfile::tempdir().unwrap();
    let message = zoo_report::write(&study, folder.path()).unwrap_err().to_string();
    assert!(message.contains("NaN or infinite"), "{message}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn csv_has_a_row_for_every_run_and_gives_it_back() {
    let mut study = example::study();
    study.runs[0].outcome = Outcome::Failed { reason: "a, \"b\"\nand c".into() };
    study.runs[1].outcome = Outcome::Missing;
    let rows = runs::rows(&study);
    assert_eq!(rows.len(), 8 * 4 * 3);
    assert_eq!(runs::from_csv(&runs::csv(&study).unwrap()).unwrap(), rows);
    let count = |outcome: &str| rows.iter().filter(|row| row.outcome == outcome).count();
    assert_eq!(
        ["finished", "failed", "diverged", "missing"].map(count),
        [92, 2, 1, 1],
        "one run of each fate, and another that failed"
    );
}

#[test]
fn a_report_is_four_whole_files_and_replaces_an_older_one() {
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("a/b");
    let study = example::study();
    zoo_report::write(&Study { title: "A former title".into(), ..study.clone() }, &inner).unwrap();
    let paths = zoo_report::write(&study, &inner).unwrap();
    assert_eq!(paths.len(), 4);
    assert_eq!(fs::read_dir(&inner).unwrap().count(), 4, "no temporary file is left");
    for path in &paths {
        let text = fs::read_to_string(path).unwrap();
        assert!(!text.is_empty() && !text.contains("A former title"), "{}", path.display());
    }
    let nowhere = zoo_report::write(&study, &paths[0]).unwrap_err().to_string();
    assert!(nowhere.contains("report.html") && nowhere.contains("--out"), "{nowhere}");
}

#[test]
fn markdown_escapes_what_would_be_markup() {
    let mut study = example::study();
    study.title = "<script> | *a* `b` [c](d)\n# e".into();
    study.toml = "a = \"```\"".into();
    let text = zoo_report::markdown(&study);
    assert!(
        text.starts_with("# \\<script\\> \\| \\*a\\* \\`b\\` \\[c\\](d) \\# e\n"),
        "{}",
        &text[..80]
    );
    assert!(text.contains("````toml\na = \"```\"\n````"), "a fence in a text does not close ours");
}

#[test]
fn markdown_tables_are_rectangular() {
    let text = zoo_report::markdown(&example::study());
    let bars = |line: &str| line.replace("\\|", "").matches('|').count();
    let mut width = None;
    let mut rows = 0;
    for line in text.lines() {
        if !line.starts_with('|') {
            width = None;
            continue;
        }
        assert_eq!(*width.get_or_insert(bars(line)), bars(line), "{line}");
        rows += 1;
    }
    assert!(rows > 300, "{rows}");
}
