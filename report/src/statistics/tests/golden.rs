//! Comparison with scipy and statsmodels: `scores.py` writes `tests/golden/scores/statistics.json`.

use std::path::Path;

use serde_json::Value;

use super::super::student::critical;
use super::super::*;
use super::{assert_close, points};

fn cases(name: &str) -> Vec<Value> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden/scores/statistics.json");
    let text = std::fs::read_to_string(file).unwrap();
    let all: Value = serde_json::from_str(&text).unwrap();
    let cases = all["cases"][name].as_array().unwrap().clone();
    assert!(cases.len() >= 4, "{name}");
    cases
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(number).collect()
}

fn pairs(value: &Value) -> Vec<Point> {
    let pairs: Vec<_> = value.as_array().unwrap().iter().map(numbers).collect();
    points(&pairs.iter().map(|pair| (pair[0], pair[1])).collect::<Vec<_>>())
}

#[track_caller]
fn assert_interval(what: &str, found: Bounds, expected: &Value, tolerance: f64) {
    let expected = numbers(expected);
    assert_close(what, found.low, expected[0], tolerance);
    assert_close(what, found.high, expected[1], tolerance);
}

#[test]
fn critical_values_are_scipys() {
    for row in cases("quantiles") {
        let degrees = number(&row[0]);
        assert_close("t", critical(degrees as usize).unwrap(), number(&row[1]), 1e-9);
    }
}

#[test]
fn summaries_are_scipys() {
    for case in cases("summaries") {
        let values = numbers(&case["values"]);
        let found = SampleSummary::of(&values).unwrap();
        let what = format!("{} values", values.len());
        assert_eq!(found.n, values.len());
        assert_close(&what, found.mean, number(&case["mean"]), 1e-9);
        let Spread::Varied { standard_deviation, interval } = found.spread else {
            panic!("{what}: {found:?}")
        };
        let expected = number(&case["standard_deviation"]);
        assert_close(&what, standard_deviation / expected, 1.0, 1e-9);
        assert_interval(&what, interval, &case["interval"], 1e-9);
    }
}

#[test]
fn intervals_within_a_range_are_scipys() {
    for case in cases("ranged") {
        let range = match case["most"].as_f64() {
            Some(most) => ValueRange::UpTo { most },
            None => ValueRange::Positive,
        };
        let found = range.interval(&numbers(&case["values"])).unwrap().unwrap();
        assert_interval("range", found, &case["interval"], 1e-9);
        let most = case["most"].as_f64().unwrap_or(f64::INFINITY);
        assert!(found.low > 0.0 && found.high < most, "{found:?}");
    }
}

#[test]
fn needed_pairs_are_statsmodels() {
    for case in cases("powers") {
        let (standardized, level) = (number(&case["standardized"]), number(&case["level"]));
        let found = pairs_needed(-standardized, level).unwrap().unwrap();
        assert_eq!(found as f64, number(&case["pairs"]), "{standardized} at {level}");
    }
    assert_eq!(pairs_needed(0.0, 0.05), Ok(None));
    assert_eq!(pairs_needed(1e-4, 0.05), Ok(None));
    assert!(pairs_needed(1.0, 0.0).is_err());
}

#[test]
fn paired_tests_are_scipys() {
    for case in cases("pairs") {
        let (a, b) = (numbers(&case["a"]), numbers(&case["b"]));
        let found = paired_t_test(&a, &b).unwrap();
        let what = format!("{a:?} {b:?}");
        assert_close(&what, found.difference, number(&case["difference"]), 1e-9);
        let PairedOutcome::Tested { t, degrees, p, interval } = found.outcome else {
            panic!("{what}: {found:?}")
        };
        assert_close(&what, t, number(&case["t"]), 1e-9);
        assert_eq!(degrees, a.len() - 1);
        assert_close(&what, p / number(&case["p"]), 1.0, 1e-9);
        assert_interval(&what, interval, &case["interval"], 1e-9);

        let SignedRank::Tested { w, p, .. } = signed_rank_test(&a, &b).unwrap() else {
            panic!("{what}")
        };
        let expected = numbers(&case["wilcoxon"]);
        assert_close(&what, w, expected[0], 1e-9);
        assert_close(&what, p, expected[1], 1e-9);
    }
}

#[test]
fn corrections_are_statsmodels() {
    for case in cases("corrections") {
        let p: Vec<Option<f64>> = numbers(&case["p"]).into_iter().map(Some).collect();
        for (found, expected) in holm(&p).unwrap().into_iter().zip(numbers(&case["holm"])) {
            assert_close("Holm", found.unwrap(), expected, 1e-9);
        }
    }
}

#[test]
fn exponents_are_scipys() {
    for case in cases("lines") {
        let found = cost_growth(&pairs(&case["points"])).unwrap();
        assert_close("factor", found.factor, number(&case["factor"]), 1e-9);
        assert_close("exponent", found.exponent, number(&case["exponent"]), 1e-9);
        assert_interval("exponent", found.interval.unwrap(), &case["interval"], 1e-9);
    }
}

/// Compares the value and both interval ends; an open end must be open in both.
#[track_caller]
fn assert_estimate(what: &str, found: Estimate, value: &Value, profile: &Value) {
    assert_close(what, found.value, number(value), 1e-4);
    assert_close(what, found.low, number(&profile[0]), 1e-4);
    match profile[1].as_f64() {
        Some(high) => assert_close(what, found.high.unwrap(), high, 1e-4),
        None => assert_eq!(found.high, None, "{what}"),
    }
}

#[test]
fn scaling_laws_are_those_of_scipys_least_squares() {
    for case in cases("fits") {
        let found = fit_scaling(&pairs(&case["points"])).unwrap();
        assert_estimate("b", found.b, &case["b"], &case["profile_b"]);
        assert_estimate("c", found.c, &case["c"], &case["profile_c"]);
        assert_close("a", found.a.value / number(&case["a"]), 1.0, 1e-4);
        assert_close("noise", found.noise / number(&case["noise"]), 1.0, 1e-4);
        let within = found.a.low <= found.a.value && found.a.value <= found.a.high.unwrap();
        assert!(within, "{:?}", found.a);
    }
}
