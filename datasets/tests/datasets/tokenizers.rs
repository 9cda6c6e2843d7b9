use std::fs;
use std::path::Path;
use tempfile::TempDir;
use zoo_datasets::text::{Corpus, Stories};
use zoo_datasets::tokenizer::{END_OF_TEXT, Tokenizer, TokenizerError, Vocabulary};

const MIXED: &str = "Hé, 世界! 👩‍🚀\r\n\tna\u{308}ive  \n\n\nend\u{fffd} ";

fn bpe() -> Tokenizer {
    Corpus::stories().tokenizer(Vocabulary::Bpe(600)).unwrap()
}

fn saved(tokenizer: &Tokenizer) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    tokenizer.save(folder.path()).unwrap();
    folder
}

fn file(folder: impl AsRef<Path>, name: &str) -> String {
    fs::read_to_string(folder.as_ref().join(name)).unwrap()
}

#[test]
fn characters_are_numbered_in_order() {
    let tokenizer = Tokenizer::characters(" ba\nab".chars()).unwrap();
    assert_eq!(tokenizer.vocab_size(), 4);
    assert_eq!(tokenizer.encode("\n ab").unwrap(), [0, 1, 2, 3]);
    assert_eq!(tokenizer.eos(), None);
}

#[test]
fn any_text_of_its_characters_round_trips() {
    let tokenizer = Tokenizer::characters(MIXED.chars()).unwrap();
    let ids = tokenizer.encode(MIXED).unwrap();
    assert_eq!(ids.len(), MIXED.chars().count());
    assert_eq!(tokenizer.decode(&ids).unwrap(), MIXED);
    assert_eq!(tokenizer.encode("").unwrap(), Vec::<u32>::new());
}

#[test]
fn an_unknown_character_is_named() {
    let tokenizer = Tokenizer::characters(Stories::ALPHABET.chars()).unwrap();
    let error = tokenizer.encode("caf\u{e9}").unwrap_err();
    assert!(
        matches!(error, TokenizerError::UnknownCharacter { character: 'é', offset: 3, .. }),
        "{error:?}"
    );
    let message = error.to_string();
    for part in ["'é'", "\\u{e9}", "byte 3", "byte-level BPE"] {
        assert!(message.contains(part), "{message}");
    }
}

#[test]
fn character_lookup_equals_the_library() {
    let folder = saved(&Tokenizer::characters(MIXED.chars()).unwrap());
    let path = folder.path().join("tokenizer.json");
    let general = tokenizers::Tokenizer::from_file(&path).unwrap();
    let ours = Tokenizer::load(&path).unwrap();
    for text in [MIXED, "\n\n\r", "世\n界", " "] {
        let expected = general.encode(text, false).unwrap();
        assert_eq!(ours.encode(text).unwrap(), expected.get_ids());
        assert_eq!(general.decode(expected.get_ids(), true).unwrap(), text);
    }
}

#[test]
fn bpe_encodes_any_text() {
    let tokenizer = bpe();
    let ids = tokenizer.encode(MIXED).unwrap();
    assert_eq!(tokenizer.decode(&ids).unwrap(), MIXED);
    let bytes: String = (0..0x250).filter_map(char::from_u32).collect();
    assert_eq!(tokenizer.decode(&tokenizer.encode(&bytes).unwrap()).unwrap(), bytes);
    assert_eq!(tokenizer.vocab_size(), 600);
}

#[test]
fn bpe_shortens_stories() {
    let story = Stories::new(5).story(1);
    let ids = bpe().encode(&story).unwrap();
    assert!(ids.len() * 2 < story.len(), "{} tokens for {} bytes", ids.len(), story.len());
}

#[test]
fn training_twice_gives_the_same_file() {
    let (first, second) = (saved(&bpe()), saved(&bpe()));
    for name in ["tokenizer.json", "tokenizer_config.json"] {
        assert_eq!(file(&first, name), file(&second, name));
    }
}

#[test]
fn end_of_text_is_a_token_without_text() {
    let tokenizer = bpe();
    let ids = tokenizer.encode(&format!("a{END_OF_TEXT}b")).unwrap();
    assert_eq!(ids.len(), 3);
    assert_eq!(tokenizer.eos(), Some(ids[1]));
    assert_eq!(tokenizer.decode(&ids).unwrap(), "ab");
}

