//! Training of tokenizers: every kind is what its name promises, and the same every time.

use std::fs;

use zoo_datasets::text::Stories;
use zoo_datasets::tokenizer::{
    Casing, Special, Tokenizer, TokenizerError, TokenizerKind, TokenizerTraining, Vocabulary,
};

fn stories() -> Vec<String> {
    (0..40).map(|index| Stories::new(index).text(0, 5)).collect()
}

fn saved(tokenizer: &Tokenizer) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    tokenizer.save(folder.path()).unwrap();
    let files = ["tokenizer.json", "tokenizer_config.json"];
    files.iter().map(|name| fs::read_to_string(folder.path().join(name)).unwrap()).collect()
}

#[test]
fn the_same_texts_give_the_same_files_in_any_order() {
    let (texts, mut other) = (stories(), stories());
    other.reverse();
    // Rare characters are where the library follows the order of a hash.
    let rare: Vec<String> = "éüßøłżğčşõ".chars().map(|c| format!("a{c}b")).collect();
    for kind in TokenizerKind::ALL {
        let training = TokenizerTraining::new(kind, 400);
        let first = training.train(texts.iter().chain(&rare)).unwrap();
        let second = training.train(rare.iter().rev().chain(&other)).unwrap();
        assert!(saved(&first) == saved(&second), "{kind}");
        assert!(first.vocab_size() > 300, "{kind}: {}", first.vocab_size());
        assert!(first.vocab_size() <= 400, "{kind}: {}", first.vocab_size());
    }
}

#[test]
fn word_piece_encodes_as_bert() {
    let texts = ["The sea, the seas and the skies.", "Skies and seas! Él"];
    let mut training = TokenizerTraining::new(TokenizerKind::WordPiece, 120);
    training.casing = Casing::Uncased;
    let tokenizer = training.train(texts).unwrap();
    for (id, token) in ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"].iter().enumerate() {
        assert_eq!(tokenizer.id(token), Some(id as u32));
    }
    assert_eq!(tokenizer.special(Special::Mask).unwrap().id, 4);
    let encoder = tokenizer.text_encoder(64).unwrap();
    let tokens = |text: &str| -> Vec<String> {
        let ids = encoder.encode(text).unwrap().ids;
        ids.into_iter().map(|id| tokenizer.token(id).unwrap()).collect()
    };
    let found = tokens("THE  sea,él 7");
    assert_eq!(found.first().map(String::as_str), Some("[CLS]"));
    assert_eq!(found.last().map(String::as_str), Some("[SEP]"));
    assert!(found.contains(&"the".to_owned()) && found.contains(&",".to_owned()), "{found:?}");
    assert_eq!(found.iter().filter(|token| *token == "[UNK]").count(), 1, "{found:?}");
    assert!(!found.iter().any(|token| token.contains('é')), "{found:?}");
    assert!(tokens("skisea").iter().any(|token| token.starts_with("##")), "a word continues");
    assert_eq!(tokenizer.decode(&tokenizer.encode("The SEAS.").unwrap()).unwrap(), "the seas.");
    let pair = encoder.encode_pair("sea", "sky", zoo_datasets::tokenizer::Cut::Longer).unwrap();
    assert!(pair.types.starts_with(&[0, 0]) && pair.types.ends_with(&[1, 1]), "{pair:?}");
}

#[test]
fn unigram_encodes_as_sentencepiece() {
    let tokenizer = Tokenizer::of_texts(stories(), Vocabulary::Unigram(300)).unwrap();
    assert_eq!(["<pad>", "</s>", "<unk>"].map(|token| tokenizer.id(token).unwrap()), [0, 1, 2]);
    assert_eq!(tokenizer.eos(), Some(1));
    assert_eq!(tokenizer.special(Special::Unknown).unwrap().id, 2);
    let text = "One day Ben found a ball.";
    let ids = tokenizer.encode(text).unwrap();
    assert_eq!(tokenizer.decode(&ids).unwrap(), text);
    assert!(tokenizer.token(ids[0]).unwrap().starts_with('\u{2581}'));
    assert!(ids.len() < text.len() / 2, "{} tokens", ids.len());
    let encoder = tokenizer.text_encoder(64).unwrap();
    assert_eq!(encoder.encode(text).unwrap().ids, [&ids[..], &[1]].concat());
    // Compatible forms and runs of spaces are one, and characters that are unknown too.
    assert_eq!(
        tokenizer.encode("\u{ff22}en\t\n found ").unwrap(),
        tokenizer.encode("Ben found").unwrap()
    );
    assert!(tokenizer.encode("Ben 猫").unwrap().contains(&2));
}

