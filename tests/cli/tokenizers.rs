//! Models with a tokenizer in files other than `tokenizer.json`.

use std::fs;
use std::path::Path;

use burn_zoo::datasets::tokenizer::Tokenizer;

use super::{refuse, succeed};
use crate::golden;

/// A fixture's model in a folder.
fn place(case: &str, folder: &Path) {
    fs::create_dir(folder).unwrap();
    for name in ["config.json", "model.safetensors"] {
        fs::copy(golden::folder().join(case).join(name), folder.join(name)).unwrap();
    }
}

#[test]
fn a_vocabulary_of_words_is_enough() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    place("bert/base", &at.join("bert"));
    let absent = ["fill", "bert", "the [MASK]"];
    refuse(at, &absent, (1, &["neither tokenizer.json nor vocab.txt, which BertTokenizer reads"]));
    // The model has 41 tokens.
    let words = "[PAD] [UNK] [CLS] [SEP] [MASK] the sea and sky ##s is wide".split(' ');
    let words = words.map(str::to_owned).chain((0..29).map(|i| format!("[unused{i}]")));
    let lines = words.map(|word| word + "\n").collect::<String>();
    fs::write(at.join("bert/vocab.txt"), lines).unwrap();
    let fill = |model: &str| succeed(at, &["fill", model, "The seas and [MASK]"]).stdout;
    let before = fill("bert");
    // The converted model has a tokenizer.json with the same tokens.
    succeed(at, &["convert", "bert", "again"]);
    assert!(at.join("again/tokenizer.json").exists() && at.join("again/vocab.txt").exists());
    let [first, second] = ["bert", "again"].map(|name| Tokenizer::load(at.join(name)).unwrap());
    let ids = first.encode("The seas and SKY is wide").unwrap();
    assert_eq!(ids, [5, 6, 9, 7, 8, 10, 11]);
    assert_eq!(second.encode("The seas and SKY is wide").unwrap(), ids);
    assert_eq!(before, fill("again"));
}

#[test]
fn a_translator_reads_its_pieces() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    place("marian/base", &at.join("marian"));
    let absent = ["translate", "marian", "the sea"];
    refuse(at, &absent, (2, &["neither tokenizer.json nor source.spm, target.spm, vocab.json"]));
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("datasets/tests/golden/models");
    for name in ["source.spm", "target.spm"] {
        fs::copy(models.join(name), at.join("marian").join(name)).unwrap();
    }
    // The model has 31 tokens.
    let pieces = "</s> <unk> <pad> \u{2581}the \u{2581}sea \u{2581} a e n s t".split(' ');
    let pieces = pieces.map(str::to_owned).chain((0..20).map(|i| format!("\u{2581}word{i}")));
    let ids: serde_json::Map<_, _> =
        pieces.enumerate().map(|(id, piece)| (piece, id.into())).collect();
    fs::write(at.join("marian/vocab.json"), serde_json::to_string(&ids).unwrap()).unwrap();
    let text = succeed(at, &["translate", "marian", "the sea", "-n", "4"]).stdout;
    succeed(at, &["convert", "marian", "again"]);
    assert_eq!(succeed(at, &["translate", "again", "the sea", "-n", "4"]).stdout, text);
}
