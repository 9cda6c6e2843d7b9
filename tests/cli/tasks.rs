//! From files of labeled texts to trained and evaluated models.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::pipelines::{lines, model as pipeline};
use super::{refuse, succeed};

/// The size of a new model, which trains a step in milliseconds.
const NEW: &str = "--layers 1 --heads 2 --d-model 32 --context 32 --tokenizer bpe:300";

/// A run of a task with these arguments, from scratch or from a model.
pub(super) fn course<'a>(task: &'a str, data: &'a str, more: &'a str) -> Vec<&'a str> {
    let size = if more.contains("--batch-size") { "" } else { "--batch-size 8" };
    let new = if more.contains("--init-from") { "" } else { NEW };
    let words = [more, size, new].into_iter().flat_map(str::split_whitespace);
    ["train", "--task", task, "--data", data, "--warmup", "0"].into_iter().chain(words).collect()
}

/// An evaluation.
pub(super) fn evaluate(at: &Path, args: &[&str]) -> Value {
    let result = succeed(at, &[&["evaluate", "--json"], args].concat());
    serde_json::from_str(&result.stdout).unwrap()
}

pub(super) fn score(evaluation: &Value, name: &str) -> f64 {
    let scores = evaluation["scores"].as_array().unwrap();
    let found = scores.iter().find(|score| score["name"] == name);
    let found = found.unwrap_or_else(|| panic!("no {name}: {evaluation}"));
    let [value, low, high] = ["value", "low", "high"].map(|field| found[field].as_f64());
    let (Some(value), Some(low), Some(high)) = (value, low, high) else {
        panic!("no interval: {found}")
    };
    assert!(low <= value && value <= high, "{found}");
    value
}

pub(super) fn model(folder: &Path) -> Vec<u8> {
    fs::read(folder.join("model.safetensors")).unwrap()
}

pub(super) fn config(folder: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(folder.join("config.json")).unwrap()).unwrap()
}

const FRIENDLY: [&str; 4] = ["a bright day", "we love the sun", "a good tea", "our happy friend"];
const BITTER: [&str; 4] = ["a dark night", "they hate the rain", "a bad soup", "the sad enemy"];

/// Texts with their feelings, each different from the others.
fn feelings(rows: std::ops::Range<usize>) -> Vec<[String; 2]> {
    let row = |row: usize| match row % 2 {
        0 => [format!("{} {row}", FRIENDLY[row / 2 % 4]), "friendly".to_string()],
        _ => [format!("{} {row}", BITTER[row / 2 % 4]), "bitter".to_string()],
    };
    rows.map(row).collect()
}

fn write_csv(path: &Path, rows: &[[String; 2]]) {
    let lines = rows.iter().map(|[text, label]| format!("\"{text}\",{label}\n"));
    fs::write(path, format!("text,label\n{}", lines.collect::<String>())).unwrap();
}

fn write_feelings(at: &Path) {
    write_csv(&at.join("train.csv"), &feelings(0..48));
    write_csv(&at.join("dev.csv"), &feelings(100..116));
    write_csv(&at.join("test.csv"), &feelings(200..232));
}

#[test]
fn a_small_table_becomes_a_classifier() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    write_feelings(at);
    let run = format!(
        "--init-from {} --validation dev.csv --lr 1e-2 --epochs 20 --out run --json",
        pipeline("fill-mask/bert")
    );
    let trained = succeed(at, &course("classification", "train.csv", &run));
    assert!(trained.stderr.contains("new parameters"), "{}", trained.stderr);
    let trained: Value = serde_json::from_str(&trained.stdout).unwrap();
    assert_eq!(trained["step"], 120, "{trained}");

    let written = config(&at.join("run"));
    assert_eq!(written["architectures"], json!(["BertForSequenceClassification"]));
    assert_eq!(written["id2label"], json!({"0": "bitter", "1": "friendly"}));
    assert_eq!(written["problem_type"], "single_label_classification");

    let found = evaluate(at, &["run", "test.csv"]);
    assert_eq!((&found["task"], &found["examples"]), (&json!("classification"), &json!(32)));
    assert!(score(&found, "accuracy") >= 90.0, "{found}");
    assert!(score(&found, "macro_f1") >= 90.0, "{found}");
    assert!(found["loss"].as_f64().unwrap() < 0.5, "{found}");
    let plain = succeed(at, &["evaluate", "run", "test.csv"]).stdout;
    for part in ["32 examples", "accuracy", "95 % [", "precision", "friendly"] {
        assert!(plain.contains(part), "{plain}");
    }

    let texts = ["a good sun", "the bad night"];
    let found = lines(&succeed(at, &[&["classify", "run", "--json"], &texts[..]].concat()));
    let best: Vec<&Value> = found.iter().map(|line| &line["labels"][0]["label"]).collect();
    assert_eq!(best, ["friendly", "bitter"]);
}

