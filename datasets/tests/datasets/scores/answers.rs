use serde::Deserialize;
use std::collections::BTreeMap;

use super::{assert_close, evaluation, read};
use zoo_datasets::score::ScoreError;
use zoo_datasets::score::squad::{Squad, SquadScore};

#[derive(Deserialize)]
struct Question {
    found: String,
    answers: Vec<String>,
    /// Exact match and F1; `None` without answers.
    v1: Option<[f64; 2]>,
    v2: [f64; 2],
}

#[derive(Deserialize)]
struct Cases {
    questions: Vec<Question>,
    v1: [f64; 2],
    /// Exact match, F1 and number of all, answerable and unanswerable questions.
    v2: BTreeMap<String, [Option<[f64; 3]>; 3]>,
}

#[track_caller]
fn assert_score(what: &str, found: &SquadScore, [exact_match, f1]: [f64; 2]) {
    assert_close(what, found.exact_match, exact_match);
    assert_close(what, found.f1, f1);
}

#[test]
fn answers_are_scored_as_by_the_scripts() {
    let cases: Cases = read(&evaluation("answers"));
    assert!(cases.questions.len() >= 25);
    for Question { found, answers, v1, v2 } in &cases.questions {
        let what = format!("{found:?}, {answers:?}");
        assert_score(&what, &Squad::V2.question(found, answers).unwrap(), *v2);
        match v1 {
            Some(v1) => assert_score(&what, &Squad::V1.question(found, answers).unwrap(), *v1),
            None => assert_eq!(
                Squad::V1.question(found, answers).unwrap_err(),
                ScoreError::NoAnswer { question: 0 }
            ),
        }
    }
    let versions_differ = |question: &&Question| question.v1.is_some_and(|v1| v1 != question.v2);
    assert!(cases.questions.iter().filter(versions_differ).count() >= 2);
}

#[test]
fn answerable_and_unanswerable_questions_have_their_own_scores() {
    let cases: Cases = read(&evaluation("answers"));
    let subset = |name: &str| -> (Vec<&str>, Vec<Vec<String>>) {
        let is_part = |question: &&Question| match name {
            "answerable" => !question.answers.is_empty(),
            "unanswerable" => question.answers.is_empty(),
            _ => true,
        };
        let questions = cases.questions.iter().filter(is_part);
        questions.map(|question| (question.found.as_str(), question.answers.clone())).unzip()
    };
    assert_eq!(cases.v2.len(), 3);
    for (name, parts) in &cases.v2 {
        let (found, answers) = subset(name);
        let scores = Squad::V2.scores(&found, &answers).unwrap();
        let scores = [Some(scores.overall), scores.answerable, scores.unanswerable];
        for (found, expected) in scores.iter().zip(parts) {
            assert_eq!(found.is_some(), expected.is_some(), "{name}");
            if let (Some(found), Some([exact_match, f1, questions])) = (found, expected) {
                assert_score(name, found, [*exact_match, *f1]);
                assert_eq!(found.questions, *questions as usize, "{name}");
            }
        }
    }
    let (found, answers) = subset("answerable");
    let scores = Squad::V1.scores(&found, &answers).unwrap();
    assert_score("1.1", &scores.overall, cases.v1);
    assert_eq!(scores.unanswerable, None);
}

#[test]
fn questions_without_answers_are_errors_in_the_first_version() {
    let none: [&str; 0] = [];
    let no_answers: [Vec<&str>; 0] = [];
    for version in [Squad::V1, Squad::V2] {
        let empty = ScoreError::Empty { what: "questions" };
        assert_eq!(version.scores(&none, &no_answers).unwrap_err(), empty);
        let lengths = ScoreError::Lengths { what: "questions", found: 1, expected: 0 };
        assert_eq!(version.scores(&["a"], &no_answers).unwrap_err(), lengths);
    }
    let missing = Squad::V1.scores(&["x", "y"], &[vec!["x"], vec![]]).unwrap_err();
    assert_eq!(missing, ScoreError::NoAnswer { question: 1 });
}
