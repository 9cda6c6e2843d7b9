use tempfile::TempDir;
use zoo_datasets::tokenizer::{
    Cut, Encoding, Special, SpecialToken, SpecialTokens, Tokenizer, TokenizerError,
};

/// WordPiece with BERT's special tokens, over a handful of words.
const WORD_PIECE: &str = r###"{
  "version": "1.0", "truncation": null, "padding": null,
  "added_tokens": [
    {"id": 0, "content": "[PAD]", "single_word": false, "lstrip": false, "rstrip": false,
     "normalized": false, "special": true},
    {"id": 1, "content": "[UNK]", "single_word": false, "lstrip": false, "rstrip": false,
     "normalized": false, "special": true},
    {"id": 2, "content": "[CLS]", "single_word": false, "lstrip": false, "rstrip": false,
     "normalized": false, "special": true},
    {"id": 3, "content": "[SEP]", "single_word": false, "lstrip": false, "rstrip": false,
     "normalized": false, "special": true}
  ],
  "normalizer": {"type": "Lowercase"},
  "pre_tokenizer": {"type": "BertPreTokenizer"},
  "post_processor": {
    "type": "TemplateProcessing",
    "single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}},
               {"Sequence": {"id": "A", "type_id": 0}},
               {"SpecialToken": {"id": "[SEP]", "type_id": 0}}],
    "pair": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}},
             {"Sequence": {"id": "A", "type_id": 0}},
             {"SpecialToken": {"id": "[SEP]", "type_id": 0}},
             {"Sequence": {"id": "B", "type_id": 1}},
             {"SpecialToken": {"id": "[SEP]", "type_id": 1}}],
    "special_tokens": {
      "[CLS]": {"id": "[CLS]", "ids": [2], "tokens": ["[CLS]"]},
      "[SEP]": {"id": "[SEP]", "ids": [3], "tokens": ["[SEP]"]}}
  },
  "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": true},
  "model": {
    "type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
    "max_input_chars_per_word": 100,
    "vocab": {"[PAD]": 0, "[UNK]": 1, "[CLS]": 2, "[SEP]": 3, "ü": 4, "##ber": 5, "gehen": 6,
              "wir": 7, "!": 8}
  }
}"###;

fn word_piece(config: &str) -> (TempDir, Tokenizer) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("tokenizer.json"), WORD_PIECE).unwrap();
    std::fs::write(folder.path().join("tokenizer_config.json"), config).unwrap();
    let tokenizer = Tokenizer::load(folder.path()).unwrap();
    (folder, tokenizer)
}

const TEXT: &str = "👩‍🚀 Über gehen wir!";

fn spans(encoding: &Encoding) -> Vec<(usize, usize)> {
    encoding.spans.iter().map(|span| (span.start, span.end)).collect()
}

#[test]
fn tokens_have_spans_and_words() {
    let (_folder, tokenizer) = word_piece("{}");
    let found = tokenizer.text_encoder(9).unwrap().encode(TEXT).unwrap();
    assert_eq!(found.ids, [2, 1, 4, 5, 6, 7, 8, 3]);
    // The astronaut is three characters.
    assert_eq!(
        spans(&found),
        [(0, 0), (0, 3), (4, 5), (5, 8), (9, 14), (15, 18), (18, 19), (0, 0)]
    );
    let words = [None, Some(0), Some(1), Some(1), Some(2), Some(3), Some(4), None];
    assert_eq!(found.words, words);
    let texts: Vec<bool> = found.texts.iter().map(Option::is_some).collect();
    assert_eq!(texts, [false, true, true, true, true, true, true, false]);
    assert!(!found.is_cut);
}

#[test]
fn a_long_text_is_truncated_at_its_end() {
    let (_folder, tokenizer) = word_piece("{}");
    let encoder = tokenizer.text_encoder(5).unwrap();
    let found = encoder.encode(TEXT).unwrap();
    assert_eq!((found.ids, found.is_cut), (vec![2, 1, 4, 5, 3], true));
    assert!(!encoder.encode("wir gehen !").unwrap().is_cut);
    assert!(matches!(tokenizer.text_encoder(2), Err(TokenizerError::NoRoom { taken: 2, .. })));
    assert_eq!(encoder.with_max_length(4).unwrap().encode(TEXT).unwrap().ids.len(), 4);
}

