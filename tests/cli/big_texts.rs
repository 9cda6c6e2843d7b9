//! Running text of several files, large ones too.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::{finish, refuse, succeed, train, zoo};

fn story(lines: std::ops::Range<usize>) -> String {
    lines.map(|i| format!("line {i} of {} words and some more\n", i * i % 97)).collect()
}

fn json(path: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

fn model(folder: &Path) -> Vec<u8> {
    fs::read(folder.join("model.safetensors")).unwrap()
}

const SHORT: &[&str] = &["--steps", "4", "--eval-interval", "2", "--checkpoint-interval", "2"];

/// Trains with these flags, and further ones for a short run; what it printed as JSON.
fn run(at: &Path, flags: &str) -> Value {
    let flags: Vec<&str> = flags.split(' ').collect();
    let result = succeed(at, &train(&[&["--json"], &flags[..], SHORT].concat()));
    serde_json::from_str(&result.stdout).unwrap()
}

#[test]
fn a_large_text_is_encoded_once_and_trains_like_a_small_one() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let text = story(0..270_000);
    assert!(text.len() > 8 << 20);
    fs::write(at.join("large.txt"), text).unwrap();
    let flags = ["gpt2", "--text-file", "large.txt"];
    let out = |name: &'static str| [&flags[..], &["--out", name], SHORT].concat();
    let first = succeed(at, &train(&out("first")));
    assert!(first.stderr.contains("encoded ") && first.stderr.contains("MB/s"), "{}", first.stderr);
    let second = succeed(at, &train(&out("second")));
    assert!(second.stderr.contains("were already encoded"), "{}", second.stderr);
    assert!(model(&at.join("first")) == model(&at.join("second")));
    // Another folder, which is not there.
    let resumed = finish(
        zoo(at, &["train", "--resume", "first", "--steps", "6", "--sample", "0"])
            .env("ZOO_CACHE", at.join("other"))
            .output()
            .unwrap(),
    );
    assert_eq!(resumed.code, Some(0), "{}", resumed.stderr);
    assert_eq!(fs::read_dir(at.join("other/tokens")).unwrap().count(), 1);
    // The number of steps is kept.
    assert_eq!(json(&at.join("first/training/settings.json"))["schedule"]["steps"], 6);
    refuse(at, &["train", "--resume", "first", "--steps", "5"], (2, &["the run has 6"]));
}

#[test]
fn documents_of_several_files_are_trained_on_and_tested() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    fs::create_dir(at.join("texts")).unwrap();
    fs::write(at.join("texts/a.txt"), story(0..60)).unwrap();
    let rows = |range: std::ops::Range<usize>| -> String {
        let row = |i| format!("{}\n", serde_json::json!({"content": story(i..i + 1 + i % 3)}));
        range.map(row).collect()
    };
    fs::write(at.join("texts/b.jsonl"), rows(0..60)).unwrap();
    fs::write(at.join("valid.jsonl"), rows(60..80)).unwrap();
    fs::write(at.join("test.txt"), story(80..99)).unwrap();
    let common = "--text-file texts --validation valid.jsonl --test test.txt --tokenizer bpe:300";
    let result = run(at, &format!("gpt2 {common} --text-column content --out stream"));
    let test = &result["test"];
    assert_eq!(*test, json(&at.join("stream/test.json")));
    let [loss, perplexity, bits] =
        ["loss", "perplexity", "bits_per_byte"].map(|name| test[name].as_f64().unwrap());
    assert!((perplexity - loss.exp()).abs() < 1e-9 && bits > 0.5 && bits < 8.0);
    // The same loss as that of the program for evaluations.
    let evaluated =
        succeed(at, &["evaluate", "stream", "test.txt", "--json", "--max-length", "16"]);
    let evaluated: Value = serde_json::from_str(&evaluated.stdout).unwrap();
    for name in ["loss", "bits_per_byte"] {
        let (tested, evaluated) = (test[name].as_f64().unwrap(), evaluated[name].as_f64().unwrap());
        assert!((tested - evaluated).abs() < 1e-5, "{name}: {tested} and {evaluated}");
    }
    for family in ["gpt2", "t5", "bert"] {
        let flags = format!("{family} {common} --packing bordered --documents line --accumulate 2");
        let [whole, half] = [format!("{family}-whole"), format!("{family}-half")];
        run(at, &format!("{flags} --out {whole}"));
        let begun = [&flags[..], "--steps 2 --eval-interval 2 --out", &half].join(" ");
        let begun: Vec<&str> = begun.split(' ').collect();
        succeed(at, &train(&begun));
        // The first steps have another rate if the schedule is another.
        assert_eq!(
            json(&at.join(&half).join("training/settings.json"))["text"]["packing"],
            "bordered"
        );
        succeed(at, &["train", "--resume", &half, "--steps", "4", "--sample", "0"]);
        assert!(at.join(&half).join("test.json").exists());
    }
}

#[test]
fn an_epoch_of_text_has_its_tokens() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    fs::write(at.join("text.txt"), "0123456789".repeat(160)).unwrap();
    let flags = ["gpt2", "--text-file", "text.txt", "--json"];
    // 1,440 characters in steps of 4 rows of 16.
    let result = succeed(at, &train(&[&flags[..], &["--epochs", "0.5", "--out", "x"]].concat()));
    let result: Value = serde_json::from_str(&result.stdout).unwrap();
    assert_eq!(result["steps"], 12);
    refuse(at, &train(&["--epochs", "1"]), (2, &["have no end"]));
}

#[test]
fn a_moved_validation_text_is_named_when_a_run_is_resumed() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    fs::write(at.join("a.txt"), story(0..60)).unwrap();
    fs::write(at.join("v.txt"), story(3..30)).unwrap();
    run(at, "gpt2 --text-file a.txt --validation v.txt --out x");
    fs::rename(at.join("v.txt"), at.join("w.txt")).unwrap();
    let resume = |more: &[&'static str]| {
        [&["train", "--resume", "x", "--steps", "6", "--sample", "0"], more].concat()
    };
    refuse(at, &resume(&[]), (2, &["v.txt", "--validation"]));
    refuse(at, &resume(&["--validation", "a.txt"]), (2, &["fingerprint"]));
    refuse(at, &resume(&["--validation", "0.2"]), (2, &["only files that were moved"]));
    succeed(at, &resume(&["--validation", "w.txt"]));
    succeed(at, &resume(&[]));
}

#[test]
fn flags_for_files_need_files() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    fs::write(at.join("a.csv"), "text,label\na,b\n").unwrap();
    fs::write(at.join("long.txt"), "a short word. ".repeat(100)).unwrap();
    for (flags, expected) in [
        ("--documents line", "--documents is for texts of your own"),
        ("--data names --validation 0.2", "--validation is for texts of your own"),
        ("--data a.csv", "choose a --task"),
        ("--text-file a.csv --documents words", "unknown documents"),
        ("--text-file a.csv --text-column x", "there is no column \"x\""),
        ("--text-file a.csv --label-column label", "needs a --task"),
        ("--text-file no/*.txt", "no file matches"),
        ("--text-file long.txt --test no.txt", "no.txt"),
    ] {
        let flags: Vec<&str> = flags.split(' ').collect();
        refuse(at, &train(&[&flags[..], &["--out", "x"]].concat()), (2, &[expected]));
        assert!(!at.join("x").exists());
    }
}
