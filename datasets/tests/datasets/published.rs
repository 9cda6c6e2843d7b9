//! Published directories without `tokenizer.json`: tokens equal those of transformers
//! (tests/golden/slow_tokenizers.py).

mod lines;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use lines::Texts;
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use zoo_datasets::tokenizer::{SpecialTokens, Tokenizer, TokenizerError};

/// Lines per checksum.
const BLOCK: usize = 200;

#[derive(Deserialize)]
struct Cases {
    lines: String,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    /// File names in the folder, and in the shared models.
    files: BTreeMap<String, String>,
    json: BTreeMap<String, Value>,
    size: usize,
    bare: String,
    whole: String,
    skipped: String,
    kept: String,
    shown: BTreeMap<usize, Vec<u32>>,
    decoded: BTreeMap<usize, String>,
}

/// A tokenizer's results on the lines.
struct Results {
    bare: Vec<String>,
    whole: Vec<Vec<u32>>,
    skipped: Vec<String>,
    kept: Vec<String>,
}

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

fn read<T: for<'de> Deserialize<'de>>(name: &str) -> T {
    serde_json::from_str(&fs::read_to_string(golden().join(name)).unwrap()).unwrap()
}

fn digest(texts: &[impl AsRef<str>]) -> String {
    let mut hash = Sha256::new();
    for text in texts {
        hash.update(text.as_ref());
        hash.update("\n");
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn joined(ids: &[u32]) -> String {
    ids.iter().map(u32::to_string).collect::<Vec<_>>().join(",")
}

impl Case {
    fn folder(&self) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, source) in &self.files {
            fs::copy(golden().join("models").join(source), folder.path().join(name)).unwrap();
        }
        for (name, value) in &self.json {
            fs::write(folder.path().join(name), value.to_string()).unwrap();
        }
        folder
    }

    /// Differences from the reference, the first of each kind.
    fn differences(&self, found: &Results, lines: &[String]) -> Vec<String> {
        let mut differences = Vec::new();
        for (line, ids) in &self.shown {
            if found.whole[*line] != *ids {
                let ours = &found.whole[*line];
                let text = &lines[*line];
                differences.push(format!("line {line} {text:?}: {ours:?} for {ids:?}"));
                break;
            }
        }
        for (line, text) in &self.decoded {
            if found.skipped[*line] != *text {
                let ours = &found.skipped[*line];
                differences.push(format!("text of line {line}: {ours:?} for {text:?}"));
                break;
            }
        }
        let whole: Vec<String> = found.whole.iter().map(|ids| joined(ids)).collect();
        for (kind, ours, reference) in [
            ("ids", &found.bare, &self.bare),
            ("ids with special tokens", &whole, &self.whole),
            ("texts", &found.skipped, &self.skipped),
            ("texts with special tokens", &found.kept, &self.kept),
        ] {
            let digests = ours.chunks(BLOCK).map(digest);
            let other = digests.zip(reference.as_bytes().chunks(6));
            let other = other.map(|(ours, theirs)| ours.as_bytes()[..6] == *theirs);
            let other: Vec<bool> = other.collect();
            assert_eq!(other.len(), lines.len() / BLOCK);
            if let Some(block) = other.iter().position(|is_same| !is_same) {
                let count = other.iter().filter(|is_same| !**is_same).count();
                let first = block * BLOCK;
                differences.push(format!("{kind}: {count} blocks, the first from line {first}"));
            }
        }
        differences
    }
}

fn results(tokenizer: &Tokenizer, lines: &[String]) -> Results {
    let encoder = tokenizer.text_encoder(1 << 20).unwrap();
    let bare = lines.iter().map(|line| joined(&tokenizer.encode(line).unwrap())).collect();
    let whole: Vec<Vec<u32>> = lines.iter().map(|line| encoder.encode(line).unwrap().ids).collect();
    let texts =
        |special| whole.iter().map(|ids| tokenizer.decode_with(ids, special).unwrap()).collect();
    let (skipped, kept) = (texts(SpecialTokens::LeftOut), texts(SpecialTokens::Written));
    Results { bare, whole, skipped, kept }
}