#[test]
fn a_vocabulary_without_room_for_the_bytes_is_an_error() {
    let error = Tokenizer::train_bpe(["text"], 256).unwrap_err();
    assert!(
        matches!(error, TokenizerError::SmallVocabulary { asked: 256, smallest: 257, .. }),
        "{error:?}"
    );
    assert_eq!(Tokenizer::train_bpe(["text"], 257).unwrap().vocab_size(), 257);
    let error = Tokenizer::characters([]).unwrap_err();
    assert!(matches!(error, TokenizerError::EmptyVocabulary), "{error:?}");
}

#[test]
fn an_id_without_a_token_is_an_error() {
    let tokenizer = Tokenizer::characters("abc".chars()).unwrap();
    let error = tokenizer.decode(&[0, 3]).unwrap_err();
    assert!(matches!(error, TokenizerError::UnknownId { id: 3, vocab_size: 3 }), "{error:?}");
    // A model can have more tokens than its tokenizer.
    assert_eq!(tokenizer.stream().push(3).unwrap(), None);
}

#[test]
fn a_saved_tokenizer_loads_as_the_same() {
    for tokenizer in [bpe(), Tokenizer::characters(MIXED.chars()).unwrap()] {
        let folder = saved(&tokenizer);
        let names: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
        assert_eq!(names.len(), 2, "two files and nothing temporary: {names:?}");
        for path in [folder.path().to_owned(), folder.path().join("tokenizer.json")] {
            let loaded = Tokenizer::load(path).unwrap();
            assert_eq!(loaded.vocab_size(), tokenizer.vocab_size());
            assert_eq!(loaded.eos(), tokenizer.eos());
            assert_eq!(loaded.encode(MIXED).unwrap(), tokenizer.encode(MIXED).unwrap());
            let again = saved(&loaded);
            for name in ["tokenizer.json", "tokenizer_config.json"] {
                assert_eq!(file(&again, name), file(&folder, name));
            }
        }
    }
}

