//! Streamed pieces concatenate to the decoded text, for every decoder and any tokens.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use zoo_datasets::tokenizer::{SpecialTokens, TextStream, Tokenizer};

/// A deterministic random number generator.
struct TestRng(u64);

impl TestRng {
    fn below(&mut self, bound: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % bound as u64) as usize
    }

    /// Random ids: some outside the vocabulary, some consecutive, some repeated.
    fn ids(&mut self, vocab_size: usize, longest: usize) -> Vec<u32> {
        let mut ids: Vec<u32> = Vec::new();
        for _ in 0..self.below(longest + 1) {
            let last = ids.last().copied().unwrap_or(0);
            ids.push(match self.below(10) {
                0 => last,
                1 | 2 => last + 1,
                _ => self.below(vocab_size + 2) as u32,
            });
        }
        ids
    }
}

fn written(tokenizer: &Tokenizer, ids: &[u32]) -> String {
    tokenizer.decode_with(ids, SpecialTokens::LeftOut).unwrap()
}

/// Concatenates all pieces, and checks that `rest` equals `finish` after some of them.
fn joined(tokenizer: &Tokenizer, mut stream: TextStream, ids: &[u32]) -> String {
    let mut text = String::new();
    for (count, &id) in ids.iter().enumerate() {
        let piece = stream.push(id).unwrap();
        assert_ne!(piece.as_deref(), Some(""));
        text.extend(piece);
        if count % 7 == 0 {
            let clone = stream.clone();
            assert_eq!(stream.rest().unwrap(), clone.finish().unwrap(), "{tokenizer:?}");
        }
    }
    text + &stream.finish().unwrap()
}

/// `whole` without its common prefix with `prompt`.
fn continuation(prompt: &str, whole: &str) -> String {
    let both = prompt.chars().zip(whole.chars());
    whole.chars().skip(both.take_while(|(a, b)| a == b).count()).collect()
}

fn check(name: &str, tokenizer: &Tokenizer, sequences: usize) {
    let mut rng = TestRng(sequences as u64);
    for _ in 0..sequences {
        let ids = rng.ids(tokenizer.vocab_size(), 24);
        let whole = written(tokenizer, &ids);
        assert_eq!(joined(tokenizer, tokenizer.stream(), &ids), whole, "{name}: {ids:?}");
        let (prompt, added) = ids.split_at(rng.below(ids.len() + 1));
        let stream = tokenizer.stream_after(prompt).unwrap();
        let expected = continuation(&written(tokenizer, prompt), &whole);
        let found = joined(tokenizer, stream, added);
        assert_eq!(found, expected, "{name}: {prompt:?} and then {added:?}");
    }
}

/// Every `tokenizer.json` of the repository's models.
fn golden() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden")];
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.file_name().is_some_and(|name| name == "tokenizer.json") {
            found.push(path);
        }
    }
    found.sort();
    found
}

#[test]
fn pieces_equal_the_text_for_every_tokenizer_of_the_repository() {
    let (mut seen, mut checked) = (BTreeSet::new(), 0);
    for path in golden() {
        let config =
            std::fs::read(path.with_file_name("tokenizer_config.json")).unwrap_or_default();
        if seen.insert((std::fs::read(&path).unwrap(), config)) {
            check(&path.display().to_string(), &Tokenizer::load(&path).unwrap(), 150);
            checked += 1;
        }
    }
    assert!(checked >= 10, "{checked} tokenizers");
    let bytes = Tokenizer::train_bpe(["the cat 世界 and the dog 世"], 270).unwrap();
    check("byte-level", &bytes, 1000);
    check("characters", &Tokenizer::characters("a 'n,t.é".chars()).unwrap(), 200);
}