#[test]
fn a_pair_is_truncated_in_one_or_both_texts() {
    let (_folder, tokenizer) = word_piece("{}");
    let encoder = tokenizer.text_encoder(8).unwrap();
    let [long, short] = ["wir gehen wir gehen wir", "gehen !"];
    let encode = |[first, second]: [&str; 2], cut| {
        encoder.encode_pair(first, second, cut).map(|found| (found.ids, found.types))
    };
    assert_eq!(
        encode([short, short], Cut::First).unwrap(),
        (vec![2, 6, 8, 3, 6, 8, 3], vec![0, 0, 0, 0, 1, 1, 1])
    );
    assert_eq!(encode([long, short], Cut::First).unwrap().0, [2, 7, 6, 7, 3, 6, 8, 3]);
    assert_eq!(encode([short, long], Cut::Second).unwrap().0, [2, 6, 8, 3, 7, 6, 7, 3]);
    assert_eq!(encode([short, long], Cut::Longer).unwrap().0, [2, 6, 8, 3, 7, 6, 7, 3]);
    assert_eq!(encode([long, long], Cut::Longer).unwrap().0, [2, 7, 6, 3, 7, 6, 7, 3]);
    assert!(encoder.encode_pair(long, long, Cut::Longer).unwrap().is_cut);
    // The text that must not be truncated fills the length.
    let error = encode([long, short], Cut::Second).unwrap_err();
    assert!(matches!(error, TokenizerError::NoRoom { max_length: 8, taken: 8 }), "{error:?}");
}

#[test]
fn windows_overlap_and_lose_nothing() {
    let (_folder, tokenizer) = word_piece("{}");
    let encoder = tokenizer.text_encoder(5).unwrap();
    let found: Vec<Vec<u32>> =
        encoder.windows(TEXT, 1).unwrap().into_iter().map(|window| window.ids).collect();
    assert_eq!(found, [vec![2, 1, 4, 5, 3], vec![2, 5, 6, 7, 3], vec![2, 7, 8, 3]]);
    assert_eq!(encoder.windows("wir", 1).unwrap().len(), 1);
    assert_eq!(encoder.windows("", 1).unwrap()[0].ids, [2, 3]);
    assert!(encoder.windows(TEXT, 3).is_err());

    let windows = tokenizer.text_encoder(7).unwrap().pair_windows("wir !", TEXT, 1).unwrap();
    for window in &windows {
        assert_eq!(window.ids[..4], [2, 7, 8, 3]);
        assert_eq!(window.texts[4], Some(1));
        assert_eq!(window.texts[1], Some(0));
    }
    let starts: Vec<usize> = windows.iter().map(|window| window.spans[4].start).collect();
    assert_eq!(starts, [0, 4, 5, 9, 15]);
    // An overlap that leaves no new token is reduced; a question that fills the length is refused.
    let encoder = tokenizer.text_encoder(7).unwrap();
    assert_eq!(encoder.pair_windows("wir !", TEXT, 99).unwrap().len(), 5);
    let long = "wir wir wir wir";
    let error = encoder.pair_windows(long, TEXT, 1).unwrap_err();
    assert!(matches!(error, TokenizerError::NoRoom { .. }), "{error:?}");
}

#[test]
fn special_tokens_come_from_the_config_or_common_names() {
    let (_folder, tokenizer) = word_piece("{}");
    let special = |tokenizer: &Tokenizer, which| tokenizer.special(which).map(|token| token.id);
    assert_eq!(special(&tokenizer, Special::Padding), Some(0));
    assert_eq!(special(&tokenizer, Special::Class), Some(2));
    assert_eq!(special(&tokenizer, Special::Mask), None);
    assert_eq!(tokenizer.max_length(), None);
    let config = r#"{"mask_token": {"content": "wir"}, "cls_token": "gehen",
                     "model_max_length": 1e30}"#;
    let (_folder, tokenizer) = word_piece(config);
    assert_eq!(tokenizer.special(Special::Mask), Some(SpecialToken { text: "wir".into(), id: 7 }));
    assert_eq!(special(&tokenizer, Special::Class), Some(6));
    assert_eq!(tokenizer.max_length(), None);
    let (_folder, tokenizer) = word_piece(r#"{"model_max_length": 512}"#);
    assert_eq!(tokenizer.max_length(), Some(512));
}

#[test]
fn tokens_are_decoded_to_text() {
    let (_folder, tokenizer) = word_piece("{}");
    let ids = [2, 4, 5, 7, 8, 99, 3];
    assert_eq!(tokenizer.decode_with(&ids, SpecialTokens::LeftOut).unwrap(), "über wir!");
    assert_eq!(
        tokenizer.decode_with(&ids, SpecialTokens::Written).unwrap(),
        "[CLS] über wir! [SEP]"
    );
    assert_eq!(tokenizer.join(vec!["ü".into(), "##ber".into()]).unwrap(), "über");
    assert_eq!(tokenizer.token(5).unwrap(), "##ber");
    assert!(tokenizer.token(99).is_err());
    assert!(tokenizer.marks_continuations());
    assert!(!Tokenizer::train_bpe(["text"], 257).unwrap().marks_continuations());
}