#[test]
fn tags_are_learned_from_conll() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let names = ["Anna", "Peter", "Maria", "Paul"];
    let cities = ["Paris", "Berlin", "Rome", "Tokyo"];
    let sentence = |row: usize| {
        let (name, city) = (names[row % 4], cities[row / 4 % 4]);
        let filler = ["now", "today", "again"][row / 16 % 3];
        format!("{name} B-PER\nis O\nin O\n{city} B-LOC\n{filler} O\n\n")
    };
    fs::write(at.join("train.conll"), (0..48).map(sentence).collect::<String>()).unwrap();
    fs::write(at.join("dev.conll"), (0..16).map(sentence).collect::<String>()).unwrap();
    let run = "bert --validation dev.conll --lr 5e-3 --steps 60 --out run";
    succeed(at, &course("tagging", "train.conll", run));
    assert_eq!(config(&at.join("run"))["id2label"], json!({"0": "B-LOC", "1": "B-PER", "2": "O"}));
    let found = evaluate(at, &["run", "dev.conll"]);
    assert_eq!(found["task"], "tagging");
    for name in ["f1", "accuracy", "precision", "recall"] {
        assert!(score(&found, name) >= 90.0, "{found}");
    }
    let tagged = succeed(at, &["tag", "run", "--json", "Maria is in Rome today"]);
    let entities = lines(&tagged)[0]["entities"].clone();
    let groups: Vec<&Value> =
        entities.as_array().unwrap().iter().map(|entity| &entity["label"]).collect();
    assert_eq!(groups, ["PER", "LOC"], "{entities}");
}

#[test]
fn texts_are_learned_from_texts() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let pairs = [("one", "eins"), ("two", "zwei"), ("six", "sechs"), ("ten", "zehn")];
    let row = |row: usize| {
        let ((a, x), (b, y)) = (pairs[row % 4], pairs[row / 4 % 4]);
        format!("{a} {b}\t{x} {y}\n")
    };
    let rows: String = (0..16).map(row).collect();
    fs::write(at.join("train.tsv"), format!("source\ttarget\n{rows}")).unwrap();
    let run = "t5 --validation train.tsv --lr 1e-2 --steps 400 --eval-interval 200 --out run \
               --prefix translate: --max-target-length 12";
    succeed(at, &course("text-to-text", "train.tsv", run));
    let found = evaluate(at, &["run", "train.tsv"]);
    assert_eq!(found["task"], "text-to-text");
    for name in ["chrf", "rouge1", "rouge2", "rougeL", "exact_match"] {
        assert!(score(&found, name) >= 90.0, "{found}");
    }
    // The prefix is the run's, and matters.
    let other = evaluate(at, &["run", "train.tsv", "--prefix", "six six "]);
    assert!(other["loss"].as_f64() > found["loss"].as_f64(), "{other}");
}

#[test]
fn numbers_are_learned_from_texts() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let rows = feelings(0..40).into_iter().enumerate().map(|(row, [text, label])| {
        let number = if label == "friendly" { 2.0 } else { -1.0 } + (row / 2 % 4) as f64 * 0.1;
        [text, number.to_string()]
    });
    write_csv(&at.join("train.csv"), &rows.collect::<Vec<_>>());
    let run = "bert --lr 5e-3 --steps 80 --out run";
    succeed(at, &course("regression", "train.csv", run));
    let written = config(&at.join("run"));
    assert_eq!(written["problem_type"], "regression");
    assert_eq!(written["id2label"].as_object().unwrap().len(), 1);
    let found = evaluate(at, &["run", "train.csv"]);
    assert_eq!(found["task"], "regression");
    assert!(score(&found, "r2") > 0.8 && score(&found, "pearson") > 0.8, "{found}");
}

