use serde::Deserialize;

use super::{assert_close, evaluation, read};
use zoo_datasets::score::ScoreError;
use zoo_datasets::score::regression::{
    mean_absolute_error, mean_squared_error, pearson, r2, spearman,
};

type Score = fn(&[f64], &[f64]) -> Result<f64, ScoreError>;

#[derive(Deserialize)]
struct Case {
    name: String,
    found: Vec<f64>,
    expected: Vec<f64>,
    /// `None` if found or expected values are all equal.
    pearson: Option<f64>,
    spearman: Option<f64>,
    mse: f64,
    mae: f64,
    r2: f64,
}

#[test]
fn numbers_are_scored_as_by_scipy_and_scikit_learn() {
    let cases: Vec<Case> = read(&evaluation("regression"));
    assert!(cases.len() >= 11);
    for case in &cases {
        let (what, found, expected) = (&case.name, &case.found, &case.expected);
        assert_close(what, mean_squared_error(found, expected).unwrap(), case.mse);
        assert_close(what, mean_absolute_error(found, expected).unwrap(), case.mae);
        assert_close(what, r2(found, expected).unwrap(), case.r2);
        for (score, right) in
            [(pearson(found, expected), case.pearson), (spearman(found, expected), case.spearman)]
        {
            match right {
                Some(right) => assert_close(what, score.unwrap(), right),
                None => assert!(matches!(score, Err(ScoreError::Constant { .. })), "{what}"),
            }
        }
    }
}

#[test]
fn correlations_survive_extreme_values() {
    let expected = [1.0, 2.0, 4.0, 3.0];
    for scale in [1e-310, 1e-200, 1.0, 1e200, 1e307] {
        let found = [1.0, 2.0, 4.0, 3.0].map(|value| value * scale);
        let correlation = pearson(&found, &expected).unwrap();
        assert!((correlation - 1.0).abs() < 1e-9, "{scale}: {correlation}");
        assert_close("ranks", spearman(&found, &expected).unwrap(), 1.0);
    }
    let huge = [f64::MAX, f64::MAX, -f64::MAX];
    assert!(matches!(pearson(&huge, &[1.0, 2.0, 3.0]), Err(ScoreError::Overflow { .. })));
    assert_close("ranks", spearman(&huge, &[1.0, 2.0, 0.0]).unwrap(), 0.75_f64.sqrt());
}

#[test]
fn undefined_scores_are_errors() {
    let scores: [Score; 5] = [pearson, spearman, r2, mean_squared_error, mean_absolute_error];
    for (index, score) in scores.into_iter().enumerate() {
        assert_eq!(score(&[], &[]).unwrap_err(), ScoreError::Empty { what: "values" });
        let lengths = ScoreError::Lengths { what: "values", found: 1, expected: 2 };
        assert_eq!(score(&[1.0], &[1.0, 2.0]).unwrap_err(), lengths);
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let found = score(&[1.0, value], &[1.0, 2.0]).unwrap_err();
            assert!(matches!(found, ScoreError::NotFinite { what: "found value", index: 1, .. }));
            let expected = score(&[1.0, 2.0], &[value, 1.0]).unwrap_err();
            assert!(matches!(expected, ScoreError::NotFinite { index: 0, .. }));
        }
        let few = ScoreError::TooFew { what: "values", found: 1, needed: 2 };
        let one = score(&[1.0], &[3.0]);
        assert_eq!(one.clone().err(), (index < 3).then_some(few), "{one:?}");
    }
    let constant = |what| ScoreError::Constant { what };
    let (three, equal) = ([1.0, 2.0, 3.0], [0.1; 3]);
    for score in [pearson, spearman] {
        assert_eq!(score(&equal, &three).unwrap_err(), constant("found values"));
        assert_eq!(score(&three, &equal).unwrap_err(), constant("expected values"));
    }
    // The mean of these is not exactly 0.1.
    assert_close("constant", r2(&three, &equal).unwrap(), 0.0);
    assert_close("constant and correct", r2(&equal, &equal).unwrap(), 1.0);
    for score in [mean_squared_error, mean_absolute_error, r2] {
        let error = score(&[f64::MAX, 0.0], &[-f64::MAX, 0.0]).unwrap_err();
        assert!(matches!(error, ScoreError::Overflow { .. }));
    }
}
