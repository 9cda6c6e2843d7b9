use serde::Deserialize;

use super::{assert_close, evaluation, read};
use zoo_datasets::score::ScoreError;
use zoo_datasets::score::bleu::Bleu;
use zoo_datasets::score::bootstrap::{Bootstrap, Interval};

#[derive(Deserialize)]
struct Case {
    values: Vec<f64>,
    level: f64,
    low: f64,
    high: f64,
    standard_error: f64,
}

/// Both draw resamples: the ends of 10,000 are normal with 1/37 to 1/15 standard error.
#[test]
fn intervals_of_means_are_scipys() {
    let cases: Vec<Case> = read(&evaluation("intervals"));
    assert!(cases.len() >= 5);
    for Case { values, level, low, high, standard_error } in cases {
        let settings = Bootstrap { level, ..Bootstrap::default() };
        let found = settings.mean(&values).unwrap();
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        assert_close("mean", found.score, mean);
        let near = |found: f64, expected: f64| (found - expected).abs() < 0.15 * standard_error;
        assert!(near(found.low, low) && near(found.high, high), "{found:?}: {low}, {high}");
    }
}

#[test]
fn bounded_scores_have_bounded_intervals() {
    for value in [0.1, 1.0 / 3.0, 1.0, 100.0] {
        let Interval { low, high, .. } = Bootstrap::default().mean(&[0.0, value, value]).unwrap();
        assert_eq!(low, 0.0);
        assert!(high <= value && high >= value * (1.0 - 1e-12), "{high}");
    }
    let all = Bootstrap::default().mean(&[1.0; 7]).unwrap();
    assert_eq!((all.low, all.score, all.high), (1.0, 1.0, 1.0));
}

#[test]
fn the_seed_determines_the_interval() {
    let scores: Vec<f64> = (0..50).map(|number| f64::from(number * number % 17)).collect();
    let interval = |seed| Bootstrap { seed, ..Bootstrap::default() }.mean(&scores).unwrap();
    assert_eq!(interval(1), interval(1));
    assert_ne!(interval(1), interval(2));
    let narrow = Bootstrap { level: 0.5, ..Bootstrap::default() }.mean(&scores).unwrap();
    assert!(narrow.low > interval(0).low && narrow.high < interval(0).high);
}

#[test]
fn corpus_scores_have_intervals() {
    let found = ["the cat sat on the mat", "a dog barks at me", "it rains all day long"];
    let references = [vec!["the cat sat on a mat"], vec!["a dog barks at me"], vec!["sun"]];
    let settings = Bootstrap { resamples: 200, ..Bootstrap::default() };
    let mut calls = 0;
    let interval = settings
        .interval(found.len(), |resample| {
            calls += 1;
            assert_eq!(resample.len(), 3);
            let texts: Vec<_> = resample.iter().map(|&index| found[index]).collect();
            let right: Vec<_> = resample.iter().map(|&index| references[index].clone()).collect();
            Ok(Bleu::default().score(&texts, &right)?.score)
        })
        .unwrap();
    assert_eq!(calls, 201);
    assert_close("all", interval.score, Bleu::default().score(&found, &references).unwrap().score);
    assert!(0.0 <= interval.low && interval.low < interval.score, "{interval:?}");
    assert!(interval.score < interval.high && interval.high <= 100.0 + 1e-9, "{interval:?}");
}

#[test]
fn invalid_settings_and_scores_are_errors() {
    let default = Bootstrap::default();
    for count in [0, 1] {
        let few = ScoreError::TooFew { what: "examples", found: count, needed: 2 };
        assert_eq!(default.mean(&vec![1.0; count]).unwrap_err(), few);
    }
    for level in [0.0, 1.0, -1.0, 95.0, f64::NAN] {
        let error = Bootstrap { level, ..default }.mean(&[0.0, 1.0]).unwrap_err();
        assert!(matches!(error, ScoreError::ConfidenceLevel { .. }), "{level}");
    }
    let none = Bootstrap { resamples: 0, ..default }.mean(&[0.0, 1.0]).unwrap_err();
    assert_eq!(none, ScoreError::Empty { what: "resamples" });
    let error = default.mean(&[0.0, f64::NAN]).unwrap_err();
    assert!(matches!(error, ScoreError::NotFinite { index: 1, .. }));
    let is_in_order = |resample: &[usize]| resample.is_sorted_by(|a, b| a < b);
    let error = default.interval(3, |resample| match is_in_order(resample) {
        true => Ok(1.0),
        false => Ok(f64::INFINITY),
    });
    assert!(matches!(error, Err(ScoreError::NotFinite { what: "score of resample", .. })));
    let failure = ScoreError::Constant { what: "values" };
    assert_eq!(default.interval(2, |_| Err(failure.clone())).unwrap_err(), failure);
}
