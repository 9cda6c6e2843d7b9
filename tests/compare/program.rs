//! `zoo compare` as a user runs it.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use burn_zoo::compare::report;
use burn_zoo::compare::study::{Outcome, Study, Tested};

use crate::cli::{finish, refuse, succeed, zoo};

/// A comparison of seconds.
const SMALL: &[&str] = &[
    "compare",
    "--task",
    "sort:max_length=5,vocabulary=6",
    "--size",
    "8k",
    "--seeds",
    "3",
    "--steps",
    "30",
    "--batch-size",
    "8",
    "--rates",
    "1e-3,3e-3",
    "--out",
    "out",
];

fn study(folder: &Path) -> Study {
    report::read(&fs::read_to_string(folder.join("out/study.json")).unwrap()).unwrap()
}

fn kept(folder: &Path) -> usize {
    fs::read_dir(folder.join("runs/compared")).map_or(0, |files| files.count())
}

/// Everything but what time decides.
fn numbers(study: &Study) -> Vec<(String, u64, Outcome)> {
    let of = |run: &burn_zoo::compare::study::Run| {
        (run.architecture.clone(), run.seed, run.outcome.clone())
    };
    study.runs.iter().map(of).collect()
}

#[test]
fn a_comparison_is_run_once_and_grows() {
    let guard = tempfile::tempdir().unwrap();
    let at = guard.path();
    let compare = |families: &[&str]| succeed(at, &[SMALL, families].concat());
    let first = compare(&["gpt2", "t5"]);
    assert!(!first.stdout.trim().is_empty(), "there is a verdict");
    assert_eq!(kept(at), 2 * (2 + 3));
    let study_of_two = study(at);
    assert_eq!((study_of_two.runs.len(), study_of_two.comparisons.len()), (6, 1));
    for contestant in &study_of_two.contestants {
        assert!(contestant.deviation.unwrap().abs() <= 2.0);
        assert_eq!((contestant.rates.len(), contestant.summary.finished), (2, 3));
        assert!(contestant.summary.interval.is_some());
    }
    for name in ["report.html", "report.md", "runs.csv"] {
        assert!(fs::metadata(at.join("out").join(name)).unwrap().len() > 500, "{name}");
    }
    // The same again computes nothing, and says the same.
    let again = compare(&["gpt2", "t5"]);
    assert_eq!(again.stdout, first.stdout);
    assert_eq!(numbers(&study(at)), numbers(&study_of_two));
    // Another architecture runs only itself.
    compare(&["gpt2", "t5", "llama"]);
    assert_eq!(kept(at), 3 * (2 + 3));
    assert_eq!(numbers(&study(at))[..6], numbers(&study_of_two));
    // What was kept is computed again, and comes to the same.
    fs::remove_dir_all(at.join("runs")).unwrap();
    compare(&["gpt2", "t5"]);
    assert_eq!(numbers(&study(at)), numbers(&study_of_two));
}

#[test]
fn a_killed_comparison_goes_on() {
    let guard = tempfile::tempdir().unwrap();
    let at = guard.path();
    let args = [SMALL, &["gpt2"]].concat();
    let mut child = zoo(at, &args).spawn().unwrap();
    let began = Instant::now();
    while kept(at) < 3 && began.elapsed() < Duration::from_secs(120) {
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let before = kept(at);
    assert!(before >= 3, "{before} runs were kept before it was killed");
    assert!(!at.join("out").exists(), "there is no half report");
    succeed(at, &args);
    assert_eq!(study(at).runs.len(), 3);
}

#[test]
fn a_run_that_diverges_is_shown_and_in_no_mean() {
    let guard = tempfile::tempdir().unwrap();
    let at = guard.path();
    let file = r#"
        title = "Too fast"
        architectures = ["gpt2", "llama"]
        tasks = [{ task = "sort:max_length=5,vocabulary=6", steps = 40 }]
        size = "8k"
        seeds = 2
        batch-size = 8
        rates = [1e6]
        lengths = []
    "#;
    fs::write(at.join("fast.toml"), file).unwrap();
    let result = succeed(at, &["compare", "fast.toml", "--out", "out"]);
    let study = study(at);
    let is_diverged =
        |run: &&burn_zoo::compare::study::Run| matches!(run.outcome, Outcome::Diverged { .. });
    let diverged = study.runs.iter().filter(is_diverged).count();
    assert!(diverged > 0, "{:?}", numbers(&study));
    for contestant in &study.contestants {
        let finished = study.runs_of(contestant).filter(|run| !is_diverged(run)).count();
        assert_eq!(contestant.summary.finished, finished);
    }
    let html = fs::read_to_string(at.join("out/report.html")).unwrap();
    assert!(html.contains("diverged") && html.contains("Too fast"));
    assert!(result.stderr.contains("diverged"), "{}", result.stderr);
    if diverged == 4 {
        assert!(matches!(study.comparisons[0].tested, Tested::NotTestable { .. }));
    }
}

#[test]
fn what_is_asked_wrongly_is_refused_before_anything_runs() {
    let guard = tempfile::tempdir().unwrap();
    let at = guard.path();
    fs::write(at.join("bad.toml"), "architectures = ['gpt2']\ntasks = ['sort']\nstep = 3\n")
        .unwrap();
    for (args, expected) in [
        (&["compare", "bert", "--task", "sort"][..], &["bert cannot do sort"][..]),
        (&["compare", "gpt2"], &["--task"]),
        (&["compare", "gpt2", "--task", "sort", "--size", "20"], &["smallest"]),
        (&["compare", "gpt2", "--task", "sort", "--size", "60s"], &["--match time"]),
        (&["compare", "gpt2", "--task", "sort", "--device", "abacus"], &["abacus"]),
        (&["compare", "absent.toml"], &["absent.toml"]),
        (&["compare", "bad.toml"], &["bad.toml", "step"]),
        (&["compare", "gpt2", "--task", "names"], &["names.txt", "ZOO_DATA"]),
    ] {
        refuse(at, args, (2, expected));
        assert!(!at.join("runs").exists() && !at.join("reports").exists(), "{args:?}");
    }
}

#[test]
fn a_plan_is_shown_and_nothing_is_run() {
    let guard = tempfile::tempdir().unwrap();
    let at = guard.path();
    let plan = ["compare", "gpt2", "bert", "--task", "listops", "--size", "100k", "--plan"];
    let text = succeed(at, &plan).stdout;
    assert!(text.contains("gpt2") && text.contains("bert") && text.contains("listops"), "{text}");
    let json: serde_json::Value =
        serde_json::from_str(&succeed(at, &[&plan[..], &["--json"]].concat()).stdout).unwrap();
    assert_eq!(json.as_array().unwrap().len(), 2);
    assert!(!at.join("runs").exists());
    // A process that gets no run says so.
    let nothing = finish(zoo(at, &["compare-run"]).output().unwrap());
    assert_eq!(nothing.code, Some(1));
    assert!(nothing.stderr.contains("no run"), "{}", nothing.stderr);
}
