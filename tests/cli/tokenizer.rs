//! `zoo tokenizer`, and `zoo train` with tokenizers.

use std::fs;
use std::io::Write;
use std::process::Stdio;

use burn_zoo::datasets::text::Stories;
use burn_zoo::datasets::tokenizer::Tokenizer;
use serde_json::Value;

use super::{finish, refuse, succeed, train, zoo};

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn tokenizers_are_trained_and_used() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    fs::create_dir(at.join("texts")).unwrap();
    fs::write(at.join("texts/a.txt"), Stories::new(1).text(0, 60)).unwrap();
    let rows = "id,text\n1,\"One day, Ben found a ball.\"\n2,\n";
    fs::write(at.join("texts/b.csv"), rows).unwrap();
    for kind in ["bpe", "wordpiece", "unigram"] {
        let args = ["tokenizer", "train", "texts", "--kind", kind, "--vocab-size", "400"];
        let args = [&args[..], &["--special-tokens", "<user>,<bot>", "--out", kind]].concat();
        let told = succeed(at, &[&args[..], &["--json"]].concat()).stdout;
        assert_eq!(json(&told)["files"], 2, "{told}");
        assert!((250..=400).contains(&json(&told)["vocab_size"].as_u64().unwrap()), "{told}");
        refuse(at, &args, (2, &["already has a tokenizer"]));

        let text = "Ben found a ball.";
        let tokenizer = Tokenizer::load(at.join(kind)).unwrap();
        assert!(tokenizer.id("<user>").is_some());
        let encoded = succeed(at, &["tokenizer", "encode", kind, text]).stdout;
        let bare = ["tokenizer", "encode", kind, text, "--no-special-tokens", "--json"];
        let bare = json(&succeed(at, &bare).stdout);
        let ids: Vec<u32> = serde_json::from_value(bare["ids"].clone()).unwrap();
        assert_eq!(ids, tokenizer.encode(text).unwrap(), "{kind}");
        let added = match kind {
            "bpe" => 0,
            "wordpiece" => 2,
            _ => 1,
        };
        assert_eq!(encoded.split_whitespace().count(), ids.len() + added, "{kind}: {encoded}");
        let lines = succeed(at, &["tokenizer", "encode", kind, text, "--tokens"]).stdout;
        assert_eq!(lines.lines().count(), ids.len() + added, "{lines}");

        // The ids that one command prints are what the other reads.
        let mut decode = zoo(at, &["tokenizer", "decode", kind, "--skip-special-tokens"]);
        let mut decode = decode
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        decode.stdin.take().unwrap().write_all(encoded.as_bytes()).unwrap();
        let decoded = finish(decode.wait_with_output().unwrap());
        assert_eq!(decoded.stdout, format!("{text}\n"), "{kind}: {}", decoded.stderr);

        let counted = json(&succeed(at, &["tokenizer", "count", kind, "texts", "--json"]).stdout);
        let files = counted["files"].as_array().unwrap();
        assert_eq!(files[1]["words"], 6, "{counted}");
        let sum = |field: &str| files.iter().map(|file| file[field].as_u64().unwrap()).sum::<u64>();
        for field in ["tokens", "characters", "bytes", "words", "unknown"] {
            assert_eq!(counted["total"][field], sum(field), "{field}");
        }
        assert_eq!(counted["total"]["unknown"], 0);
    }
    let table = succeed(at, &["tokenizer", "count", "bpe", "texts"]).stdout;
    assert!(table.lines().count() == 4 && table.contains("in all"), "{table}");
}

#[test]
fn mistakes_name_the_file_and_the_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let args = |file: &'static str, kind: &'static str, size: &'static str| {
        ["tokenizer", "train", file, "--kind", kind, "--vocab-size", size, "--out", "out"]
    };
    fs::write(at.join("empty.txt"), "").unwrap();
    fs::write(at.join("latin.txt"), b"caf\xe9 au lait").unwrap();
    fs::write(at.join("good.txt"), "the sea and the sky").unwrap();
    fs::write(at.join("table.csv"), "id,body\n1,the sea\n").unwrap();
    refuse(at, &args("absent.txt", "bpe", "300"), (2, &["absent.txt", "cannot read"]));
    refuse(at, &args("empty.txt", "bpe", "300"), (2, &["empty.txt", "is empty"]));
    refuse(at, &args("latin.txt", "bpe", "300"), (2, &["latin.txt", "offset 3", "iconv"]));
    refuse(at, &args("good.txt", "bpe", "100"), (2, &["at least 257", "100 were requested"]));
    refuse(at, &args("good.txt", "wordpiece", "20"), (2, &["at least", "20 were requested"]));
    refuse(at, &args("good.txt", "words", "300"), (2, &["words", "bpe, wordpiece, unigram"]));
    refuse(at, &args("table.csv", "bpe", "300"), (2, &["table.csv", "--text-column", "body"]));
    let more = [&args("good.txt", "unigram", "30")[..], &["--min-frequency", "3"]].concat();
    refuse(at, &more, (2, &["--min-frequency is for bpe and wordpiece"]));
    assert!(!at.join("out").exists());

    succeed(at, &args("good.txt", "bpe", "260"));
    refuse(at, &["tokenizer", "decode", "out", "1", "x"], (2, &["\"x\" is not a token id"]));
    refuse(at, &["tokenizer", "decode", "out", "999"], (2, &["999 is not a token id"]));
    refuse(at, &["tokenizer", "encode", "absent", "a"], (2, &["absent"]));
    refuse(at, &["tokenizer", "count", "out", "latin.txt"], (2, &["latin.txt", "offset 3"]));
}

