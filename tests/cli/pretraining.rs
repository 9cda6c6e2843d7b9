//! Objectives on running text, from the flags to the saved model.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::pipelines::model as pipeline;
use super::{refuse, succeed, train};

fn read(path: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

fn model(folder: &Path) -> Vec<u8> {
    fs::read(folder.join("model.safetensors")).unwrap()
}

/// A text of words that the small vocabularies of the fixtures have too.
fn write_text(at: &Path) {
    let verse = "the cat sat on the mat. a dog ran to the house! is it a good day?\n";
    fs::write(at.join("book.txt"), verse.repeat(60)).unwrap();
}

#[test]
fn a_resumed_run_of_every_objective_ends_with_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let cases: [&[&str]; 4] = [
        &["bert", "--masking", "whole-word", "--mask-share", "0.3", "--tokenizer", "bpe:300"],
        &["t5"],
        &["bart", "--tokenizer", "bpe:300", "--dropout", "0.1"],
        &["transformer", "--objective", "span-corruption", "--noise-density", "0.3"],
    ];
    let names = ["masked", "span-corruption", "denoising", "span-corruption"];
    for (case, name) in cases.into_iter().zip(names) {
        let course = ["--schedule", "constant", "--accumulate", "2", "--eval-interval", "4"];
        let run = |out: &'static str, steps: &'static str| {
            let course = [case, &["--out", out, "--steps", steps], &course].concat();
            succeed(at, &train(&course));
        };
        run("whole", "8");
        run("part", "3");
        succeed(at, &["train", "--resume", "part", "--steps", "8", "--sample", "0"]);
        assert!(model(&at.join("whole")) == model(&at.join("part")), "{case:?}");
        let settings = read(&at.join("part/training/settings.json"));
        assert!(settings["objective"].get(name).is_some(), "{case:?}: {settings}");
        for run in ["whole", "part"] {
            fs::remove_dir_all(at.join(run)).unwrap();
        }
    }
}

#[test]
fn new_models_have_the_tokens_of_their_objective() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    write_text(at);
    let run = |family: &'static str, out: &'static str| {
        let course = [family, "--text-file", "book.txt", "--out", out, "--steps", "2"];
        succeed(at, &train(&[&course[..], &["--warmup", "0"]].concat()));
        read(&at.join(out).join("config.json"))
    };
    let ids = |out: &str| {
        let tokenizer = read(&at.join(out).join("tokenizer.json"));
        let added = tokenizer["added_tokens"].as_array().unwrap().clone();
        move |text: &str| {
            let found = added.iter().find(|token| token["content"] == text);
            found.map(|token| token["id"].clone()).unwrap_or_default()
        }
    };
    let (config, id) = (run("t5", "spans"), ids("spans"));
    assert_eq!(config["vocab_size"].as_u64().unwrap(), id("<extra_id_0>").as_u64().unwrap() + 1);
    assert_eq!(config["eos_token_id"], id("</s>"));
    assert_eq!(config["decoder_start_token_id"], id("<pad>"));
    let (config, id) = (run("bart", "denoised"), ids("denoised"));
    assert_eq!(config["decoder_start_token_id"], id("</s>"));
    assert_eq!(config["pad_token_id"], id("<pad>"));
    assert!(id("<mask>").is_u64());
    // A run that is trained further repairs texts again.
    let more = ["train", "--text-file", "book.txt", "--out", "more", "--steps", "1"];
    let more = [&more[..], &["--init-from", "spans", "--context", "16", "--warmup", "0"]].concat();
    succeed(at, &more);
    let settings = read(&at.join("more/training/settings.json"));
    assert_eq!(settings["objective"]["span-corruption"]["density"], 0.15);
}

#[test]
fn checkpoints_go_on_with_their_objective() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    write_text(at);
    let cases = [
        ("fill-mask/bert", "masked", false),
        ("fill-mask/roberta", "masked", false),
        ("fill-mask/xlm-roberta", "masked", false),
        // It gets another head.
        ("token-classification/bert", "masked", true),
        ("summarization/bart", "denoising", false),
        ("summarization/t5", "span-corruption", false),
        ("translation/mbart", "denoising", false),
        ("translation/marian", "next-token", false),
    ];
    for (from, objective, is_new) in cases {
        let from = pipeline(from);
        let flags = ["--text-file", "book.txt", "--steps", "2", "--warmup", "0", "--out", "run"];
        let mut course = [&["train", "--init-from", &from][..], &flags].concat();
        course.extend(["--context", "16", "--batch-size", "4", "--sample", "0"]);
        if objective == "masked" {
            course.extend(["--masking", "whole-word"]);
        }
        let trained = succeed(at, &course);
        assert_eq!(trained.stderr.contains("new parameters"), is_new, "{}", trained.stderr);
        let settings = read(&at.join("run/training/settings.json"));
        let found = &settings["objective"];
        assert!(found == objective || found.get(objective).is_some(), "{from}: {found}");
        fs::remove_dir_all(at.join("run")).unwrap();
    }
}

#[test]
fn objectives_that_cannot_be_learned_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    write_text(at);
    let no = |args: &[&str], expected: &[&str]| refuse(at, &train(args), (2, expected));
    no(&["gpt2", "--objective", "masked"], &["masked is not for gpt2", "next-token"]);
    no(&["bert", "--objective", "denoising"], &["denoising is not for bert", "masked"]);
    no(&["bert", "--mask-share", "1.5"], &["--mask-share is 1.5", "between 0 and 1"]);
    no(&["bert", "--mean-span", "2"], &["--mean-span needs", "span-corruption", "is masked"]);
    no(&["t5", "--masking", "whole-word"], &["--masking needs the objective masked"]);
    no(&["t5", "--noise-density", "0"], &["--noise-density is 0"]);
    no(&["bart", "--mean-span", "0.5"], &["--mean-span is 0.5", "at least 1"]);
    no(&["t5", "--objective", "nothing"], &["span-corruption", "denoising"]);
    let marian = pipeline("translation/marian");
    let spans = ["--objective", "span-corruption", "--text-file", "book.txt", "--context", "16"];
    let from = [&["train", "--init-from", &marian][..], &spans].concat();
    refuse(at, &from, (2, &["<extra_id_0>", "--objective"]));
    refuse(at, &["train", "t5", "--context", "2"], (2, &["--context is 2", "span-corruption"]));
    let left: Vec<_> = fs::read_dir(at).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["book.txt"]);
}
