//! `zoo embed`, on a tiny model with a character tokenizer.

use std::fs;
use std::path::Path;

use burn_zoo::datasets::tokenizer::Tokenizer;
use burn_zoo::models::checkpoint::read_safetensors;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{finish, refuse, succeed, zoo};
use crate::golden::{assert_close, folder};

/// A base model with a tokenizer; `more` are files of sentence-transformers.
fn model(more: &[(&str, Value)]) -> TempDir {
    let at = tempfile::tempdir().unwrap();
    let place = at.path().join("m");
    fs::create_dir(&place).unwrap();
    for name in ["config.json", "model.safetensors"] {
        fs::copy(folder().join("bert/backbone").join(name), place.join(name)).unwrap();
    }
    Tokenizer::characters("abcdefghijklmnopqrstuvwxyz ".chars()).unwrap().save(&place).unwrap();
    for (name, value) in more {
        let path = place.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, value.to_string()).unwrap();
    }
    at
}

fn modules(last: &str) -> Value {
    json!([
        { "type": "sentence_transformers.models.Transformer", "path": "" },
        { "type": "sentence_transformers.models.Pooling", "path": "1_Pooling" },
        { "type": last, "path": "2_Last" },
    ])
}

/// The embeddings of texts, parsed from JSON lines.
fn vectors(at: &Path, args: &[&str]) -> Vec<Vec<f32>> {
    let args = [&["embed", "m", "--json"], args].concat();
    let read = |line: &str| -> Vec<f32> {
        let line: Value = serde_json::from_str(line).unwrap();
        serde_json::from_value(line["embedding"].clone()).unwrap()
    };
    succeed(at, &args).stdout.lines().map(read).collect()
}

fn length(vector: &[f32]) -> f32 {
    vector.iter().map(|x| x * x).sum::<f32>().sqrt()
}

#[test]
fn a_vector_does_not_depend_on_the_other_texts() {
    let guard = model(&[]);
    let at = guard.path();
    let together = vectors(at, &["a cat", "ox", "a dog barks"]);
    for (text, expected) in ["a cat", "ox", "a dog barks"].iter().zip(&together) {
        let alone = vectors(at, &[text]).remove(0);
        assert_close(text, &alone, expected, 1e-6);
        assert!((length(expected) - 1.0).abs() < 1e-5, "{text}");
    }
    // An empty text has no tokens with this tokenizer, but still an embedding.
    assert!(vectors(at, &[""])[0].iter().all(|value| value.is_finite()));
    fs::write(at.join("lines"), "a cat\nox\na dog barks\n").unwrap();
    assert_eq!(vectors(at, &["--file", "lines"]), together);
    let args = ["embed", "m", "--file", "lines", "--out", "v.safetensors"];
    succeed(at, &args);
    let written = read_safetensors(&at.join("v.safetensors")).unwrap();
    assert_eq!(written["embeddings"].values, together.concat());

    // An unreadable text keeps its row, so that the other rows do not move.
    fs::write(at.join("lines"), b"a cat\nox\xff\na dog barks\n").unwrap();
    let result = finish(zoo(at, &args).output().unwrap());
    assert_eq!(result.code, Some(1), "{}", result.stderr);
    for part in ["text 2: the line is not UTF-8", "1 of 3 texts failed"] {
        assert!(result.stderr.contains(part), "{}", result.stderr);
    }
    let written = read_safetensors(&at.join("v.safetensors")).unwrap();
    let rows: Vec<&[f32]> = written["embeddings"].values.chunks_exact(together[0].len()).collect();
    assert!(rows[1].iter().all(|value| value.is_nan()));
    assert_eq!([rows[0], rows[2]], [&together[0][..], &together[2]]);
    fs::write(at.join("lines"), b"\xff\n").unwrap();
    refuse(at, &args, (1, &["1 of 1 texts failed"]));
}