#[test]
fn sets_of_labels_are_learned_from_json_lines() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let line = |row: usize| {
        let words = [("sun", "warm"), ("rain", "wet"), ("wind", "loud")];
        let chosen = (0..3).filter(|bit| row >> bit & 1 == 1).map(|bit| words[bit]);
        let (said, labels): (Vec<&str>, Vec<&str>) = chosen.unzip();
        let text = format!("today there is {} {row}", said.join(" and "));
        format!("{}\n", json!({"text": text, "labels": labels}))
    };
    fs::write(at.join("train.jsonl"), (0..64).map(line).collect::<String>()).unwrap();
    let run = "bert --lr 5e-3 --steps 240 --out run";
    succeed(at, &course("multi-label-classification", "train.jsonl", run));
    let written = config(&at.join("run"));
    assert_eq!(written["problem_type"], "multi_label_classification");
    assert_eq!(written["id2label"], json!({"0": "loud", "1": "warm", "2": "wet"}));
    let found = evaluate(at, &["run", "train.jsonl"]);
    assert_eq!(found["task"], "multi-label-classification");
    for (name, least) in [("micro_f1", 80.0), ("macro_f1", 80.0), ("subset_accuracy", 50.0)] {
        assert!(score(&found, name) >= least, "{found}");
    }
}

/// SQuAD's JSON: who is where.
fn squad() -> Value {
    let names = ["Anna", "Peter", "Maria", "Paul"];
    let paragraph = |row: usize| {
        let (name, city) = (names[row % 4], ["Paris", "Rome", "Tokyo"][row / 4 % 3]);
        let context = format!("{name} is in {city}.");
        let answer = |text: &str| json!([{"text": text, "answer_start": context.find(text)}]);
        json!({"context": context, "qas": [
            {"id": format!("{row}-who"), "question": "Who?", "answers": answer(name)},
            {"id": format!("{row}-where"), "question": "Where?", "answers": answer(city)},
        ]})
    };
    let paragraphs: Vec<Value> = (0..12).map(paragraph).collect();
    json!({"version": "1.1", "data": [{"title": "People", "paragraphs": paragraphs}]})
}

#[test]
fn answers_are_learned_from_squad() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    fs::write(at.join("train.json"), squad().to_string()).unwrap();
    let run = "bert --lr 5e-3 --steps 120 --out run";
    succeed(at, &course("question-answering", "train.json", run));
    let written = config(&at.join("run"));
    assert_eq!(written["architectures"], json!(["BertForQuestionAnswering"]));
    let found = evaluate(at, &["run", "train.json"]);
    assert_eq!((&found["task"], &found["examples"]), (&json!("question-answering"), &json!(24)));
    assert!(score(&found, "exact_match") >= 80.0 && score(&found, "f1") >= 80.0, "{found}");
    let args = ["answer", "run", "--json", "--question", "Where?", "Paul is in Rome."];
    let answer = lines(&succeed(at, &args))[0]["answers"][0]["answer"].clone();
    assert_eq!(answer.as_str().unwrap().trim(), "Rome");
}