/// Checks every case, on all cores, and collects the failures.
fn of_all(check: impl Fn(&Case, &[String]) -> Vec<String> + Sync) {
    let texts: Texts = read("texts.json");
    let lines = texts.lines();
    let Cases { lines: reference, cases } = read("cases.json");
    assert_eq!(digest(&lines), reference, "the lines differ from the reference");
    let next = AtomicUsize::new(0);
    let work = || {
        let mut wrong = Vec::new();
        while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
            let found = check(case, &lines).into_iter();
            wrong.extend(found.map(|what| format!("{}: {what}", case.name)));
        }
        wrong
    };
    let wrong = std::thread::scope(|scope| {
        let count = std::thread::available_parallelism().map_or(2, usize::from);
        let workers: Vec<_> = (0..count).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect::<Vec<_>>()
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_published_format_gives_the_reference_tokens() {
    of_all(|case, lines| {
        let folder = case.folder();
        let tokenizer = match Tokenizer::load(folder.path()) {
            Ok(tokenizer) => tokenizer,
            Err(error) => return vec![error.to_string()],
        };
        let mut wrong = case.differences(&results(&tokenizer, lines), lines);
        if tokenizer.vocab_size() != case.size {
            wrong.push(format!("{} tokens for {}", tokenizer.vocab_size(), case.size));
        }
        wrong
    });
}

#[test]
fn saving_preserves_the_tokenizer() {
    of_all(|case, lines| {
        let (folder, saved) = (case.folder(), tempfile::tempdir().unwrap());
        let first = Tokenizer::load(folder.path()).unwrap();
        first.save(saved.path()).unwrap();
        assert!(saved.path().join("tokenizer.json").exists());
        let second = Tokenizer::load(saved.path()).unwrap();
        let lines = &lines[..1000];
        let [first, second] = [&first, &second].map(|tokenizer| {
            let found = results(tokenizer, lines);
            (
                found.whole,
                found.skipped,
                tokenizer.vocab_size(),
                tokenizer.eos(),
                tokenizer.max_length(),
            )
        });
        if first == second { Vec::new() } else { vec!["differs after saving".to_owned()] }
    });
}

#[test]
fn missing_files_are_named() {
    let message = |files: &[(&str, &str)]| {
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in files {
            fs::write(folder.path().join(name), content).unwrap();
        }
        let error = Tokenizer::load(folder.path()).unwrap_err();
        assert!(matches!(error, TokenizerError::NoFiles { .. }), "{error:?}");
        let message = error.to_string();
        assert!(message.contains(&*folder.path().to_string_lossy()), "{message}");
        message
    };
    let config = |model_type: &str| format!(r#"{{"model_type": "{model_type}"}}"#);
    for part in ["tokenizer.json", "vocab.txt", "merges.txt", "spiece.model", "source.spm"] {
        assert!(message(&[]).contains(part));
    }
    assert!(
        message(&[("config.json", &config("t5"))]).contains("nor spiece.model, which T5Tokenizer")
    );
    let marian =
        message(&[("config.json", &config("marian")), ("source.spm", ""), ("vocab.json", "{}")]);
    assert!(marian.contains("nor target.spm: MarianTokenizer reads source.spm"), "{marian}");
    let gpt2 = message(&[("config.json", &config("gpt2")), ("vocab.json", "{}")]);
    assert!(gpt2.contains("nor merges.txt: GPT2Tokenizer"), "{gpt2}");
}

#[test]
fn broken_files_are_errors() {
    let refuse = |files: &[(&str, &[u8])], part: &str| {
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in files {
            fs::write(folder.path().join(name), content).unwrap();
        }
        let error = Tokenizer::load(folder.path()).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
        assert!(error.contains(files[0].0), "{error}");
    };
    refuse(&[("spiece.model", b"version https://git-lfs.github.com/spec/v1\n")], "Git LFS");
    refuse(&[("tokenizer.model", b"IQ== 0\nIg== 1\n")], "not a SentencePiece model");
    refuse(&[("vocab.txt", b"\xff\xfe")], "utf-8");
    refuse(&[("merges.txt", b"a b c\n"), ("vocab.json", b"{\"a\":0}")], "line 1");
    refuse(&[("merges.txt", b"a b\n"), ("vocab.json", b"{\"a\":0}")], "`b`");
    refuse(&[("vocab.json", b"{\"a\":-1}"), ("merges.txt", b"")], "the id of \"a\" is -1");
    let t5 = fs::read(golden().join("models/t5.model")).unwrap();
    let config = br#"{"extra_ids": 1000000000000, "tokenizer_class": "T5Tokenizer"}"#;
    refuse(&[("spiece.model", &t5), ("tokenizer_config.json", config)], "extra_ids");
    for length in [1, 100, t5.len() / 2, t5.len() - 1] {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("spiece.model"), &t5[..length]).unwrap();
        // A truncated file may be a valid smaller model, but must not cause a panic.
        if let Ok(tokenizer) = Tokenizer::load(folder.path()) {
            let _ = tokenizer.encode("the sea ☃");
        }
    }
    let marian = fs::read(golden().join("models/source.spm")).unwrap();
    let ids: &[u8] = br#"{"</s>": 0, "<unk>": 1, "far": 60000000}"#;
    refuse(&[("vocab.json", ids), ("source.spm", &marian), ("target.spm", b"")], "ids up to");
}

/// The JSON files of published directories apply, next to `tokenizer.json` and next to the
/// vocabulary files of every kind of class.
#[test]
fn settings_of_published_directories_are_read() {
    let Some(data) = std::env::var_os("ZOO_DATA") else {
        assert!(std::env::var_os("ZOO_MUST_FETCH").is_none(), "ZOO_DATA must be set");
        eprintln!("settings_of_published_directories_are_read: skipped, ZOO_DATA is not set");
        return;
    };
    let published = Path::new(&data).join("published");
    if !published.exists() {
        eprintln!(
            "settings_of_published_directories_are_read: skipped, no {}",
            published.display()
        );
        return;
    }
    let (mut count, mut wrong) = (0, Vec::new());
    for family in fs::read_dir(&published).unwrap().map(|entry| entry.unwrap().path()) {
        let models = fs::read_dir(&family).into_iter().flatten();
        for model in models.map(|entry| entry.unwrap().path()) {
            if !model.join("tokenizer_config.json").exists() {
                continue;
            }
            count += 1;
            for tokenizer in ["tokenizer.json", "its files"] {
                let folder = tempfile::tempdir().unwrap();
                with_vocabulary(folder.path(), &family, tokenizer);
                for name in [
                    "tokenizer_config.json",
                    "special_tokens_map.json",
                    "added_tokens.json",
                    "config.json",
                ] {
                    let _ = fs::copy(model.join(name), folder.path().join(name));
                }
                let loaded = Tokenizer::load(folder.path());
                let read = loaded.and_then(|tokenizer| tokenizer.encode("the sea and sky"));
                if let Err(error) = read {
                    wrong.push(format!("{} with {tokenizer}: {error}", model.display()));
                }
            }
        }
    }
    eprintln!("{count} published tokenizer_config.json");
    assert!(count > 100, "only {count} directories");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn with_vocabulary(folder: &Path, family: &Path, tokenizer: &str) {
    if tokenizer == "tokenizer.json" {
        return Tokenizer::train_bpe(["the sea and sky"], 300).unwrap().save(folder).unwrap();
    }
    let put = |name: &str, source: &str| {
        fs::copy(golden().join("models").join(source), folder.join(name)).unwrap();
    };
    match family.file_name().unwrap().to_str().unwrap() {
        "marian" => {
            put("source.spm", "source.spm");
            put("target.spm", "target.spm");
            put("vocab.json", "marian.json");
        }
        "m2m_100" => {
            put("sentencepiece.bpe.model", "bpe.model");
            put("vocab.json", "m2m.json");
        }
        "t5" | "mt5" | "albert" | "pegasus" => put("spiece.model", "t5.model"),
        "xlm-roberta" | "camembert" | "mbart" => put("sentencepiece.bpe.model", "fairseq.model"),
        "deberta-v2" => put("spm.model", "deberta.model"),
        "gemma" | "gemma2" | "gemma3" | "gemma3_text" => put("tokenizer.model", "gemma.model"),
        "llama" | "mistral" | "mixtral" | "phi3" => put("tokenizer.model", "llama.model"),
        _ => {
            put("vocab.txt", "vocab.txt");
            put("vocab.json", "bytes.json");
            put("merges.txt", "bytes.txt");
            put("tokenizer.model", "llama.model");
        }
    }
}

/// The fixtures of the pipelines have a tokenizer.json that lists every special token: the files
/// next to it do not change their tokens.
#[test]
fn committed_tokenizers_equal_the_library() {
    let mut open = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden")];
    let mut count = 0;
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.ends_with("tokenizer.json") {
            count += 1;
            let theirs = tokenizers::Tokenizer::from_file(&path).unwrap();
            let ours = Tokenizer::load(path.parent().unwrap()).unwrap();
            let last = theirs.get_vocab(true).into_values().max();
            assert_eq!(Some(ours.vocab_size() as u32 - 1), last, "{}", path.display());
            for text in [
                "The sea, and the sky.",
                " <s>Ein</s> Wort [MASK]<mask>",
                "\u{4f60}\u{597d}\n\t\u{1f642}",
            ] {
                let tokens = theirs.encode(text, false).unwrap();
                assert_eq!(ours.encode(text).unwrap(), tokens.get_ids(), "{}", path.display());
                let decoded = theirs.decode(tokens.get_ids(), true).unwrap();
                assert_eq!(ours.decode(tokens.get_ids()).unwrap(), decoded, "{}", path.display());
            }
        }
    }
    assert!(count > 20, "only {count} tokenizers");
}
