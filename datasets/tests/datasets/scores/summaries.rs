use serde::Deserialize;

use super::{assert_close, evaluation, read};
use zoo_datasets::score::ScoreError;
use zoo_datasets::score::rouge::{RougeScores, rouge, rouge_of};

/// Precision, recall and F1 of ROUGE-1, -2, -L and -Lsum.
type Scores = [[f64; 3]; 4];

#[derive(Deserialize)]
struct Summary {
    found: String,
    references: Vec<String>,
    scores: Scores,
}

#[derive(Deserialize)]
struct Cases {
    summaries: Vec<Summary>,
    mean: Scores,
}

fn assert_scores(what: &str, found: &RougeScores, expected: &Scores) {
    let found = [found.rouge_1, found.rouge_2, found.rouge_l, found.rouge_lsum];
    for (name, (found, [precision, recall, f1])) in
        ["1", "2", "L", "Lsum"].iter().zip(found.iter().zip(expected))
    {
        let what = format!("ROUGE-{name} of {what}");
        assert_close(&what, found.precision, *precision);
        assert_close(&what, found.recall, *recall);
        assert_close(&what, found.f1, *f1);
    }
}

#[test]
fn summaries_are_scored_as_by_rouge_score() {
    let cases: Cases = read(&evaluation("summaries"));
    assert!(cases.summaries.len() >= 40);
    for Summary { found, references, scores } in &cases.summaries {
        let what = format!("{found:?}, {references:?}");
        assert_scores(&what, &rouge_of(found, references).unwrap(), scores);
    }
    let found: Vec<&String> = cases.summaries.iter().map(|row| &row.found).collect();
    let references: Vec<_> = cases.summaries.iter().map(|row| row.references.clone()).collect();
    assert_scores("all", &rouge(&found, &references).unwrap(), &cases.mean);
}

#[test]
fn lines_are_sentences_of_one_score_only() {
    // In one line, reordering breaks the common subsequence.
    let (found, reference) = ("a b\nc d", "c d\na b");
    let lines = rouge_of(found, &[reference]).unwrap();
    assert_close("Lsum", lines.rouge_lsum.f1, 1.0);
    assert_close("L", lines.rouge_l.f1, 0.5);
    let line = rouge_of(&found.replace('\n', " "), &[reference.replace('\n', " ")]).unwrap();
    assert_close("Lsum of a line", line.rouge_lsum.f1, 0.5);
}

#[test]
fn long_summaries_are_scored() {
    let text =
        |step: usize| -> String { (0..4000).map(|n| format!("{} ", n * step % 97)).collect() };
    let scores = rouge_of(&text(3), &[text(5)]).unwrap();
    assert_close("one line", scores.rouge_l.f1, scores.rouge_lsum.f1);
    assert!((0.1..0.9).contains(&scores.rouge_l.f1), "{scores:?}");
}

#[test]
fn rouge_has_the_usual_names() {
    let json = serde_json::to_value(rouge_of("a b", &["a b"]).unwrap()).unwrap();
    for name in ["rouge1", "rouge2", "rougeL", "rougeLsum"] {
        assert_eq!(json[name]["f1"], 1.0, "{name}");
    }
}

#[test]
fn summaries_without_references_are_errors() {
    let none: [&str; 0] = [];
    let no_references: [Vec<&str>; 0] = [];
    assert_eq!(rouge_of("a", &none).unwrap_err(), ScoreError::NoReference { sentence: 0 });
    let missing = ScoreError::NoReference { sentence: 1 };
    assert_eq!(rouge(&["a", "b"], &[vec!["a"], vec![]]).unwrap_err(), missing);
    let empty = ScoreError::Empty { what: "sentences" };
    assert_eq!(rouge(&none, &no_references).unwrap_err(), empty);
}