#[test]
fn a_resumed_task_ends_with_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    write_feelings(at);
    fs::write(at.join("pairs.tsv"), "source\ttarget\na b\tb a\nc\tc c c\nd e f\tf\n".repeat(8))
        .unwrap();
    fs::write(at.join("tags.conll"), "a X\nb Y\n\nc X\n\nd Y\ne Y\nf X\n\n".repeat(8)).unwrap();
    fs::write(at.join("squad.json"), squad().to_string()).unwrap();
    let (new, bert) = ("bert --dropout 0.2", pipeline("fill-mask/bert"));
    let from = format!("--init-from {bert}");
    let cases = [
        ("classification", "train.csv", new),
        ("classification", "train.csv", &from[..]),
        ("tagging", "tags.conll", new),
        ("question-answering", "squad.json", new),
        ("text-to-text", "pairs.tsv", "t5 --dropout 0.2"),
    ];
    for (index, (task, data, start)) in cases.into_iter().enumerate() {
        let train = |out: &str, steps: usize| {
            let more = format!(
                "{start} --schedule constant --eval-interval 3 --accumulate 2 --batch-size 3 \
                 --out {out} --steps {steps}"
            );
            succeed(at, &course(task, data, &more));
        };
        let (whole, halves) = (format!("whole-{index}"), format!("halves-{index}"));
        train(&whole, 6);
        train(&halves, 3);
        let half = model(&at.join(&halves));
        succeed(at, &["train", "--resume", &halves, "--steps", "6"]);
        assert!(half != model(&at.join(&halves)), "{task}: nothing was trained");
        assert!(model(&at.join(&whole)) == model(&at.join(&halves)), "{task}: other weights");
    }
    // Other data under the same name are rejected.
    write_csv(&at.join("train.csv"), &feelings(1..49));
    let resume = ["train", "--resume", "whole-0", "--steps", "8"];
    refuse(at, &resume, (2, &["train.csv", "differs from the run's original data"]));
}

#[test]
fn accumulated_passes_train_like_one_large_pass() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    fs::write(at.join("tags.conll"), "a X\nb Y\n\nc X\n\nd Y\ne Y\nf X\n\n".repeat(9)).unwrap();
    let losses = |out: &str, size: &str| -> Vec<f64> {
        let run = format!("bert --steps 6 --eval-interval 3 --epsilon 1e-3 --out {out} {size}");
        succeed(at, &course("tagging", "tags.conll", &run));
        let metrics = fs::read_to_string(at.join(out).join("metrics.jsonl")).unwrap();
        let read = |line: &str| serde_json::from_str::<Value>(line).unwrap()["loss"].as_f64();
        metrics.lines().map(|line| read(line).unwrap()).collect()
    };
    let one = losses("one", "--batch-size 6");
    let many = losses("many", "--batch-size 2 --accumulate 3");
    assert_eq!((one.len(), many.len()), (8, 8));
    for (one, many) in one.iter().zip(&many) {
        assert!((one - many).abs() < 1e-5, "{many} for {one}");
    }
    // The validations after three and six steps.
    assert!(one[3] - one[7] > 1e-3, "{one:?}");
}

