//! The reports of the book match their studies, and the studies match their TOML files.
//!
//! `ZOO_BLESS=1 cargo test --release --workspace --test suite compare::published` renders them again.

use std::fs;
use std::path::{Path, PathBuf};

use burn_zoo::compare::spec::Spec;
use burn_zoo::report;
use burn_zoo::report::aggregate::aggregated;
use burn_zoo::report::study::{Outcome, Study};

fn reports() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/src/reports");
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let mut files: Vec<PathBuf> =
        files.filter(|path| path.extension().is_some_and(|end| end == "toml")).collect();
    files.sort();
    assert!(!files.is_empty());
    files
}

fn study(file: &Path) -> Study {
    let text = fs::read_to_string(file.with_extension("").join("study.json")).unwrap();
    report::read(&text).unwrap()
}

#[test]
fn what_is_shown_is_what_was_measured() {
    let way = "ZOO_BLESS=1 cargo test --release --workspace --test suite compare::published";
    for file in reports() {
        let (folder, study) = (file.with_extension(""), study(&file));
        // The means, intervals and tests are those of the stored runs.
        let json = report::json(&aggregated(study).unwrap()).unwrap();
        let study = report::read(&json).unwrap();
        let is_same = |name: &str, text: String| {
            let path = folder.join(name);
            if std::env::var_os("ZOO_BLESS").is_some() {
                fs::write(&path, &text).unwrap();
            }
            let stored = fs::read_to_string(&path).unwrap();
            assert!(stored == text, "{} is not current: {way}", path.display());
        };
        is_same("study.json", json);
        is_same("report.html", report::html(&study).unwrap());
        is_same("report.md", report::markdown(&study));
        is_same("runs.csv", report::runs::csv(&study).unwrap());
    }
}

#[test]
fn what_was_measured_is_what_the_file_asks_for() {
    for file in reports() {
        let study = study(&file);
        let spec = Spec::read(&file).unwrap();
        assert_eq!(study.toml, spec.to_toml(), "{}", file.display());
        assert_eq!(study.seeds.len() as u64, spec.seeds);
        let pairs = spec.architectures.len() * spec.tasks.len();
        assert_eq!(study.candidates.len(), pairs);
        assert_eq!(study.runs.len(), pairs * study.seeds.len());
        for candidate in &study.candidates {
            assert!(candidate.deviation.unwrap().abs() <= 2.0, "{}", candidate.architecture);
            let finished = study
                .runs_of(candidate)
                .filter(|run| matches!(run.outcome, Outcome::Finished { .. }))
                .count();
            assert_eq!(candidate.summary.finished, finished);
        }
        assert_eq!(
            study.costs.len(),
            if spec.lengths.is_empty() { 0 } else { spec.architectures.len() }
        );
    }
}