/// Tokens that exercise every decoder.
const TOKENS: [&str; 44] = [
    "a",
    "b",
    " ",
    "  ",
    "\u{2581}",
    "\u{2581}the",
    "\u{2581}\u{2581}",
    "x\u{2581}y",
    "##ing",
    "##",
    "</w>",
    "lo</w>",
    "</",
    "w>",
    "n't",
    " n't",
    "'",
    "'s",
    " 's",
    ".",
    " .",
    ",",
    "!",
    "do not",
    "<0xE4>",
    "<0xBD>",
    "<0xA0>",
    "<0x41>",
    "<0xFF>",
    "<0x20>",
    "<0xg1>",
    "é",
    "你",
    "Ġthe",
    "ä",
    "½",
    "ł",
    "<pad>",
    "|",
    "''",
    "\"",
    "\u{fffd}",
    "\n",
    "ve",
];

fn built(decoder: &Value, cleans: bool) -> Tokenizer {
    let vocab: serde_json::Map<String, Value> =
        TOKENS.iter().enumerate().map(|(id, token)| (token.to_string(), id.into())).collect();
    let special = json!({ "id": TOKENS.len(), "content": "<|end|>", "single_word": false, "lstrip": false,
        "rstrip": false, "normalized": false, "special": true });
    let file = json!({ "version": "1.0", "added_tokens": [special], "decoder": decoder,
        "model": { "type": "WordLevel", "vocab": vocab, "unk_token": "a" } });
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("tokenizer.json"), file.to_string()).unwrap();
    let config = json!({ "clean_up_tokenization_spaces": cleans }).to_string();
    std::fs::write(folder.path().join("tokenizer_config.json"), config).unwrap();
    Tokenizer::load(folder.path()).unwrap()
}

fn replace(from: &str, to: &str) -> Value {
    json!({ "type": "Replace", "pattern": { "String": from }, "content": to })
}

fn strip(content: &str, start: usize, stop: usize) -> Value {
    json!({ "type": "Strip", "content": content, "start": start, "stop": stop })
}