/// The files of a folder, sorted.
fn files(at: &Path) -> Vec<String> {
    let entries = fs::read_dir(at).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn bad_data_are_named_and_nothing_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    write_feelings(at);
    for (name, text) in [
        ("unnamed.csv", "words_of_it,kind\na,b\nc,d\n"),
        ("unknown.csv", "text,label\na good day,friendly\na strange day,odd\n"),
        ("one.csv", "text,label\na,b\nc,b\nd,b\n"),
        ("few.csv", "text,label\na,b\na,c\n"),
        ("numbers.csv", "text,label\na,1\nb,many\n"),
        ("tags.jsonl", "{\"words\": [\"a\", \"b\"], \"tags\": [\"X\"]}\n"),
        (
            "answers.jsonl",
            "{\"question\": \"Who?\", \"context\": \"Anna.\", \"answers\": \
          {\"text\": [\"Paul\"], \"answer_start\": [0]}}\n",
        ),
    ] {
        fs::write(at.join(name), text).unwrap();
    }
    let before = files(at);
    let bert = pipeline("fill-mask/bert");
    let classification = |data: &str, more: &[&str], expected: &[&str]| {
        let args = ["train", "--init-from", &bert, "--task", "classification", "--data", data];
        refuse(at, &[&args[..], more].concat(), (2, expected));
    };
    classification(
        "unnamed.csv",
        &[],
        &["unnamed.csv", "\"kind\", \"words_of_it\"", "--label-column"],
    );
    let named = ["--label-column", "kind"];
    classification("unnamed.csv", &named, &["\"kind\", \"words_of_it\"", "--text-column"]);
    let wrong = ["--text-column", "body"];
    classification("train.csv", &wrong, &["body", "\"label\", \"text\"", "--text-column"]);
    let unknown = ["--validation", "unknown.csv"];
    let expected = ["unknown.csv, line 3", "label", "\"odd\"", "bitter, friendly"];
    classification("train.csv", &unknown, &expected);
    classification("one.csv", &[], &["one.csv", "every row has the label \"b\""]);
    classification("few.csv", &[], &["too few different texts"]);
    classification("train.csv", &["--validation", "1.5"], &["--validation is 1.5", "0 and 1"]);
    classification("train.csv", &["--validation", "0"], &["--validation is 0"]);
    classification("train.csv", &["--validation", "none.csv"], &["none.csv"]);
    classification("none.csv", &[], &["none.csv"]);
    classification("train.csv", &["--context", "65"], &["--context is 65", "64"]);
    classification("train.csv", &["--max-target-length", "0"], &["--max-target-length"]);
    classification("train.csv", &["--epochs", "-1"], &["--epochs"]);
    classification("train.csv", &["--epochs", "nan"], &["--epochs"]);
    classification("train.csv", &["--epochs", "1e300"], &["--epochs"]);
    classification("train.csv", &["--epochs", "2", "--steps", "4"], &["--epochs", "--steps"]);

    let task = |start: &[&str], name: &str, data: &str, expected: &[&str]| {
        refuse(at, &[&["train"], start, &["--task", name, "--data", data]].concat(), (2, expected));
    };
    let from = ["--init-from", &bert[..]];
    let line = "numbers.csv, line 3";
    task(&from, "regression", "numbers.csv", &[line, "label"]);
    task(&from, "tagging", "tags.jsonl", &["tags.jsonl, line 1", "has 1 tags for 2 words"]);
    task(&from, "question-answering", "answers.jsonl", &["answers.jsonl, line 1", "Paul"]);
    task(&from, "sorting", "train.csv", &["sorting", "classification, multi-label-classification"]);
    refuse(at, &["train", "--task", "classification"], (2, &["--data"]));
    refuse(at, &["train", "--epochs", "2"], (2, &["--task"]));

    fs::write(at.join("pairs.tsv"), "source\ttarget\na\tb\nc\td\ne\tf\n").unwrap();
    task(&from, "text-to-text", "pairs.tsv", &["Seq2SeqLm", "BertForTokenClassification"]);
    let blocks = ["lstm", "--layers", "1", "--checkpoint-blocks"];
    task(&blocks, "classification", "train.csv", &["lstm is recurrent"]);
    task(&["gpt5"], "classification", "train.csv", &["unknown family \"gpt5\""]);
    fs::remove_file(at.join("pairs.tsv")).unwrap();
    assert_eq!(files(at), before);
}

#[test]
fn an_evaluation_names_what_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    write_feelings(at);
    write_csv(&at.join("odd.csv"), &[["a day".into(), "odd".into()]]);
    fs::write(at.join("unlabeled.csv"), "text,size\na,1\n").unwrap();
    let run = "bert --steps 2 --out run";
    succeed(at, &course("classification", "train.csv", run));
    let wrong =
        |file: &str, expected: &[&str]| refuse(at, &["evaluate", "run", file], (2, expected));
    wrong("odd.csv", &["odd.csv, line 2", "\"odd\"", "bitter, friendly"]);
    wrong("unlabeled.csv", &["unlabeled.csv", "\"size\", \"text\"", "--label-column"]);
    wrong("none.csv", &["none.csv"]);
    let pooled = pipeline("feature-extraction/bert");
    refuse(at, &["evaluate", &pooled, "test.csv"], (2, &["\"positive\"", "--pair-column"]));
    let tagger = pipeline("token-classification/bert");
    let other = ["evaluate", &tagger, "test.csv", "--task", "ranking"];
    refuse(at, &other, (2, &["is not for ranking"]));
    // One example has scores as well, but no spread.
    let one = &feelings(200..201);
    write_csv(&at.join("one.csv"), one);
    assert_eq!(evaluate(at, &["run", "one.csv"])["examples"], 1);
}
