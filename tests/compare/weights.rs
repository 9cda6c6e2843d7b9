//! Weights that a comparison keeps, and checkpoints that it starts from.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use burn_zoo::datasets::labeled::LabeledTarget;
use burn_zoo::datasets::locate::SearchPath;
use burn_zoo::datasets::task::TaskSpec;
use burn_zoo::report;
use burn_zoo::report::study::{Candidate, Outcome, Study};
use serde_json::Value;

use crate::cli::{refuse, succeed};

/// Reviews whose label is that of one word.
fn write_reviews(at: &Path) {
    let mut csv = String::from("text,label\n");
    let (nouns, words) = (["film", "plot", "cast", "end"], ["good", "fine", "bad", "dull"]);
    for index in 0..240 {
        let word = words[index % 4];
        let label = if index % 4 < 2 { "positive" } else { "negative" };
        let (a, b) = (nouns[index / 4 % 4], nouns[index / 16 % 4]);
        writeln!(csv, "\"the {a}, {index} times, is ({word}); the {b}!\",{label}").unwrap();
    }
    fs::write(at.join("reviews.csv"), csv).unwrap();
}

const COMMON: &[&str] = &[
    "--task",
    "csv:file=reviews.csv",
    "--size",
    "8k",
    "--batch-size",
    "16",
    "--lengths",
    "none",
    "--seeds",
    "2",
    "--out",
    "out",
];

fn study(at: &Path) -> Study {
    report::read(&fs::read_to_string(at.join("out/study.json")).unwrap()).unwrap()
}

/// The test score of the run with the best validation score.
fn best(study: &Study, name: &str) -> f64 {
    let of = study.candidates.iter().find(|c| c.architecture == name).unwrap();
    let runs: Vec<_> = study.runs_of(of).collect();
    // The first of equal ones.
    let scores = runs.into_iter().rev().filter_map(|run| match run.outcome {
        Outcome::Finished { test, validation, .. } => Some((validation, test)),
        _ => None,
    });
    scores.max_by(|a, b| a.0.total_cmp(&b.0)).unwrap().1
}

/// Writes the texts of the test split.
fn write_test_split(at: &Path) {
    let file = at.join("reviews.csv");
    let spec = TaskSpec::parse(&format!("csv:file={}", file.display())).unwrap();
    let task = spec.build(&SearchPath::default()).unwrap();
    let mut csv = String::from("text,label\n");
    for text in task.sources.unwrap().test {
        let LabeledTarget::Label(label) = text.target else { panic!("{text:?}") };
        let label = if label == 1 { "positive" } else { "negative" };
        writeln!(csv, "\"{}\",{label}", text.text).unwrap();
    }
    fs::write(at.join("test.csv"), csv).unwrap();
}

#[test]
fn kept_weights_score_in_the_other_verbs_what_the_report_says() {
    let guard = tempfile::tempdir().unwrap();
    let at = guard.path();
    write_reviews(at);
    let run = [&["compare", "bert", "gpt2"][..], COMMON, &["--steps", "60", "--rates", "1e-2"]];
    // Cached runs without weights are repeated once for each candidate.
    succeed(at, &run.concat());
    let first = study(at);
    let keep = [&run.concat()[..], &["--keep-weights", "--json"]].concat();
    let json: Value = serde_json::from_str(&succeed(at, &keep).stdout).unwrap();
    assert_eq!(json["weights"], serde_json::json!(["out/weights/bert", "out/weights/gpt2"]));
    assert_eq!(study(at).runs, first.runs);
    write_test_split(at);
    let evaluated = succeed(at, &["evaluate", "out/weights/bert", "test.csv", "--json"]).stdout;
    let evaluated: Value = serde_json::from_str(&evaluated).unwrap();
    let accuracy = evaluated["scores"][0]["value"].as_f64().unwrap();
    assert!((accuracy - best(&first, "bert")).abs() < 1e-3, "{evaluated}");
    assert!(accuracy > 90.0, "{accuracy}");
    let text = "the plot, 3 times, is (dull); the end!";
    let classified = succeed(at, &["classify", "out/weights/bert", text]).stdout;
    assert!(classified.contains("negative"), "{classified}");
    let args =
        ["generate", "out/weights/gpt2", "--greedy", "--max-new-tokens", "1", "--prompt", text];
    let written = succeed(at, &args).stdout;
    assert!(written.contains("<label negative>"), "{written}");
    // Nothing is left of the other runs, and nothing is computed again.
    assert_eq!(fs::read_dir(at.join("runs/compared/weights")).unwrap().count(), 0);
    let before = fs::metadata(at.join("out/weights/bert/model.safetensors")).unwrap();
    succeed(at, &keep);
    let after = fs::metadata(at.join("out/weights/bert/model.safetensors")).unwrap();
    assert_eq!(before.modified().unwrap(), after.modified().unwrap());
}

#[test]
fn a_checkpoint_is_compared_with_families_from_scratch() {
    let guard = tempfile::tempdir().unwrap();
    let at = guard.path();
    write_reviews(at);
    let scratch = [&["compare", "bert"][..], COMMON, &["--steps", "60", "--rates", "1e-2"]];
    succeed(at, &[&scratch.concat()[..], &["--keep-weights"]].concat());
    fs::rename(at.join("out/weights/bert"), at.join("known")).unwrap();
    let more = ["compare", "lstm", "known:known", "--steps", "2", "--rates", "1e-5"];
    let plan = succeed(at, &[&more[..], COMMON, &["--plan"]].concat()).stdout;
    assert!(plan.contains("known") && plan.contains("(pretrained)"), "{plan}");
    succeed(at, &[&more[..], COMMON].concat());
    let study = study(at);
    let of = |name: &str| -> &Candidate {
        study.candidates.iter().find(|c| c.architecture == name).unwrap()
    };
    assert_eq!(of("known").pretrained.as_deref(), Some("known"));
    assert!(of("known").deviation.is_none() && of("lstm").pretrained.is_none());
    // Two steps at a small rate keep what the checkpoint knows, and teach nothing from scratch.
    assert!(of("known").summary.mean.unwrap() > 90.0 && of("lstm").is_at_chance);
    let report = fs::read_to_string(at.join("out/report.md")).unwrap();
    assert!(report.contains("known is pretrained") && report.contains("lstm is not trained yet"));
    for (args, expected) in [
        (
            &["compare", "known:known", "--task", "listops"][..],
            &["known cannot do listops", "no texts"][..],
        ),
        (
            &["compare", "absent:./absent", "--task", "csv:file=reviews.csv"],
            &["absent", "config.json"],
        ),
        (&["compare", "bert", "bert:known", "--task", "csv:file=reviews.csv"], &["bert", "twice"]),
    ] {
        refuse(at, args, (2, expected));
    }
}
