use std::collections::BTreeMap;

use serde::Deserialize;

use super::{assert_close, golden, read};
use zoo_datasets::score::ScoreError;
use zoo_datasets::score::accuracy::{accuracy, token_accuracy};
use zoo_datasets::score::entities::{
    Entity, EntityScore, EntityScores, Reading, entities, entity_scores, surface_score,
};

#[derive(Deserialize)]
struct Case {
    name: String,
    words: Vec<Vec<String>>,
    expected: Vec<Vec<String>>,
    found: Vec<Vec<String>>,
    /// Precision, recall, F1 and support by type; overall scores under "".
    lenient: BTreeMap<String, [f64; 4]>,
    strict: BTreeMap<String, [f64; 4]>,
    /// Correct, found, expected.
    surface: [usize; 3],
    token_accuracy: f64,
    accuracy: f64,
}

fn assert_scores(what: &str, found: &EntityScores, expected: &BTreeMap<String, [f64; 4]>) {
    assert_eq!(found.kinds.len() + 1, expected.len(), "{what}");
    for (kind, &[precision, recall, f1, support]) in expected {
        let what = format!("{what} {kind}");
        let score = if kind.is_empty() { &found.overall } else { &found.kinds[kind] };
        assert_close(&what, score.precision, precision);
        assert_close(&what, score.recall, recall);
        assert_close(&what, score.f1, f1);
        assert_eq!(score.expected, support as usize, "{what}");
    }
}

#[test]
fn entities_are_scored_as_by_seqeval() {
    let cases: Vec<Case> = read(&golden("entities.json"));
    assert!(cases.len() >= 6);
    for case in &cases {
        let lenient = entity_scores(&case.found, &case.expected, Reading::Lenient).unwrap();
        assert_scores(&format!("{}, lenient", case.name), &lenient, &case.lenient);
        let strict = entity_scores(&case.found, &case.expected, Reading::Strict).unwrap();
        assert_scores(&format!("{}, strict", case.name), &strict, &case.strict);
        let differ = lenient.overall != strict.overall;
        assert_eq!(differ, case.name.contains("-formed"), "{}", case.name);
    }
}

#[test]
fn surface_forms_count_once() {
    for case in read::<Vec<Case>>(&golden("entities.json")) {
        let found =
            surface_score(&case.words, &case.found, &case.expected, Reading::Lenient).unwrap();
        let counts = [found.correct, found.found, found.expected];
        assert_eq!(counts, case.surface, "{}", case.name);
    }
    // The first `Oslo` is missed and the second found; the second `Bonn` is a false positive.
    let words = [vec!["Oslo", "or", "Oslo"], vec!["Bonn", "and", "Bonn"]];
    let expected = [vec!["B-place", "O", "B-place"], vec!["B-place", "O", "O"]];
    let found = [vec!["O", "O", "B-place"], vec!["O", "O", "B-place"]];
    let score = surface_score(&words, &found, &expected, Reading::Lenient).unwrap();
    let expected =
        EntityScore { correct: 1, found: 2, expected: 2, precision: 0.5, recall: 0.5, f1: 0.5 };
    assert_eq!(score, expected);
}

#[test]
fn accuracies_equal_the_standard_tools() {
    for case in read::<Vec<Case>>(&golden("entities.json")) {
        let tokens = token_accuracy(&case.found, &case.expected).unwrap();
        assert_close(&case.name, tokens.share, case.token_accuracy);
        assert_close(
            &case.name,
            accuracy(&case.found, &case.expected).unwrap().share,
            case.accuracy,
        );
    }
}

#[test]
fn the_reading_determines_where_an_entity_begins() {
    let spans = |tags: &[&str], reading| -> Vec<(String, usize, usize)> {
        let found = entities(tags, reading).unwrap();
        found.into_iter().map(|Entity { kind, start, end }| (kind, start, end)).collect()
    };
    let span = |kind: &str, start, end| (kind.to_owned(), start, end);
    let tags = ["I-a", "I-a", "O", "B-a", "I-a", "B-a", "I-b", "I-a", "I", "B"];
    let strict = vec![span("a", 3, 5), span("a", 5, 6), span("_", 9, 10)];
    assert_eq!(spans(&tags, Reading::Strict), strict);
    let lenient = vec![
        span("a", 0, 2),
        span("a", 3, 5),
        span("a", 5, 6),
        span("b", 6, 7),
        span("a", 7, 8),
        span("_", 8, 9),
        span("_", 9, 10),
    ];
    assert_eq!(spans(&tags, Reading::Lenient), lenient);
}

/// Random tags, and what seqeval 1.2.2's `get_entities` finds in them.
#[test]
fn end_tags_and_single_tags_close_an_entity() {
    let tags = "SIOIOOOSBEIOBIBIEIESBSIBOI".chars().map(|position| match position {
        'O' => "O".to_owned(),
        position => format!("{position}-a"),
    });
    let tags: Vec<String> = tags.collect();
    let bilou = |tag: &String| tag.replace('E', "L").replace('S', "U");
    let expected = [
        (0, 1),
        (1, 2),
        (3, 4),
        (7, 8),
        (8, 10),
        (10, 11),
        (12, 14),
        (14, 17),
        (17, 19),
        (19, 20),
        (20, 21),
        (21, 22),
        (22, 23),
        (23, 24),
        (25, 26),
    ];
    for tags in [tags.clone(), tags.iter().map(bilou).collect()] {
        let found = entities(&tags, Reading::Lenient).unwrap();
        let found: Vec<(usize, usize)> =
            found.iter().map(|found| (found.start, found.end)).collect();
        assert_eq!(found, expected);
    }
}

#[test]
fn tags_of_no_scheme_are_errors() {
    let fine = [vec!["O"], vec!["O", "B-a"]];
    for tag in ["", "X-a", "b-a", "O-a", "a", "Ü", "BB-a", "ⒷB"] {
        let found = [vec!["O"], vec!["O", tag]];
        let unknown = ScoreError::UnknownTag { sentence: 1, word: 1, tag: tag.to_owned() };
        assert_eq!(entity_scores(&found, &fine, Reading::Lenient).unwrap_err(), unknown);
        assert_eq!(entity_scores(&fine, &found, Reading::Strict).unwrap_err(), unknown);
    }
    let short = [vec!["O"], vec!["O"]];
    let error = ScoreError::SequenceLengths { sequence: 1, found: 1, expected: 2 };
    assert_eq!(entity_scores(&short, &fine, Reading::Lenient).unwrap_err(), error);
    assert_eq!(surface_score(&fine, &short, &fine, Reading::Lenient).unwrap_err(), error);
    let none: [Vec<&str>; 0] = [];
    let error = ScoreError::Empty { what: "sentences" };
    assert_eq!(entity_scores(&none, &none, Reading::Lenient).unwrap_err(), error);
}

#[test]
fn no_entities_score_zero() {
    let outside = [vec!["O", "O"], vec![]];
    let scores = entity_scores(&outside, &outside, Reading::Lenient).unwrap();
    assert_eq!(scores.overall, EntityScore::default());
    assert!(scores.kinds.is_empty());
}