#[test]
fn the_files_beside_a_model_say_how_it_is_pooled() {
    let cls = json!({ "pooling_mode_cls_token": true, "pooling_mode_mean_tokens": false });
    let guard = model(&[
        ("modules.json", modules("sentence_transformers.models.Normalize")),
        ("1_Pooling/config.json", cls),
        ("sentence_bert_config.json", json!({ "max_seq_length": 4 })),
    ]);
    let at = guard.path();
    let found = vectors(at, &["abcd"]);
    assert_eq!(found, vectors(at, &["abcd", "--pooling", "cls", "--length", "unit"]));
    assert_ne!(found, vectors(at, &["abcd", "--pooling", "mean"]));
    assert_ne!(found, vectors(at, &["abcd", "--pooling", "last"]));
    assert!((length(&vectors(at, &["abcd", "--length", "free"])[0]) - 1.0).abs() > 1e-3);
    // The input is truncated to four tokens, with a note.
    assert_eq!(found, vectors(at, &["abcdefgh"]));
    let note = succeed(at, &["embed", "m", "abcdefgh"]).stderr;
    assert!(note.contains("texts truncated to the first 4 tokens: 1"), "{note}");
}

#[test]
fn what_cannot_be_followed_is_refused() {
    let at = model(&[("modules.json", modules("sentence_transformers.models.Dense"))]);
    let pooling = ["1_Pooling/config.json: modules.json requires it"];
    refuse(at.path(), &["embed", "m", "a"], (1, &pooling));

    let mean = json!({ "pooling_mode_mean_tokens": true });
    let cnn = modules("sentence_transformers.models.CNN");
    let at = model(&[("modules.json", cnn), ("1_Pooling/config.json", mean.clone())]);
    refuse(at.path(), &["embed", "m", "a"], (1, &["models.CNN is not supported", "Pooling"]));

    for place in ["/etc", "../elsewhere"] {
        let modules = json!([{ "type": "sentence_transformers.models.Pooling", "path": place }]);
        let at = model(&[("modules.json", modules)]);
        refuse(at.path(), &["embed", "m", "a"], (1, &[place, "not a directory within the model"]));
    }

    let median = json!({ "pooling_mode": "median" });
    let unit = modules("sentence_transformers.models.Normalize");
    let at = model(&[("modules.json", unit), ("1_Pooling/config.json", median)]);
    refuse(at.path(), &["embed", "m", "a"], (1, &["pooling_mode is \"median\"", "weightedmean"]));

    let at = model(&[]);
    refuse(at.path(), &["embed", "m", "Ä"], (1, &["Ä"]));
    refuse(at.path(), &["embed", "m", "--file", "none"], (2, &["cannot read none"]));
    refuse(at.path(), &["embed", "m"], (2, &["TEXT"]));
}

#[test]
fn prompts_stand_before_texts() {
    let prompts = json!({ "query": "find ", "passage": "" });
    let beside = json!({ "prompts": prompts, "default_prompt_name": "query" });
    let guard = model(&[("config_sentence_transformers.json", beside)]);
    let at = guard.path();
    let plain = vectors(at, &["a cat", "--prompt", ""]);
    let found = vectors(at, &["find a cat", "--prompt-name", "passage"]);
    assert_ne!(found, plain);
    assert_eq!(found, vectors(at, &["a cat"]));
    assert_eq!(found, vectors(at, &["a cat", "--prompt-name", "query"]));
    assert_eq!(found, vectors(at, &["a cat", "--prompt", "find "]));
    let unknown: &[&str] = &["no prompt named \"q\"", "its prompts are passage, query"];
    refuse(at, &["embed", "m", "a", "--prompt-name", "q"], (2, unknown));
    refuse(at, &["embed", "m", "a", "--prompt-name", "q", "--prompt", "x"], (2, &["--prompt"]));
    refuse(at, &["embed", "m", "a", "--prompt", "x", "--tokens"], (2, &["--tokens"]));
}
