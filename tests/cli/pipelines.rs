//! The pipeline commands, on the models with recorded answers.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Stdio};

use serde_json::{Value, json};

use super::{Result, finish, refuse, succeed, zoo};
use crate::golden::folder;

pub(super) fn model(name: &str) -> String {
    folder().join("pipelines").join(name).display().to_string()
}

/// A working folder for the program, which stays empty.
pub(super) fn at() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

/// Runs with these bytes as standard input.
pub(super) fn fed(folder: &Path, args: &[&str], input: &[u8]) -> Result {
    let mut child = piped(folder, args);
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let result = finish(child.wait_with_output().unwrap());
    writer.join().unwrap();
    result
}

fn piped(folder: &Path, args: &[&str]) -> Child {
    let mut command = zoo(folder, args);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

pub(super) fn lines(result: &Result) -> Vec<Value> {
    result.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The commands, each with a model, its arguments besides texts, and the field of its answers.
fn verbs() -> Vec<(Vec<String>, &'static str)> {
    let of = |verb: &str, name: &str, more: &[&str], field| {
        let args = [verb.to_string(), model(name)].into_iter();
        (args.chain(more.iter().map(ToString::to_string)).collect(), field)
    };
    vec![
        of("fill", "fill-mask/bert", &[], "masks"),
        of("classify", "text-classification/bert", &[], "labels"),
        of("classify", "zero-shot-classification/bert", &["--labels", "food,travel"], "labels"),
        of("tag", "token-classification/bert", &[], "entities"),
        of("answer", "question-answering/bert", &["--question", "Who?"], "answers"),
        of("embed", "feature-extraction/bert", &[], "embedding"),
        of("embed", "feature-extraction/bert", &["--tokens"], "vectors"),
    ]
}

const TEXTS: [&str; 3] = ["Anna lives in [MASK].", "Peter [MASK] to Paris, and [MASK].", "[MASK]"];

#[test]
fn a_line_of_input_is_a_line_of_json() {
    let guard = at();
    for (args, field) in verbs() {
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let json = [&args[..], &["--json"]].concat();
        let told = lines(&succeed(guard.path(), &[&json[..], &TEXTS].concat()));
        assert_eq!(told.len(), TEXTS.len(), "{args:?}");
        for (line, text) in told.iter().zip(TEXTS) {
            assert_eq!(line["text"], text, "{args:?}");
            assert!(line[field].is_array(), "{args:?}: {line}");
        }
        // Lines may end with CRLF, and the last line may have no line ending.
        let input = TEXTS.join("\r\n");
        for (more, what) in [(&["-"][..], "a dash"), (&[][..], "nothing")] {
            let read = fed(guard.path(), &[&json[..], more].concat(), input.as_bytes());
            assert_eq!(read.code, Some(0), "{}", read.stderr);
            assert_eq!(lines(&read), told, "{args:?}, {what}");
        }
        let file = guard.path().join("lines");
        fs::write(&file, format!("{}\n", TEXTS.join("\n"))).unwrap();
        let args = [&json[..], &["--file", "lines"]].concat();
        assert_eq!(lines(&succeed(guard.path(), &args)), told);
    }
}

#[test]
fn a_bad_text_costs_no_other_its_answer() {
    let guard = at();
    let fill = model("fill-mask/bert");
    let input = b"Anna [MASK].\nno gap\ncaf\xe9 [MASK]\n[MASK] lives.\n\n";
    let told = fed(guard.path(), &["fill", &fill, "--json"], input);
    assert_eq!(told.code, Some(1), "{}", told.stderr);
    let found = lines(&told);
    assert_eq!(found.len(), 5);
    for (index, reason) in [(1, "write [MASK] at"), (2, "not UTF-8"), (4, "no [MASK]")] {
        assert!(found[index]["error"].as_str().unwrap().contains(reason), "{}", found[index]);
        let number = index + 1;
        assert!(told.stderr.contains(&format!("error: text {number}: ")), "{}", told.stderr);
    }
    assert_eq!(found[1]["text"], "no gap");
    assert!(found[0]["masks"].is_array() && found[3]["masks"].is_array());
    assert!(told.stderr.contains("3 of 5 texts failed"), "{}", told.stderr);

    let plain = fed(guard.path(), &["fill", &fill, "-k", "2"], input);
    assert_eq!((plain.code, plain.stdout.lines().count()), (Some(1), 4), "{}", plain.stdout);
}

#[test]
fn a_line_that_is_no_text_costs_its_own_answer_in_every_verb() {
    let guard = at();
    let mut verbs: Vec<Vec<String>> = verbs().into_iter().map(|(args, _)| args).collect();
    let (t5, mbart) = (model("summarization/t5"), model("translation/mbart"));
    let gpt2 = model("text-generation/gpt2");
    for writes in [
        &["summarize", &t5, "-n", "4"][..],
        &["translate", &mbart, "--from", "en_XX", "--to", "de_DE", "-n", "4"],
        &["generate", &gpt2, "--stdin-lines", "-n", "4", "--temperature", "3"],
    ] {
        verbs.push(writes.iter().map(ToString::to_string).collect());
    }
    let good = TEXTS.join("\n");
    let bad =
        [TEXTS[0].as_bytes(), b"caf\xe9", TEXTS[1].as_bytes(), TEXTS[2].as_bytes()].join(&b'\n');
    for args in verbs {
        let args: Vec<&str> = args.iter().map(String::as_str).chain(["--json"]).collect();
        let expected = fed(guard.path(), &args, good.as_bytes());
        assert_eq!(expected.code, Some(0), "{args:?}: {}", expected.stderr);
        let told = fed(guard.path(), &args, &bad);
        assert_eq!(told.code, Some(1), "{args:?}: {}", told.stderr);
        assert!(told.stderr.contains("error: text 2: the line is not UTF-8"), "{}", told.stderr);
        let mut told = lines(&told);
        assert_eq!(told.remove(1)["error"], "the line is not UTF-8", "{args:?}");
        assert_eq!(told, lines(&expected), "{args:?}");
    }
}

#[test]
fn answers_come_before_the_input_ends() {
    let guard = at();
    let args = ["classify", &model("text-classification/bert"), "--json"];
    let mut child = piped(guard.path(), &args);
    let mut stdin = child.stdin.take().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    for text in ["Anna lives in Berlin.", "I like it."] {
        writeln!(stdin, "{text}").unwrap();
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let line: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(line["text"], text);
    }
    drop(stdin);
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_closed_pipe_ends_it_quietly() {
    let guard = at();
    for args in [
        vec!["classify".into(), model("text-classification/bert")],
        vec!["tag".into(), model("token-classification/bert"), "--json".into()],
    ] {
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let mut child = piped(guard.path(), &args);
        let mut stdin = child.stdin.take().unwrap();
        let writer = std::thread::spawn(move || {
            // Until the program closes the pipe.
            while stdin.write_all(b"Anna lives in Berlin.\n").is_ok() {}
        });
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        stdout.read_line(&mut String::new()).unwrap();
        drop(stdout);
        let mut stderr = String::new();
        child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        assert!(child.wait().unwrap().success(), "{args:?}: {stderr}");
        assert_eq!(stderr, "", "{args:?}");
        writer.join().unwrap();
    }
}

#[test]
fn options_change_what_is_said() {
    let guard = at();
    let told = |args: &[&str]| succeed(guard.path(), args).stdout;
    let one = |args: &[&str]| -> Value {
        let args = [args, &["--json"]].concat();
        serde_json::from_str(&told(&args)).unwrap()
    };
    let fill = model("fill-mask/bert");
    let filled = one(&["fill", &fill, "Anna [MASK].", "--targets", "in,of,wonderful", "-k", "9"]);
    let words: Vec<&Value> =
        filled["masks"][0].as_array().unwrap().iter().map(|found| &found["token_str"]).collect();
    assert_eq!(words.len(), 3);
    assert!(words.contains(&&json!("in")) && words.contains(&&json!("w")), "{words:?}");
    assert_eq!(told(&["fill", &fill, "[MASK] is [MASK].", "-k", "3"]).lines().count(), 6);

    let bert = model("text-classification/bert");
    let labels = |args: &[&str]| one(args)["labels"].as_array().unwrap().len();
    assert_eq!(labels(&["classify", &bert, "Anna"]), 1);
    assert_eq!(labels(&["classify", &bert, "Anna", "--top-k", "2"]), 2);
    assert_eq!(labels(&["classify", &bert, "Anna", "--multi-label"]), 3);
    assert!(told(&["classify", &bert, "Anna"]).ends_with("  Anna\n"));

    let nli = model("zero-shot-classification/bert");
    let zero = ["classify", &nli, "Anna", "--labels", "food, travel,", "--template", "Das ist {}!"];
    assert_eq!(labels(&zero), 2);
    let scores = one(&[&zero[..], &["--multi-label"]].concat());
    assert_ne!(scores, one(&zero));

    let ner = model("token-classification/bert");
    let text = "Peter moved from London to New York. ".repeat(20);
    let whole = succeed(guard.path(), &["tag", &ner, &text]);
    assert!(whole.stderr.contains("texts truncated to the first 64 tokens: 1"), "{}", whole.stderr);
    let pieces = succeed(guard.path(), &["tag", &ner, &text, "--overlap", "16"]);
    assert_eq!(pieces.stderr, "");
    assert!(pieces.stdout.lines().count() > 2 * whole.stdout.lines().count());
    let everything = told(&["tag", &ner, "Anna", "--aggregation", "none", "--ignore", ""]);
    assert!(everything.lines().count() > 1, "{everything}");

    let squad = model("question-answering/bert");
    fs::write(guard.path().join("doc"), "Anna lives in Berlin.\nPeter moved.\n").unwrap();
    let ask = ["answer", &squad, "-q", "Who lives in Berlin?", "--document", "doc", "-k", "3"];
    let answers = one(&ask);
    assert_eq!(answers["answers"].as_array().unwrap().len(), 3);
    assert_eq!(answers["question"], "Who lives in Berlin?");
    assert_eq!(told(&ask).lines().count(), 3);
}

#[test]
fn what_makes_no_sense_is_refused() {
    let guard = at();
    let [fill, bert, nli, ner, squad] = [
        "fill-mask/bert",
        "text-classification/bert",
        "zero-shot-classification/bert",
        "token-classification/bert",
        "question-answering/bert",
    ]
    .map(model);
    let (text, wrong) = ("Anna lives in Berlin.", 2);
    let refused = |args: &[&str], expected: &[&str]| refuse(guard.path(), args, (wrong, expected));
    refused(&["fill", &bert, "[MASK]"], &["BertForSequenceClassification", "BertForMaskedLM"]);
    refused(&["classify", &fill, text], &["not a text classifier"]);
    refused(&["tag", &fill, text], &["not a token classifier"]);
    refused(&["answer", &fill, text, "-q", "?"], &["not a question answering model"]);
    refused(&["answer", &squad, text], &["--question"]);
    refused(&["answer", &squad, text, "-q", ""], &["--question is empty"]);
    refused(&["answer", &squad, text, "-q", "?", "-k", "0"], &["at least 1"]);
    refused(&["answer", &squad, "-q", "?", "--document", "none"], &["cannot read none"]);
    refused(&["fill", &fill, "[MASK]", "-k", "0"], &["--top-k is 0"]);
    refused(&["fill", &fill, "[MASK]", "--targets", "\u{2603}"], &["no token for \"\u{2603}\""]);
    refused(&["classify", &nli, text, "--labels", " , "], &["no labels"]);
    refused(
        &["classify", &nli, text, "--labels", "a", "--template", "It is."],
        &["must contain {}"],
    );
    refused(&["classify", &bert, text, "--template", "It is {}."], &["--labels"]);
    refused(&["tag", &ner, text, "--overlap", "62"], &["overlap of 62", "windows of 64"]);
    refused(&["tag", &ner, text, "--overlap", "3", "--aggregation", "none"], &["other than none"]);
    refused(&["tag", &ner, "--file", "none"], &["cannot read none"]);
    refused(&["tag", "none", text], &["none", "no such directory"]);
    refused(&["tag", &ner], &["there is no text", "TEXT"]);
    refused(&["tag", &ner, "--file", "a", text], &["--file"]);
    // A text without an answer is a failure, not a usage error.
    refuse(
        guard.path(),
        &["fill", &fill, text],
        (1, &["write [MASK] at the position of the missing word"]),
    );
    refuse(guard.path(), &["answer", &squad, "", "-q", "?"], (1, &["the context is empty"]));
    let vision = folder().join("vit/base").display().to_string();
    refused(&["classify", &vision, text], &["ViTForImageClassification"]);
    let mask = folder().join("bert/base").display().to_string();
    refuse(guard.path(), &["fill", &mask, "[MASK]"], (1, &["tokenizer.json"]));
}

#[test]
fn a_zero_shot_model_without_names_is_noted() {
    let guard = at();
    let args = ["classify", &model("zero-shot-classification/unnamed"), "Anna", "--labels", "a,b"];
    let told = succeed(guard.path(), &args);
    assert!(told.stderr.contains("its last label, \"LABEL_2\", is used"), "{}", told.stderr);
    assert_eq!(succeed(guard.path(), &[&args[..], &["--quiet"]].concat()).stderr, "");
}