#[test]
fn further_special_tokens_follow_and_are_not_learned_from_texts() {
    for kind in TokenizerKind::ALL {
        let mut training = TokenizerTraining::new(kind, 300);
        let first = kind.special_tokens();
        training.special_tokens = ["<mask>", first[0]].map(String::from).to_vec();
        let texts = vec![format!("sea<mask>sea {}", first[0]); 50];
        let tokenizer = training.train(texts).unwrap();
        let id = tokenizer.id("<mask>").unwrap();
        assert_eq!(id as usize, first.len(), "{kind}");
        assert!(tokenizer.is_special(id));
        let ids = tokenizer.encode("sea<mask>").unwrap();
        assert_eq!(ids.last(), Some(&id), "{kind}");
        let learned = first.len() as u32 + 1..tokenizer.vocab_size() as u32;
        for id in learned {
            let token = tokenizer.token(id).unwrap();
            assert!(!token.contains("mas"), "{kind}: {token}");
        }
    }
    let mut training = TokenizerTraining::new(TokenizerKind::Bpe, 300);
    training.special_tokens = vec![String::new()];
    assert!(matches!(training.train(["a"]), Err(TokenizerError::EmptyToken)));
}

#[test]
fn a_text_without_spaces_costs_what_its_length_costs() {
    let mut state = 1_u64;
    let mut base = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        char::from(b"ACGT"[(state >> 62) as usize])
    };
    let genome: String = (0..300_000).map(|_| base()).collect();
    for kind in TokenizerKind::ALL {
        // The unigram model makes many passes.
        let length = if kind == TokenizerKind::Unigram { 20_000 } else { genome.len() };
        let tokenizer = TokenizerTraining::new(kind, 300).train([&genome[..length]]).unwrap();
        let ids = tokenizer.encode(&genome[..2000]).unwrap();
        assert!((200..2000).contains(&ids.len()), "{kind}: {} tokens", ids.len());
        let unknown = tokenizer.special(Special::Unknown).map(|token| token.id);
        assert!(!ids.iter().any(|id| Some(*id) == unknown), "{kind}");
    }
}

#[test]
fn an_alphabet_that_does_not_fit_is_an_error_with_its_size() {
    let text = "abcdefghijklmnopqrstuvwxyz aa bb";
    for (kind, smallest) in [(TokenizerKind::WordPiece, 5 + 26 + 26), (TokenizerKind::Unigram, 31)]
    {
        let mut training = TokenizerTraining::new(kind, smallest - 1);
        let error = training.train([text]).unwrap_err();
        match error {
            TokenizerError::SmallVocabulary { smallest: found, .. } => assert_eq!(found, smallest),
            other => panic!("{kind}: {other}"),
        }
        training.vocab_size = smallest;
        let tokenizer = training.train([text]).unwrap();
        assert!(tokenizer.vocab_size() <= smallest, "{kind}: {}", tokenizer.vocab_size());
        // Fewer characters fit: the most frequent ones.
        training.vocab_size = 20;
        training.limit_alphabet = Some(5);
        let tokenizer = training.train([text]).unwrap();
        assert!(tokenizer.vocab_size() <= 20);
        assert!(tokenizer.id("a").or(tokenizer.id("\u{2581}a")).is_some(), "{kind}");
        assert_eq!(tokenizer.id("z"), None, "{kind}");
    }
    for kind in [TokenizerKind::WordPiece, TokenizerKind::Unigram] {
        let error = TokenizerTraining::new(kind, 100).train(["", " \n"]).unwrap_err();
        assert!(matches!(error, TokenizerError::EmptyVocabulary), "{kind}: {error}");
    }
}

#[test]
fn a_long_text_has_the_tokens_of_its_parts() {
    let text = stories().concat().repeat(12);
    assert!(text.len() > 200_000);
    for kind in [TokenizerKind::WordPiece, TokenizerKind::Unigram] {
        let tokenizer = TokenizerTraining::new(kind, 300).train([&text]).unwrap();
        let words: Vec<u32> =
            text.split_whitespace().flat_map(|word| tokenizer.encode(word).unwrap()).collect();
        assert!(tokenizer.encode(&text).unwrap() == words, "{kind}");
    }
}
