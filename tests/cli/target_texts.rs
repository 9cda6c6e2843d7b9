//! Target texts of decoders and of multilingual models, from the flags to the run's files.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::pipelines::model as pipeline;
use super::{refuse, succeed};

fn read(path: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// Source texts with target texts.
fn write_pairs(at: &Path) {
    let words = ["one", "two", "six", "ten"];
    let row = |i: usize| {
        let [a, b] = [words[i % 4], words[i / 4 % 4]];
        format!("{a} {b}\t{b} {a}\n")
    };
    let rows: String = (0..16).map(row).collect();
    fs::write(at.join("pairs.tsv"), format!("source\ttarget\n{rows}")).unwrap();
}

/// A run of text-to-text with more arguments.
fn course<'a>(more: &[&'a str]) -> Vec<&'a str> {
    let task = ["train", "--task", "text-to-text", "--data", "pairs.tsv", "--warmup", "0"];
    let sizes = ["--context", "16", "--max-target-length", "10", "--validation", "pairs.tsv"];
    [&task[..], &sizes, more].concat()
}

fn evaluate(at: &Path, args: &[&str]) -> Value {
    let result = succeed(at, &[&["evaluate", "--json"], args].concat());
    serde_json::from_str(&result.stdout).unwrap()
}

#[test]
fn a_decoder_writes_the_targets_that_it_learned() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    write_pairs(at);
    let size = ["--layers", "1", "--heads", "2", "--d-model", "32", "--tokenizer", "bpe:300"];
    let run = ["llama", "--steps", "250", "--lr", "1e-2", "--batch-size", "8", "--out", "run"];
    succeed(at, &course(&[&run[..], &size].concat()));
    let found = evaluate(at, &["run", "pairs.tsv"]);
    assert_eq!(found["task"], "text-to-text");
    let scores = found["scores"].as_array().unwrap();
    let score = |name: &str| {
        let score = scores.iter().find(|score| score["name"] == name).unwrap();
        score["value"].as_f64().unwrap()
    };
    assert!(score("exact_match") >= 90.0, "{found}");
    let text = ["generate", "run", "--greedy", "-n", "10", "six ten\n"];
    assert!(succeed(at, &text).stdout.contains("ten six"));
    // Source and target share the positions.
    let gpt2 = pipeline("text-generation/gpt2");
    let long = ["train", "--task", "text-to-text", "--data", "pairs.tsv", "--init-from", &gpt2];
    let long =
        [&long[..], &["--context", "60", "--max-target-length", "10", "--out", "none"]].concat();
    refuse(at, &long, (2, &["--context is 60, and the model's is 54"]));
}

#[test]
fn languages_are_written_for_the_other_commands() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    write_pairs(at);
    let cases = [
        ("translation/mbart", "en_XX", "de_DE", "decoder_start_token_id", 306),
        ("translation/m2m100", "en", "de", "forced_bos_token_id", 320),
    ];
    for (from, source, target, field, id) in cases {
        let from = pipeline(from);
        let languages = ["--source-language", source, "--target-language", target];
        let run = ["--init-from", &from, "--steps", "2", "--out", "run"];
        succeed(at, &course(&[&run[..], &languages].concat()));
        for file in ["config.json", "generation_config.json"] {
            assert_eq!(read(&at.join("run").join(file))[field], id, "{from}, {file}");
        }
        let settings = read(&at.join("run/training/settings.json"));
        assert_eq!(settings["task"]["target_language"], json!(target));
        // The languages are the run's.
        let found = evaluate(at, &["run", "pairs.tsv"]);
        let named = [&["run", "pairs.tsv"][..], &languages].concat();
        assert_eq!(evaluate(at, &named)["loss"], found["loss"]);
        let languages = ["--source-language", source, "--target-language", source];
        let other = [&["run", "pairs.tsv"][..], &languages].concat();
        assert_ne!(evaluate(at, &other)["loss"], found["loss"], "{from}");
        succeed(at, &["train", "--resume", "run", "--steps", "3"]);
        fs::remove_dir_all(at.join("run")).unwrap();
    }
}

#[test]
fn languages_that_a_model_lacks_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    write_pairs(at);
    let no = |from: &str, more: &[&str], expected: &[&str]| {
        let from = pipeline(from);
        let run = ["--init-from", &from, "--out", "run", "--steps", "2"];
        refuse(at, &course(&[&run[..], more].concat()), (2, expected));
    };
    let target = ["--target-language", "xx_XX"];
    no("translation/mbart", &[], &["multilingual", "--target-language", "de_DE"]);
    no("translation/mbart", &target, &["multilingual", "--source-language"]);
    let both = ["--source-language", "en_XX", "--target-language", "xx_XX"];
    no("translation/mbart", &both, &["\"xx_XX\" is not one of the model's languages", "de_DE"]);
    no("summarization/bart", &target, &["it has no language tokens"]);
    assert!(!at.join("run").exists());
}
