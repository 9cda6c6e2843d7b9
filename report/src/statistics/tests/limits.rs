//! Undefined statistics are specific variants or errors.

use super::super::*;
use super::{assert_close, points};

const BAD: [f64; 3] = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY];

fn is_not_finite<T: std::fmt::Debug>(found: Result<T, StatisticsError>) -> bool {
    matches!(found, Err(StatisticsError::NotFinite { .. }))
}

#[test]
fn one_run_has_no_interval() {
    let found = SampleSummary::of(&[3.0]).unwrap();
    assert_eq!(found, SampleSummary { n: 1, mean: 3.0, spread: Spread::Single });
    assert_eq!(found.interval(), None);
    let json = serde_json::to_string(&found).unwrap();
    assert_eq!(json, r#"{"n":1,"mean":3.0,"spread":{"kind":"single"}}"#);
}

#[test]
fn equal_runs_have_no_interval() {
    for values in [&[0.0; 3][..], &[100.0; 3], &[0.1 + 0.2, 0.3, 0.3], &[-1e300, -1e300]] {
        assert_eq!(SampleSummary::of(values).unwrap().spread, Spread::Equal, "{values:?}");
    }
    // Tiny differences are not rounding errors if the values are tiny.
    let found = SampleSummary::of(&[1e-300, 2e-300, 3e-300]).unwrap();
    let interval = found.interval().unwrap();
    assert_close("low", interval.low / 1e-300, 2.0 - 4.302_652_729_9 / 3_f64.sqrt(), 1e-9);
}

#[test]
fn a_value_that_is_not_finite_is_an_error_everywhere() {
    for bad in BAD {
        assert!(is_not_finite(SampleSummary::of(&[1.0, bad])));
        assert!(is_not_finite(paired_t_test(&[1.0, 2.0], &[1.0, bad])));
        assert!(is_not_finite(signed_rank_test(&[bad, 2.0], &[1.0, 2.0])));
        let mut curve = vec![(1.0, 4.0), (2.0, 3.0), (4.0, 2.5), (8.0, 2.2)];
        let fit = fit_scaling(&points(&curve)).unwrap();
        assert!(is_not_finite(fit.predict(bad)));
        for place in [(bad, 2.0), (16.0, bad)] {
            curve.push(place);
            assert!(is_not_finite(fit_scaling(&points(&curve))));
            assert!(is_not_finite(cost_growth(&points(&curve))));
            assert!(is_not_finite(front(&points(&curve))));
            curve.pop();
        }
        assert!(matches!(holm(&[Some(bad)]), Err(StatisticsError::NotProbability { .. })));
    }
    assert_eq!(SampleSummary::of(&[f64::MAX, f64::MAX]), Err(StatisticsError::OutOfRange));
    let far = paired_t_test(&[f64::MAX, 0.0], &[f64::MIN, 0.0]);
    assert_eq!(far, Err(StatisticsError::OutOfRange));
}

#[test]
fn empty_input_is_an_error() {
    assert_eq!(SampleSummary::of(&[]), Err(StatisticsError::Empty));
    assert_eq!(paired_t_test(&[], &[]), Err(StatisticsError::Empty));
    assert_eq!(signed_rank_test(&[], &[]), Err(StatisticsError::Empty));
    assert_eq!(fit_scaling(&[]), Err(StatisticsError::Empty));
    assert_eq!(cost_growth(&[]), Err(StatisticsError::Empty));
    assert_eq!(front(&[]), Err(StatisticsError::Empty));
    assert_eq!(holm(&[]), Ok(vec![]));
    let unpaired = StatisticsError::Unpaired { first: 1, second: 2 };
    assert_eq!(paired_t_test(&[1.0], &[1.0, 2.0]), Err(unpaired.clone()));
    assert_eq!(signed_rank_test(&[1.0], &[1.0, 2.0]), Err(unpaired));
}

#[test]
fn pairs_without_variance_have_no_test() {
    let single = paired_t_test(&[1.0], &[2.0]).unwrap();
    assert_eq!((single.outcome, single.p()), (PairedOutcome::Single, None));
    // The difference is the same in every pair in decimal digits, but not in bits.
    let constant = paired_t_test(&[0.3, 0.5, 1.7], &[0.2, 0.4, 1.6]).unwrap();
    assert_eq!((constant.outcome, constant.p()), (PairedOutcome::Constant, None));
    assert_close("difference", constant.difference, 0.1, 1e-12);
    let same = paired_t_test(&[1.0, 2.0], &[1.0, 2.0]).unwrap();
    assert_eq!((same.difference, same.outcome), (0.0, PairedOutcome::Constant));
    assert_eq!(signed_rank_test(&[1.0, 2.0], &[1.0, 2.0]), Ok(SignedRank::Equal));
}

#[test]
fn three_pairs_cannot_reject_by_ranks() {
    let SignedRank::Tested { pairs, w, p } =
        signed_rank_test(&[1.0, 2.0, 3.0], &[0.0, 0.0, 0.0]).unwrap()
    else {
        panic!()
    };
    assert_eq!((pairs, w, p), (3, 0.0, 0.25));
    let many = vec![1.0; 201];
    let error = StatisticsError::TooManyPairs { found: 201, most: 200 };
    assert_eq!(signed_rank_test(&many, &[0.0; 201]), Err(error));
    let SignedRank::Tested { p, .. } = signed_rank_test(&many[1..], &[0.0; 200]).unwrap() else {
        panic!()
    };
    assert!((0.0..1e-50).contains(&p), "{p}");
}

#[test]
fn a_comparison_without_p_counts() {
    let found = holm(&[Some(0.01), None, Some(0.04)]).unwrap();
    assert_close("first", found[0].unwrap(), 0.03, 1e-12);
    assert_close("last", found[2].unwrap(), 0.08, 1e-12);
    assert_eq!(found[1], None);
    for p in [-0.1, 1.1] {
        assert!(holm(&[Some(p)]).is_err());
    }
}

#[test]
fn too_few_sizes_are_counted() {
    // Many runs, but only three sizes.
    let runs = [(1.0, 4.0), (1.0, 4.1), (2.0, 3.0), (2.0, 3.1), (4.0, 2.5)];
    let error = StatisticsError::TooFewSizes { found: 3, needed: 4 };
    assert_eq!(fit_scaling(&points(&runs)), Err(error));
    let error = StatisticsError::TooFewSizes { found: 1, needed: 2 };
    assert_eq!(cost_growth(&points(&runs[..2])), Err(error));
    for bad in [(0.0, 1.0), (-1.0, 1.0), (1.0, 0.0), (1.0, -1.0)] {
        let not_positive =
            |found| matches!(found, Err(StatisticsError::NotPositive { index: 1, .. }));
        let runs = points(&[(1.0, 2.0), bad]);
        assert!(not_positive(fit_scaling(&runs).map(|_| ())));
        assert!(not_positive(cost_growth(&runs).map(|_| ())));
    }
}

#[test]
fn a_loss_that_does_not_fall_has_no_law() {
    let flat = [(1.0, 2.0), (2.0, 2.0), (4.0, 2.0), (8.0, 2.0)];
    assert_eq!(fit_scaling(&points(&flat)), Err(StatisticsError::NotFalling));
    let rising = [(1.0, 2.0), (2.0, 2.1), (4.0, 2.3), (8.0, 2.4)];
    assert_eq!(fit_scaling(&points(&rising)), Err(StatisticsError::NotFalling));
    let step = [(1.0, 3.0), (2.0, 2.0), (4.0, 2.0), (8.0, 2.0)];
    assert_eq!(fit_scaling(&points(&step)), Err(StatisticsError::OneStep));
}

#[test]
fn noise_that_hides_the_law_shows_in_the_intervals() {
    let runs = [(1.0, 2.0), (2.0, 2.2), (4.0, 1.7), (8.0, 1.9)];
    let fit = fit_scaling(&points(&runs)).unwrap();
    assert_eq!((fit.a.low, fit.b.low, fit.b.high, fit.a.high), (0.0, 0.0, None, None));
    let json = serde_json::to_value(&fit).unwrap();
    assert_eq!(json["b"]["high"], serde_json::Value::Null);
    let names: Vec<_> = json.as_object().unwrap().keys().cloned().collect();
    assert_eq!(names, ["a", "b", "c", "noise", "points"]);
}

/// The units of x and of the loss change only a.
#[test]
fn units_change_nothing_but_the_factor() {
    let runs = [(1.0, 4.1), (3.0, 3.0), (7.0, 2.5), (20.0, 2.25), (60.0, 2.1)];
    let base = fit_scaling(&points(&runs)).unwrap();
    for (x, y) in [(1e18, 1.0), (1e-12, 1e-200), (1e150, 1e200), (1.0, 1e-3)] {
        let scaled: Vec<_> = runs.iter().map(|run| (run.0 * x, run.1 * y)).collect();
        let fit = fit_scaling(&points(&scaled)).unwrap();
        assert_close("b", fit.b.value, base.b.value, 1e-6);
        assert_close("b", fit.b.high.unwrap(), base.b.high.unwrap(), 1e-6);
        assert_close("c", fit.c.value / y, base.c.value, 1e-6);
        assert_close("noise", fit.noise, base.noise, 1e-6);
        let (found, expected) = (fit.predict(1e3 * x).unwrap(), base.predict(1e3).unwrap());
        assert_close("prediction", found.run.low / y, expected.run.low, 1e-6);
        assert_close("prediction", found.run.high / y, expected.run.high, 1e-6);
    }
}

/// For any losses, no value of a fit is NaN, and every interval contains its value.
#[test]
fn no_fit_contains_nan() {
    let losses = [1e-9, 0.5, 1.0, 1.001, 3.0, 1e9];
    let sizes = [[1.0, 2.0, 4.0, 8.0], [1.0, 1.000_001, 1e3, 1e30], [1e-30, 1.0, 1e30, 1e60]];
    let (mut fitted, mut refused) = (0, 0);
    for code in 0..6_usize.pow(4) {
        let loss = |digit: u32| losses[code / 6_usize.pow(digit) % 6];
        let sizes = sizes[code % 3];
        let runs: Vec<_> = (0..4).map(|i| (sizes[i as usize], loss(i))).collect();
        let Ok(fit) = fit_scaling(&points(&runs)) else {
            refused += 1;
            continue;
        };
        fitted += 1;
        for estimate in [fit.a, fit.b, fit.c] {
            let Estimate { value, low, high } = estimate;
            let high = high.unwrap_or(f64::MAX);
            assert!(0.0 <= low && low <= value && value <= high, "{runs:?}: {estimate:?}");
            assert!(high.is_finite(), "{runs:?}: {estimate:?}");
        }
        if let Ok(found) = fit.predict(sizes[3] * 10.0) {
            let all =
                [found.run.low, found.curve.low, found.loss, found.curve.high, found.run.high];
            assert!(all.iter().all(|value| value.is_finite()), "{runs:?}: {found:?}");
            assert!(all.is_sorted(), "{runs:?}: {found:?}");
        }
    }
    assert!(fitted > 100 && refused > 100, "{fitted}, {refused}");
}

#[test]
fn an_exact_power_has_an_exponent_and_no_interval() {
    let squares: Vec<_> = (0..5).map(|i| 512.0 * 2_f64.powi(i)).map(|x| (x, 3.0 * x * x)).collect();
    let found = cost_growth(&points(&squares)).unwrap();
    assert_close("exponent", found.exponent, 2.0, 1e-12);
    assert_close("factor", found.factor, 3.0, 1e-9);
    assert_eq!(found.interval, None);
    assert_eq!(cost_growth(&points(&squares[..2])).unwrap().interval, None);
}

#[test]
fn no_point_dominates_the_front() {
    let runs = [(3.0, 1.0), (1.0, 5.0), (2.0, 5.0), (2.0, 3.0), (2.0, 4.0), (4.0, 1.0), (2.0, 3.0)];
    let found = front(&points(&runs)).unwrap();
    assert_eq!(found, [1, 3, 6, 0]);
    let dominates = |a: (f64, f64), b: (f64, f64)| a.0 <= b.0 && a.1 <= b.1 && a != b;
    for (index, &run) in runs.iter().enumerate() {
        let is_dominated = runs.iter().any(|&other| dominates(other, run));
        assert_eq!(found.contains(&index), !is_dominated, "{run:?}");
    }
}
