use std::f64::consts::LN_2;

use super::assert_close;
use zoo_datasets::score::ScoreError;
use zoo_datasets::score::accuracy::{Accuracy, accuracy, position_accuracy, token_accuracy};
use zoo_datasets::score::bits::{TextLength, bits};

#[test]
fn accuracy_includes_its_counts() {
    let found = accuracy(&[1, 2, 3, 4], &[1, 2, 0, 4]).unwrap();
    assert_eq!(found, Accuracy { correct: 3, total: 4, share: 0.75 });
    let json = serde_json::to_string(&found).unwrap();
    assert_eq!(json, r#"{"correct":3,"total":4,"share":0.75}"#);
}

#[test]
fn sequences_match_as_a_whole() {
    let found =
        accuracy(&[vec![1, 2], vec![3], vec![]], &[vec![1, 2], vec![3, 4], vec![]]).unwrap();
    assert_eq!((found.correct, found.total), (2, 3));
}

#[test]
fn missing_and_extra_tokens_are_errors() {
    let expected = [vec![1, 2, 3, 4]];
    let share = |found: &[i32]| position_accuracy(&[found.to_vec()], &expected).unwrap().share;
    assert_close("exact", share(&[1, 2, 3, 4]), 1.0);
    assert_close("early", share(&[1, 2]), 0.5);
    assert_close("long", share(&[1, 2, 3, 4, 5, 6, 7, 8]), 0.5);
    assert_close("shifted", share(&[0, 1, 2, 3, 4]), 0.0);
    assert_close("nothing", share(&[]), 0.0);
}

#[test]
fn accuracy_of_nothing_is_an_error() {
    let empty = |what| ScoreError::Empty { what };
    assert_eq!(accuracy::<u8>(&[], &[]).unwrap_err(), empty("answers"));
    assert_eq!(token_accuracy::<u8>(&[], &[]).unwrap_err(), empty("sequences"));
    assert_eq!(token_accuracy::<u8>(&[vec![]], &[vec![]]).unwrap_err(), empty("tokens"));
    assert_eq!(position_accuracy::<u8>(&[vec![]], &[vec![]]).unwrap_err(), empty("tokens"));
    let lengths = ScoreError::Lengths { what: "answers", found: 1, expected: 2 };
    assert_eq!(accuracy(&[1], &[1, 2]).unwrap_err(), lengths);
    let lengths = ScoreError::SequenceLengths { sequence: 0, found: 1, expected: 2 };
    assert_eq!(token_accuracy(&[vec![1]], &[vec![1, 2]]).unwrap_err(), lengths);
}

#[test]
fn bits_do_not_depend_on_the_tokenization() {
    // Four characters at one bit each, in any number of tokens; one of them has two bytes.
    let text = "äbcd";
    for tokens in [1, 2, 4, 5] {
        let found = bits(4.0 * LN_2, TextLength::of(text, tokens)).unwrap();
        assert_close("character", found.per_character, 1.0);
        assert_close("byte", found.per_byte, 0.8);
        assert_close("perplexity", found.perplexity.unwrap(), 2f64.powf(4.0 / tokens as f64));
    }
}

#[test]
fn a_diverged_loss_has_no_bits() {
    let length = TextLength::of("some text", 2);
    for nats in [f64::NAN, f64::INFINITY, -1.0] {
        assert!(matches!(bits(nats, length), Err(ScoreError::Loss { .. })), "{nats}");
    }
    let empty = bits(1.0, TextLength::of("", 0)).unwrap_err();
    assert_eq!(empty, ScoreError::Empty { what: "tokens" });
    // The perplexity is not finite, but the bits are.
    let found = bits(2000.0, length).unwrap();
    assert_eq!(found.perplexity, None);
    assert!(found.per_character.is_finite());
}