#[test]
fn pieces_equal_the_text_for_every_decoder() {
    let metaspace = |scheme: &str| json!({ "type": "Metaspace", "replacement": "\u{2581}", "prepend_scheme": scheme, "split": true });
    let word_piece = |prefix: &str, cleans: bool| json!({ "type": "WordPiece", "prefix": prefix, "cleanup": cleans });
    let suffix = json!({ "type": "BPEDecoder", "suffix": "</w>" });
    let ctc = json!({ "type": "CTC", "pad_token": "<pad>", "word_delimiter_token": "|", "cleanup": true });
    let bytes = json!({ "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true });
    let (fuse, fallback) = (json!({ "type": "Fuse" }), json!({ "type": "ByteFallback" }));
    let expression = json!({ "type": "Replace", "pattern": { "Regex": "a+ " }, "content": "-" });
    let all = |decoders: &[&Value]| json!({ "type": "Sequence", "decoders": decoders });
    let spaces = replace("\u{2581}", " ");
    let gemma = all(&[&spaces, &fallback, &fuse]);
    let decoders = [
        Value::Null,
        bytes.clone(),
        metaspace("always"),
        metaspace("first"),
        metaspace("never"),
        word_piece("##", true),
        word_piece("##", false),
        word_piece("", true),
        suffix.clone(),
        ctc.clone(),
        fallback.clone(),
        gemma.clone(),
        all(&[&spaces, &fallback, &fuse, &strip(" ", 1, 0)]),
        all(&[&gemma, &strip("a", 2, 0)]),
        all(&[&fallback, &metaspace("always")]),
        all(&[&ctc, &metaspace("always")]),
        all(&[&spaces, &strip("a", 1, 0), &suffix]),
        all(&[&bytes, &replace("</w>", " "), &strip(" ", 3, 0)]),
        all(&[&fuse, &replace("''", "\"")]),
        all(&[&fuse, &suffix, &metaspace("first")]),
        all(&[&fuse, &word_piece("##", true)]),
        all(&[&fuse, &expression]),
        all(&[&fuse, &fallback]),
        all(&[&fuse, &bytes]),
        all(&[&fuse, &ctc]),
        all(&[&suffix, &word_piece("##", true)]),
    ];
    for decoder in &decoders {
        for cleans in [false, true] {
            check(&format!("{decoder} {cleans}"), &built(decoder, cleans), 200);
        }
    }
}

#[test]
fn an_end_that_a_decoder_strips_is_held_back() {
    let decoder = json!({ "type": "Sequence", "decoders": [{ "type": "Fuse" }, strip("a", 0, 2)] });
    let tokenizer = built(&decoder, false);
    let id = |token: &str| tokenizer.id(token).unwrap();
    let ids = [id("b"), id("a"), id("a"), id("b"), id("a"), id("a"), id("a")];
    assert_eq!(written(&tokenizer, &ids), "baaba");
    let mut stream = tokenizer.stream();
    let pieces: Vec<Option<String>> = ids.iter().map(|&id| stream.push(id).unwrap()).collect();
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(pieces, [some("b"), None, None, some("aab"), None, None, some("a")]);
    assert_eq!(stream.finish().unwrap(), "");
}

#[test]
fn words_arrive_at_once_and_broken_characters_are_not_errors() {
    let decoder = json!({ "type": "Sequence", "decoders": [replace("\u{2581}", " "), { "type": "ByteFallback" },
        { "type": "Fuse" }, strip(" ", 1, 0)] });
    let tokenizer = built(&decoder, false);
    let id = |token: &str| tokenizer.id(token).unwrap();
    let character = ["<0xE4>", "<0xBD>", "<0xA0>"].map(id);
    let mut stream = tokenizer.stream();
    let mut push = |token: &str| stream.push(id(token)).unwrap();
    assert_eq!(push("\u{2581}the").as_deref(), Some("the"));
    assert_eq!(push("\u{2581}the").as_deref(), Some(" the"));
    assert_eq!(push("<0xE4>"), None);
    assert_eq!(push("<0xBD>"), None);
    assert_eq!(push("b").as_deref(), Some("\u{fffd}\u{fffd}b"));
    assert!(character.iter().all(|&id| stream.push(id).unwrap().is_none()));
    assert_eq!(stream.rest().unwrap(), "你");
    // The first byte of another character: the whole run is pending, and then invalid.
    assert_eq!(stream.push(character[0]).unwrap(), None);
    assert_eq!(stream.push(id("b")).unwrap().as_deref(), Some("\u{fffd}\u{fffd}\u{fffd}\u{fffd}b"));
}

#[test]
fn a_continuation_keeps_its_space_and_completes_a_character() {
    let decoder = json!({ "type": "Metaspace", "replacement": "\u{2581}", "prepend_scheme": "always", "split": true });
    let tokenizer = built(&decoder, false);
    let the = tokenizer.id("\u{2581}the").unwrap();
    let end = TOKENS.len() as u32;
    assert_eq!(tokenizer.stream().push(the).unwrap().as_deref(), Some("the"));
    for prompt in [&[the][..], &[the, end]] {
        let mut stream = tokenizer.stream_after(prompt).unwrap();
        assert_eq!(stream.push(the).unwrap().as_deref(), Some(" the"), "{prompt:?}");
        assert_eq!(stream.special(end).as_deref(), Some("<|end|>"));
        assert_eq!((stream.special(the), stream.push(end).unwrap()), (None, None));
    }
    let bytes = Tokenizer::train_bpe(["the cat"], 260).unwrap();
    let ids = bytes.encode("a世b").unwrap();
    let (prompt, rest) = ids.split_at(2);
    // The prompt's own text ends with U+FFFD, which the continuation completes to a character.
    assert_eq!(joined(&bytes, bytes.stream_after(prompt).unwrap(), rest), "世b");
    assert_eq!(joined(&bytes, bytes.stream_after(prompt).unwrap(), &[]), "");
}
