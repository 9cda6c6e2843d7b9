//! `zoo compare` as a user runs it.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use burn_zoo::report;
use burn_zoo::report::study::{Candidate, Outcome, RateOutcome, RateTrial, Study};

use crate::cli::{finish, refuse, succeed, zoo};

/// A comparison that takes seconds.
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
    "--lengths",
    "none",
    "--out",
    "out",
];

fn study(folder: &Path) -> Study {
    report::read(&fs::read_to_string(folder.join("out/study.json")).unwrap()).unwrap()
}

/// The number of cache files that have `field`: `outcome` in runs, `tokens` in measurements.
fn kept(folder: &Path, field: &str) -> usize {
    let Ok(files) = fs::read_dir(folder.join("runs/compared")) else { return 0 };
    let texts = files.filter_map(|file| fs::read_to_string(file.ok()?.path()).ok());
    let holds = |text: &String| {
        let value: Result<serde_json::Value, _> = serde_json::from_str(text);
        value.is_ok_and(|value| value.get(field).is_some())
    };
    texts.filter(holds).count()
}

/// Everything that does not depend on time.
fn numbers(study: &Study) -> Vec<(String, u64, Outcome)> {
    let of = |run: &burn_zoo::report::study::Run| {
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
    let study_of_two = study(at);
    // A trial for each rate, and a run for each seed.
    let jobs = |study: &Study| study.candidates.iter().map(|c| c.rates.len() + 3).sum::<usize>();
    assert_eq!((kept(at, "outcome"), kept(at, "tokens")), (jobs(&study_of_two), 2));
    assert_eq!(study_of_two.runs.len(), 6);
    for candidate in &study_of_two.candidates {
        assert!(candidate.deviation.unwrap().abs() <= 2.0);
        assert_eq!(candidate.summary.finished, 3);
        assert!(candidate.summary.interval.is_some());
        rate_is_inside_or_the_search_has_ended(candidate);
    }
    for run in &study_of_two.runs {
        let speed = run.speed;
        assert!(speed.train_tokens.unwrap() > 0.0 && speed.decode_tokens.unwrap() > 0.0);
    }
    assert!(study_of_two.costs.is_empty());
    for name in ["report.html", "report.md", "runs.csv"] {
        assert!(fs::metadata(at.join("out").join(name)).unwrap().len() > 500, "{name}");
    }
    // Repeating the command computes nothing, and prints the same.
    let again = compare(&["gpt2", "t5"]);
    assert_eq!(again.stdout, first.stdout);
    assert_eq!(numbers(&study(at)), numbers(&study_of_two));
    // Adding an architecture computes only its runs.
    compare(&["gpt2", "t5", "llama"]);
    assert_eq!((kept(at, "outcome"), kept(at, "tokens")), (jobs(&study(at)), 3));
    assert_eq!(numbers(&study(at))[..6], numbers(&study_of_two));
    // Recomputed runs give the same results.
    fs::remove_dir_all(at.join("runs")).unwrap();
    compare(&["gpt2", "t5"]);
    assert_eq!(numbers(&study(at)), numbers(&study_of_two));
}

/// The chosen rate has the lowest loss, and lies between others, unless three beyond the two given
/// ones were tried.
fn rate_is_inside_or_the_search_has_ended(candidate: &Candidate) {
    let loss = |trial: &RateTrial| match trial.outcome {
        RateOutcome::Loss(loss) => loss,
        _ => f64::INFINITY,
    };
    let trials = &candidate.rates;
    let best = trials.iter().min_by(|a, b| loss(a).total_cmp(&loss(b))).unwrap();
    assert_eq!(best.rate, candidate.learning_rate);
    let is_inside = trials.iter().any(|trial| trial.rate < best.rate)
        && trials.iter().any(|trial| trial.rate > best.rate);
    assert!(is_inside || trials.len() == 5, "{trials:?}");
}

#[test]
fn a_killed_comparison_goes_on() {
    let guard = tempfile::tempdir().unwrap();
    let at = guard.path();
    let args = [SMALL, &["gpt2"]].concat();
    let mut child = zoo(at, &args).spawn().unwrap();
    let began = Instant::now();
    while kept(at, "outcome") < 3 && began.elapsed() < Duration::from_secs(120) {
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let before = kept(at, "outcome");
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
        |run: &&burn_zoo::report::study::Run| matches!(run.outcome, Outcome::Diverged { .. });
    let diverged = study.runs.iter().filter(is_diverged).count();
    assert!(diverged > 0, "{:?}", numbers(&study));
    for candidate in &study.candidates {
        let finished = study.runs_of(candidate).filter(|run| !is_diverged(run)).count();
        assert_eq!(candidate.summary.finished, finished);
    }
    let html = fs::read_to_string(at.join("out/report.html")).unwrap();
    assert!(html.contains("diverged") && html.contains("Too fast"));
    assert!(result.stderr.contains("diverged"), "{}", result.stderr);
    if diverged == 4 {
        assert!(study.comparisons.is_empty(), "there is no best to test against others");
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
        (&["compare", "gpt2", "--task", "sort", "--lengths", "512,many"], &["many", "none"]),
        (&["sweep", "gpt2"], &["--task"]),
        (&["sweep", "gpt2", "--task", "sort"], &["sort", "exact match", "stories"]),
        (&["sweep", "gpt2", "--task", "stories", "--sizes", "10k,10k"], &["10k", "twice"]),
        (&["sweep", "gpt2", "--task", "stories", "--sizes", "60s"], &["--match time"]),
        (&["sweep", "bert", "--task", "stories"], &["bert cannot do stories"]),
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
    // A worker process without a run reports an error.
    let nothing = finish(zoo(at, &["compare-run"]).output().unwrap());
    assert_eq!(nothing.code, Some(1));
    assert!(nothing.stderr.contains("no run"), "{}", nothing.stderr);
}

#[test]
fn costs_are_measured_at_each_length() {
    let guard = tempfile::tempdir().unwrap();
    let at = guard.path();
    let file = r#"
        architectures = ["bert", "gpt2", "t5", "lstm"]
        tasks = [{ task = "mqar:n_pairs=2,length=16,vocabulary=8", steps = 4 }]
        size = "8k"
        seeds = 1
        batch-size = 4
        rates = [1e-3]
        validation = 4
        test = 4
        lengths = [16, 32, 64]
    "#;
    fs::write(at.join("costs.toml"), file).unwrap();
    succeed(at, &["compare", "costs.toml", "--out", "out"]);
    let first = study(at);
    assert_eq!(first.costs.len(), 4);
    for curve in &first.costs {
        let lengths: Vec<usize> = curve.points.iter().map(|point| point.length).collect();
        assert_eq!((lengths, &curve.limit), (vec![16, 32, 64], &None));
        let writes = curve.architecture != "bert";
        for point in &curve.points {
            assert!(point.train_tokens.unwrap() > 0.0 && point.forward_tokens.unwrap() > 0.0);
            assert_eq!(point.decode_tokens.is_some(), writes, "{}", curve.architecture);
            if cfg!(target_os = "linux") {
                // 8000 parameters, their gradients and two moments are 128 kB.
                assert!(point.train_bytes.unwrap() > 100_000, "{point:?}");
            }
        }
    }
    // Measurements are cached.
    succeed(at, &["compare", "costs.toml", "--out", "out"]);
    assert_eq!(study(at).costs, first.costs);
}

#[test]
fn sizes_are_swept() {
    let guard = tempfile::tempdir().unwrap();
    let at = guard.path();
    let sweep = [
        "sweep",
        "gpt2",
        "lstm",
        "--task",
        "stories:context=8",
        "--sizes",
        "2k,4k,8k,16k",
        "--seeds",
        "1",
        "--steps",
        "20",
        "--batch-size",
        "4",
        "--rates",
        "1e-2",
        "--out",
        "out",
    ];
    succeed(at, &sweep);
    let study = study(at);
    assert_eq!((study.candidates.len(), study.comparisons.len(), study.runs.len()), (0, 0, 8));
    assert_eq!(study.scaling.len(), 2);
    for scaling in &study.scaling {
        let sizes: Vec<&str> = scaling.points.iter().map(|point| point.size.as_str()).collect();
        assert_eq!(sizes, ["2k", "4k", "8k", "16k"]);
        let runs = study.runs.iter().filter(|run| run.architecture == scaling.architecture);
        for (point, run) in scaling.points.iter().zip(runs) {
            assert_eq!(run.size.as_ref(), Some(&point.size));
            let last = run.curve.last().unwrap();
            let nats = last.validation.unwrap() * std::f64::consts::LN_2;
            assert!((point.loss - nats).abs() < 1e-9 && point.flops == last.flops);
        }
        // No run is below the front.
        assert!(!scaling.front.is_empty());
        for pair in scaling.front.windows(2) {
            assert!(pair[0].flops < pair[1].flops && pair[0].loss > pair[1].loss);
        }
        let least = scaling.points.iter().map(|point| point.loss).fold(f64::INFINITY, f64::min);
        assert!(scaling.front.last().unwrap().loss <= least);
    }
    let report = fs::read_to_string(at.join("out/report.md")).unwrap();
    assert!(report.contains("Costs by size") && report.contains("16k"), "{report}");
}