#[test]
fn new_models_train_with_any_tokenizer() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    fs::write(at.join("book.txt"), Stories::new(1).text(0, 60)).unwrap();
    let text = ["--text-file", "book.txt", "--steps", "1", "--quiet"];
    for (family, tokenizer, out) in [
        ("bert", None, "bert"),
        ("bert", Some("char"), "characters"),
        ("gpt2", Some("unigram:200"), "unigram"),
        ("gpt2", Some("wordpiece:200"), "wordpiece"),
        ("bert", Some("unigram"), "ready"),
    ] {
        let flag = tokenizer.map(|kind| ["--tokenizer", kind]);
        let flag: Vec<&str> = flag.into_iter().flatten().collect();
        succeed(at, &train(&[&[family][..], &text, &flag, &["--out", out]].concat()));
    }
    // The default of BERT is a WordPiece.
    let bert = Tokenizer::load(at.join("bert")).unwrap();
    assert!(bert.marks_continuations() && bert.id("[MASK]") == Some(4));
    assert_eq!(
        succeed(at, &["fill", "bert", "Ben [MASK] a ball.", "-k", "1"]).stdout.lines().count(),
        1
    );
    succeed(at, &["fill", "characters", "Ben [MASK] a ball.", "-k", "1"]);
    refuse(at, &["fill", "characters", "Ben [MASK] é."], (1, &["'é'", "byte 11"]));
    // Encoders need more special tokens than a unigram vocabulary has.
    let ready = Tokenizer::load(at.join("ready")).unwrap();
    let unigram = Tokenizer::load(at.join("unigram")).unwrap();
    assert_eq!(ready.vocab_size(), unigram.vocab_size() + 3);
    assert_eq!(ready.encode("Ben found").unwrap(), unigram.encode("Ben found").unwrap());
    // A recipe names the kind, or the directory from any other.
    let recipe = |run: &str| fs::read_to_string(at.join(run).join("recipe.toml")).unwrap();
    assert!(recipe("unigram").contains("tokenizer = \"unigram:200\""), "{}", recipe("unigram"));
    assert!(recipe("ready").contains("/unigram\""), "{}", recipe("ready"));
    refuse(at, &train(&["--tokenizer", "./absent"]), (2, &["--tokenizer", "absent"]));
}

#[test]
fn a_vocabulary_grows() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    fs::write(at.join("book.txt"), Stories::new(1).text(0, 60).replace("Ben", "<user>Ben"))
        .unwrap();
    let text = ["--text-file", "book.txt", "--steps", "2", "--quiet"];
    let kind = ["--tokenizer", "bpe:300", "--out", "first"];
    succeed(at, &train(&[&["gpt2"][..], &text, &kind].concat()));
    fs::write(at.join("tokens.txt"), "<user>\n<bot>\n\n").unwrap();
    let tune = |more: &[&'static str]| {
        let args = ["train", "--init-from", "first", "--batch-size", "4", "--sample", "0"];
        [&args[..], &["--context", "16"], &text, more].concat()
    };
    succeed(
        at,
        &tune(&["--add-tokens", "tokens.txt", "--pad-to-multiple-of", "64", "--out", "second"]),
    );
    let recipe = fs::read_to_string(at.join("second/recipe.toml")).unwrap();
    assert!(recipe.contains("/tokens.txt\""), "{recipe}");
    assert!(recipe.contains("pad-to-multiple-of = 64"), "{recipe}");
    let tokenizer = Tokenizer::load(at.join("second")).unwrap();
    assert_eq!(["<user>", "<bot>"].map(|token| tokenizer.id(token)), [Some(300), Some(301)]);
    let config = json(&fs::read_to_string(at.join("second/config.json")).unwrap());
    assert_eq!(config["vocab_size"], 320);
    // The rest of the rows is free for more tokens.
    let again = ["train", "--init-from", "second", "--batch-size", "4", "--sample", "0"];
    let again = [&again[..], &["--context", "16", "--out", "third"], &text].concat();
    succeed(at, &[&again[..], &["--add-tokens", "<system>,<user>"]].concat());
    let config = json(&fs::read_to_string(at.join("third/config.json")).unwrap());
    assert_eq!(config["vocab_size"], 320);
    assert_eq!(Tokenizer::load(at.join("third")).unwrap().id("<system>"), Some(302));
    succeed(at, &["generate", "third", "<user>Ben", "-n", "2"]);
    // A task resizes too.
    let rows: String = (0..40).map(|i| format!("a ball {i} <user>,{}\n", i % 2)).collect();
    fs::write(at.join("rows.csv"), format!("text,label\n{rows}")).unwrap();
    let task = ["train", "--init-from", "first", "--add-tokens", "<user>", "--out", "task"];
    let task =
        [&task[..], &["--task", "classification", "--data", "rows.csv", "--epochs", "1"]].concat();
    succeed(at, &[&task[..], &["--context", "16", "--quiet"]].concat());
    let config = json(&fs::read_to_string(at.join("task/config.json")).unwrap());
    assert_eq!(config["vocab_size"], 301);
    refuse(at, &tune(&["--pad-to-multiple-of", "0", "--out", "x"]), (2, &["--pad-to-multiple-of"]));
    refuse(at, &tune(&["--add-tokens", ",", "--out", "x"]), (2, &["has no token"]));
    refuse(at, &["train", "gpt2", "--add-tokens", "a"], (2, &["--init-from"]));
}
