//! Files that crash the tokenizers library, and files that would fill memory.

use serde_json::{Value, json};
use zoo_datasets::tokenizer::{Tokenizer, TokenizerError};

/// A file with a vocabulary of two words, and the given components.
fn file(parts: Value) -> Value {
    let mut file = json!({
        "version": "1.0",
        "added_tokens": [],
        "model": { "type": "WordLevel", "vocab": { "a": 0, "b": 1 }, "unk_token": "a" },
    });
    for (name, part) in parts.as_object().unwrap() {
        file[name] = part.clone();
    }
    file
}

fn load(file: &Value) -> Result<Tokenizer, TokenizerError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tokenizer.json");
    std::fs::write(&path, file.to_string()).unwrap();
    Tokenizer::load(&path)
}

#[test]
fn a_file_on_which_the_library_panics_is_corrupt() {
    let bpe = json!({ "type": "BPE", "vocab": { "a": 0, "b": 1 }, "merges": ["a b"],
        "continuing_subword_prefix": "longer than b" });
    for parts in [
        json!({ "normalizer": { "type": "Precompiled", "precompiled_charsmap": "BAAAAAAA" } }),
        json!({ "normalizer": { "type": "Precompiled", "precompiled_charsmap": 7 } }),
        json!({ "model": bpe }),
    ] {
        let error = load(&file(parts.clone())).expect_err(&parts.to_string());
        assert!(matches!(error, TokenizerError::Corrupt { .. }), "{parts}: {error:?}");
    }
}

#[test]
fn a_text_on_which_the_library_panics_is_an_error() {
    // Strips more characters from the end of a token than it has.
    let strip = json!({ "decoder": { "type": "Strip", "content": "a", "start": 0, "stop": 3 } });
    let tokenizer = load(&file(strip)).unwrap();
    let error = tokenizer.decode(&[0]).unwrap_err();
    assert!(error.to_string().contains("the tokenizers library panicked"), "{error}");
    let mut stream = tokenizer.stream();
    assert!(stream.push(0).is_err());
    // Later calls are unaffected.
    assert_eq!(tokenizer.encode("a").unwrap(), [0]);
}

#[test]
fn files_that_would_fill_memory_are_refused() {
    let double = json!({ "type": "Replace", "pattern": { "String": "a" }, "content": "aa" });
    let doubles = json!({ "type": "Sequence", "normalizers": vec![double.clone(); 60] });
    let decoders = json!({ "type": "Sequence", "decoders": vec![double; 60] });
    let table = json!({ "type": "Precompiled", "precompiled_charsmap": "////fwAAAAA=" });
    let special = json!({ "id": "x", "ids": vec![0; 2000], "tokens": vec!["x"; 2000] });
    let template = json!({ "type": "TemplateProcessing", "pair": [],
        "single": [{ "SpecialToken": { "id": "x", "type_id": 0 } }],
        "special_tokens": { "x": special } });
    for (parts, expected) in [
        (json!({ "normalizer": doubles }), "its normalizer can make a text"),
        (json!({ "decoder": decoders }), "its decoder can make a text"),
        (json!({ "normalizer": table }), "truncated"),
        (json!({ "post_processor": template }), "2000 special tokens"),
    ] {
        let error = load(&file(parts)).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}
