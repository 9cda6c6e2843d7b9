//! The book's parity tables match the measured files, and are complete.

use burn_zoo::models::families::FAMILIES;
use burn_zoo::parity::{ParityCase, ParityRun, ParityVerdict, page};

use crate::golden::{folder, json};

/// Measures what is missing or stale.
const MEASURE: &str = "run scripts/parity-records, and commit docs/parity and docs/src/parity.md";

fn runs() -> Vec<ParityRun> {
    let kept = folder().join("../../docs/parity");
    let mut paths: Vec<_> =
        std::fs::read_dir(kept).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| json(path)).collect()
}

#[test]
fn the_page_is_what_zoo_parity_makes_of_the_files() {
    let path = folder().join("../../docs/src/parity.md");
    let expected = page(&runs());
    if std::env::var_os("ZOO_BLESS").is_some() {
        std::fs::write(&path, &expected).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap();
    let how = "zoo parity --page docs/src/parity.md --save docs/parity";
    assert!(found == expected, "docs/src/parity.md is not what `{how}` writes");
}

#[test]
fn every_family_was_measured_on_every_backend_that_runs_on_a_cpu() {
    let runs = runs();
    // A family that is an alias of another one need not be measured a second time.
    let known = ParityCase::all(FAMILIES);
    for (title, all) in
        [("ndarray", true), ("tch", true), ("wgpu, fused", false), ("wgpu, unfused", false)]
    {
        let run = runs.iter().find(|run| run.of.title() == title);
        let run = run.unwrap_or_else(|| panic!("{title} was not run"));
        let expected = if all { ParityCase::all(FAMILIES) } else { ParityCase::one_per_kind() };
        for case in expected {
            let name = case.name();
            let verdict_of = |case: &ParityCase| run.cases.get(&case.name());
            let same = || known.iter().filter(|other| other.is_same_as(&case));
            let verdict = verdict_of(&case).or_else(|| same().find_map(verdict_of));
            let verdict =
                verdict.unwrap_or_else(|| panic!("{name} was not run on {title}: {MEASURE}"));
            let is_current = run.is_current(&case) || same().any(|other| run.is_current(other));
            assert!(is_current, "{name} was run on {title} with other code: {MEASURE}");
            assert_eq!(verdict.problems(&run.of.device, &name), [""; 0], "{title}");
        }
    }
}

#[test]
fn a_result_is_of_the_code_that_it_was_measured_with() {
    let cases = ParityCase::all(FAMILIES);
    for case in &cases {
        for other in &cases {
            let is_same = case.fingerprint() == other.fingerprint();
            assert_eq!(is_same, case.is_same_as(other), "{} and {}", case.name(), other.name());
        }
    }
    let case = ParityCase::smoke();
    let mut run = runs().remove(0);
    run.insert(&case, ParityVerdict::Fault("none".into()));
    assert!(run.is_current(&case));
    *run.code.get_mut(&case.name()).unwrap() = "0123456789abcdef".into();
    assert!(!run.is_current(&case));
    run.code.clear();
    assert!(!run.is_current(&case));
}