#[test]
fn the_end_token_is_the_one_that_the_config_names() {
    let folder = saved(&Tokenizer::characters("ab$".chars()).unwrap());
    let config = folder.path().join("tokenizer_config.json");
    for (content, eos) in [
        (r#"{"eos_token": "$"}"#, Some(0)),
        (r#"{"eos_token": {"content": "b", "special": true}}"#, Some(2)),
        (r#"{"eos_token": null}"#, None),
        // As in transformers, a token that only the config lists is added.
        (r#"{"eos_token": "nowhere"}"#, Some(3)),
    ] {
        fs::write(&config, content).unwrap();
        assert_eq!(Tokenizer::load(folder.path()).unwrap().eos(), eos, "{content}");
    }
}

#[test]
fn tokens_are_special_if_any_file_says_so() {
    let folder = saved(&bpe());
    let path = folder.path().join("tokenizer.json");
    let mut file: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    let ids = ["aa", "bb", "cc", "dd", "ee", "ff"].map(|name| (name, format!("<|{name}|>")));
    for (i, (_, content)) in ids.iter().enumerate() {
        let token = serde_json::json!({
            "id": 600 + i, "content": content, "special": false, "normalized": false,
            "single_word": false, "lstrip": false, "rstrip": false,
        });
        file["added_tokens"].as_array_mut().unwrap().push(token);
    }
    fs::write(&path, file.to_string()).unwrap();
    let text = "one<|aa|>two<|bb|>three<|cc|>four<|dd|>five<|ee|>six<|ff|>";
    let decoded = |config: &str, special: &str, added: &str| {
        for (name, content) in [
            ("tokenizer_config.json", config),
            ("special_tokens_map.json", special),
            ("added_tokens.json", added),
        ] {
            fs::write(folder.path().join(name), content).unwrap();
        }
        let tokenizer = Tokenizer::load(folder.path()).unwrap();
        tokenizer.decode(&tokenizer.encode(text).unwrap()).unwrap()
    };
    let plain = "one<|aa|>two<|bb|>three<|cc|>four<|dd|>five<|ee|>six<|ff|>";
    assert_eq!(decoded("{}", "{}", "{}"), plain);
    let without = |names: &[&str]| {
        names.iter().fold(plain.to_owned(), |text, name| text.replace(&format!("<|{name}|>"), ""))
    };
    let rest = r#""eos_token": "<|bb|>", "additional_special_tokens": ["<|cc|>"],
        "image_token": "<|dd|>""#;
    let list = r#""added_tokens_decoder": {"600": {"content": "<|aa|>", "special": true}}"#;
    let of_class = r#""tokenizer_class": "GPT2Tokenizer""#;
    // Transformers' generic class keeps a token of tokenizer.json unchanged, unless
    // tokenizer_config.json lists it, or lists none and gives it a role. Model classes make every
    // named token special.
    for (config, names) in [
        (format!("{{{list}, {rest}}}"), &["aa"][..]),
        (format!("{{{rest}}}"), &["bb", "dd"]),
        (format!("{{{list}, {rest}, {of_class}}}"), &["aa", "bb", "cc", "dd"]),
    ] {
        assert_eq!(decoded(&config, "{}", "{}"), without(names), "{config}");
    }
    let role = r#"{"pad_token": {"content": "<|ee|>", "lstrip": false}}"#;
    assert_eq!(decoded("{}", role, r#"{"<|ff|>": 605}"#), without(&["ee"]));
    // If the newer file lists tokens, the older ones are not read.
    let aa = r#"{"added_tokens_decoder": {"600": {"content": "<|aa|>", "special": true}}}"#;
    assert_eq!(decoded(aa, role, "{}"), without(&["aa"]));
}

#[test]
fn a_broken_file_is_named() {
    let folder = saved(&bpe());
    let message = |name: &str, content: &[u8]| {
        fs::write(folder.path().join(name), content).unwrap();
        let error = Tokenizer::load(folder.path()).unwrap_err();
        assert!(matches!(error, TokenizerError::Corrupt { .. }), "{error:?}");
        let message = error.to_string();
        assert!(message.contains(&*folder.path().join(name).to_string_lossy()), "{message}");
    };
    message("tokenizer_config.json", b"{\"eos_token\":");
    fs::remove_file(folder.path().join("tokenizer_config.json")).unwrap();
    let whole = file(&folder, "tokenizer.json");
    message("tokenizer.json", &whole.as_bytes()[..whole.len() / 2]);
    message("tokenizer.json", b"");
    message("tokenizer.json", b"{}");
    message("tokenizer.json", b"\xff\xfe");
    message("tokenizer.json", br#"{"model": {"type": "Mystery"}}"#);
}

#[test]
fn a_directory_without_a_tokenizer_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let error = Tokenizer::load(folder.path()).unwrap_err();
    assert!(matches!(error, TokenizerError::NoFiles { .. }), "{error:?}");
    assert!(error.to_string().contains("tokenizer.json"), "{error}");
}

/// The concatenated pieces of a stream.
fn streamed(tokenizer: &Tokenizer, ids: &[u32]) -> String {
    let mut stream = tokenizer.stream();
    let mut text = String::new();
    for &id in ids {
        text.extend(stream.push(id).unwrap());
    }
    text + &stream.finish().unwrap()
}

#[test]
fn a_stream_yields_whole_characters() {
    let tokenizer = bpe();
    let ids = tokenizer.encode("a世b").unwrap();
    assert_eq!(ids.len(), 5, "three bytes of which no two are merged");
    let mut stream = tokenizer.stream();
    let pieces: Vec<Option<String>> = ids.iter().map(|&id| stream.push(id).unwrap()).collect();
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(pieces, [some("a"), None, None, some("世"), some("b")]);
    assert_eq!(stream.finish().unwrap(), "");
}

#[test]
fn a_stream_equals_decoding_at_once() {
    let story = Stories::new(1).text(0, 3);
    for text in [MIXED, &story, END_OF_TEXT, ""] {
        let tokenizer = bpe();
        let ids = tokenizer.encode(text).unwrap();
        assert_eq!(streamed(&tokenizer, &ids), tokenizer.decode(&ids).unwrap());
        let tokenizer = Tokenizer::characters(text.chars().chain(['x'])).unwrap();
        let ids = tokenizer.encode(text).unwrap();
        assert_eq!(streamed(&tokenizer, &ids), text);
    }
}

#[test]
fn a_stream_survives_any_ids() {
    let tokenizer = bpe();
    // Random bytes, as an untrained model generates them: mostly invalid UTF-8.
    let mut state = 1_u32;
    for length in 0..60 {
        let ids: Vec<u32> = std::iter::repeat_with(|| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) % 300
        })
        .take(length)
        .collect();
        assert_eq!(streamed(&tokenizer, &ids), tokenizer.decode(&ids).unwrap(), "{ids:?}");
    }
}

#[test]
fn a_stream_that_ends_within_a_character_yields_a_replacement() {
    let tokenizer = bpe();
    let ids = tokenizer.encode("a世").unwrap();
    assert_eq!(streamed(&tokenizer, &ids[..2]), "a\u{fffd}");
}
