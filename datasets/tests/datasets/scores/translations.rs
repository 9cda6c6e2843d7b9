use serde::Deserialize;
use serde_json::Value;

use super::{assert_close, golden, read};
use zoo_datasets::score::bleu::{Bleu, Smoothing, Tokenization};
use zoo_datasets::score::chrf::{Chrf, Spaces};
use zoo_datasets::score::{Case, ScoreError};

#[derive(Deserialize)]
struct BleuCase {
    settings: Value,
    score: f64,
    precisions: [f64; 4],
    matches: [usize; 4],
    totals: [usize; 4],
    bp: f64,
    lengths: [usize; 2],
    signature: String,
}

#[derive(Deserialize)]
struct ChrfCase {
    settings: Value,
    score: f64,
    name: String,
    signature: String,
}

fn case(settings: &Value) -> Case {
    if settings["lowercase"] == true { Case::Lower } else { Case::Mixed }
}

fn bleu(settings: &Value) -> Bleu {
    let tokenization = match settings["tokenize"].as_str().unwrap() {
        "13a" => Tokenization::Thirteen,
        "char" => Tokenization::Characters,
        "none" => Tokenization::None,
        other => panic!("{other}"),
    };
    let value = || settings["smooth_value"].as_f64().unwrap();
    let smoothing = match settings["smooth_method"].as_str().unwrap() {
        "exp" => Smoothing::Exponential,
        "floor" => Smoothing::Floor(value()),
        "add-k" => Smoothing::Add(value()),
        "none" => Smoothing::None,
        other => panic!("{other}"),
    };
    Bleu { tokenization, smoothing, case: case(settings) }
}

fn chrf(settings: &Value) -> Chrf {
    let number = |name: &str| settings[name].as_u64();
    let spaces = if settings["whitespace"] == true { Spaces::Kept } else { Spaces::Removed };
    Chrf {
        character_order: number("char_order").unwrap_or(6) as usize,
        word_order: number("word_order").unwrap() as usize,
        beta: number("beta").unwrap_or(2) as u32,
        spaces,
        case: case(settings),
    }
}

fn without_version(signature: &str) -> &str {
    signature.rsplit_once("|version:burn-zoo-").unwrap().0
}

#[test]
fn tokens_are_sacrebleus() {
    let mut seen = 0;
    for row in golden("translations.json")["tokens"].as_array().unwrap() {
        let text = row["text"].as_str().unwrap();
        for tokenization in [Tokenization::Thirteen, Tokenization::Characters, Tokenization::None] {
            let expected: Vec<String> = read(&row[tokenization.name()]);
            assert_eq!(tokenization.tokens(text), expected, "{} of {text:?}", tokenization.name());
            seen += 1;
        }
    }
    assert!(seen > 200, "{seen}");
}

#[test]
fn bleu_is_sacrebleus() {
    let mut seen = 0;
    for corpus in golden("translations.json")["corpora"].as_array().unwrap() {
        let hypotheses: Vec<String> = read(&corpus["hypotheses"]);
        let references: Vec<Vec<String>> = read(&corpus["references"]);
        for expected in read::<Vec<BleuCase>>(&corpus["bleu"]) {
            let what = format!("{}, {}", corpus["name"], expected.settings);
            let found = bleu(&expected.settings).score(&hypotheses, &references).unwrap();
            assert_close(&what, found.score, expected.score);
            assert_close(&what, found.brevity_penalty, expected.bp);
            for (found, expected) in found.precisions.iter().zip(expected.precisions) {
                assert_close(&what, *found, expected);
            }
            assert_eq!(
                (found.matches, found.totals),
                (expected.matches, expected.totals),
                "{what}"
            );
            assert_eq!(
                [found.hypothesis_length, found.reference_length],
                expected.lengths,
                "{what}"
            );
            assert_eq!(without_version(&found.signature), expected.signature, "{what}");
            seen += 1;
        }
    }
    assert!(seen > 150, "{seen}");
}

#[test]
fn chrf_is_sacrebleus() {
    let mut seen = 0;
    for corpus in golden("translations.json")["corpora"].as_array().unwrap() {
        let hypotheses: Vec<String> = read(&corpus["hypotheses"]);
        let references: Vec<Vec<String>> = read(&corpus["references"]);
        for expected in read::<Vec<ChrfCase>>(&corpus["chrf"]) {
            let what = format!("{}, {}", corpus["name"], expected.settings);
            let found = chrf(&expected.settings).score(&hypotheses, &references).unwrap();
            assert_close(&what, found.score, expected.score);
            assert_eq!(found.name, expected.name, "{what}");
            assert_eq!(without_version(&found.signature), expected.signature, "{what}");
            seen += 1;
        }
    }
    assert!(seen > 90, "{seen}");
}

#[test]
fn defaults_are_sacrebleus() {
    let found = Bleu::default().score(&["a b c d"], &[vec!["a b c d"]]).unwrap();
    assert_eq!(without_version(&found.signature), "nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp");
    assert_close("a copy", found.score, 100.0);
    let found = Chrf::plus_plus().score(&["a b c d"], &[vec!["a b c d"]]).unwrap();
    assert_eq!(found.name, "chrF2++");
    assert_eq!(without_version(&found.signature), "nrefs:1|case:mixed|eff:yes|nc:6|nw:2|space:no");
    assert_close("a copy", found.score, 100.0);
}

/// For every single sentence of the corpora, scores stay within their range.
#[test]
fn scores_stay_in_their_range() {
    for row in golden("translations.json")["tokens"].as_array().unwrap() {
        let text = row["text"].as_str().unwrap();
        let scores = [
            Bleu::default().score(&[text], &[vec![text]]).unwrap().score,
            Bleu::default().score(&[text], &[vec!["", "another text."]]).unwrap().score,
            Chrf::plus_plus().score(&[text], &[vec![text]]).unwrap().score,
            Chrf::default().score(&[text], &[vec!["", "another text."]]).unwrap().score,
        ];
        assert!(
            scores.iter().all(|score| (0.0..=100.0 + 1e-9).contains(score)),
            "{text}: {scores:?}"
        );
    }
}

#[test]
fn invalid_inputs_are_errors() {
    let none: [&str; 0] = [];
    let no_references: [Vec<&str>; 0] = [];
    let empty = ScoreError::Empty { what: "sentences" };
    assert_eq!(Bleu::default().score(&none, &no_references).unwrap_err(), empty);
    assert_eq!(Chrf::default().score(&none, &no_references).unwrap_err(), empty);

    let lengths = ScoreError::Lengths { what: "sentences", found: 2, expected: 1 };
    assert_eq!(Bleu::default().score(&["a", "b"], &[vec!["a"]]).unwrap_err(), lengths);
    assert_eq!(Chrf::default().score(&["a", "b"], &[vec!["a"]]).unwrap_err(), lengths);

    let missing = ScoreError::NoReference { sentence: 1 };
    assert_eq!(Bleu::default().score(&["a", "b"], &[vec!["a"], vec![]]).unwrap_err(), missing);
    assert_eq!(Chrf::default().score(&["a", "b"], &[vec!["a"], vec![]]).unwrap_err(), missing);

    for value in [-0.1, f64::INFINITY, f64::NAN] {
        for smoothing in [Smoothing::Floor(value), Smoothing::Add(value)] {
            let error = Bleu { smoothing, ..Bleu::default() }.score(&["a"], &[vec!["a"]]);
            assert!(matches!(error, Err(ScoreError::Smoothing { .. })), "{value}");
        }
    }
}
