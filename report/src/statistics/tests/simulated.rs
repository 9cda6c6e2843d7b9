//! Coverage of intervals and error rates of tests, on simulated data.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::super::*;
use super::assert_close;

/// Samples of a standard normal distribution (Box–Muller).
struct Normal(ChaCha8Rng);

impl Normal {
    fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    fn draw(&mut self) -> f64 {
        let mut uniform = || (self.0.next_u64() >> 11) as f64 / (1_u64 << 53) as f64;
        let (radius, angle) = (1.0 - uniform(), uniform());
        (-2.0 * radius.ln()).sqrt() * (std::f64::consts::TAU * angle).cos()
    }

    fn sample(&mut self, n: usize) -> Vec<f64> {
        (0..n).map(|_| self.draw()).collect()
    }
}

fn holds(interval: Bounds, value: f64) -> usize {
    usize::from(interval.low <= value && value <= interval.high)
}

fn allows(estimate: Estimate, value: f64) -> usize {
    let is_below = estimate.high.is_none_or(|high| value <= high);
    usize::from(estimate.low <= value && is_below)
}

/// Asserts that the share is 95 %, within three standard errors.
#[track_caller]
fn assert_covers(what: &str, held: usize, trials: usize) {
    let share = held as f64 / trials as f64;
    let error = (0.95 * 0.05 / trials as f64).sqrt();
    assert!((share - 0.95).abs() <= 3.0 * error, "{what}: {share} of {trials}");
}

#[test]
fn the_mean_of_three_seeds_is_in_its_interval_in_95_of_100() {
    let (mut normal, mut held, trials) = (Normal::new(1), 0, 4000);
    for _ in 0..trials {
        let values: Vec<f64> = normal.sample(3).iter().map(|z| 7.0 + 0.3 * z).collect();
        held += holds(SampleSummary::of(&values).unwrap().interval().unwrap(), 7.0);
    }
    assert_covers("mean", held, trials);
}

#[test]
fn equal_architectures_differ_significantly_in_5_of_100() {
    let (mut normal, mut kept, trials) = (Normal::new(2), 0, 4000);
    for _ in 0..trials {
        // The seeds affect both sides equally, and much more than the noise.
        let seeds = normal.sample(4);
        let mut side = || -> Vec<f64> { seeds.iter().map(|s| 5.0 * s + normal.draw()).collect() };
        let (a, b) = (side(), side());
        kept += usize::from(paired_t_test(&a, &b).unwrap().p().unwrap() >= 0.05);
    }
    assert_covers("p of at least 0.05", kept, trials);
}

#[test]
fn pairing_detects_a_difference_that_separate_intervals_hide() {
    let mut normal = Normal::new(3);
    let seeds = normal.sample(5);
    let a: Vec<f64> = seeds.iter().map(|s| s + 0.01 * normal.draw()).collect();
    let b: Vec<f64> = seeds.iter().map(|s| s + 0.1 + 0.01 * normal.draw()).collect();
    let (of_a, of_b) = (SampleSummary::of(&a).unwrap(), SampleSummary::of(&b).unwrap());
    assert!(of_a.interval().unwrap().high > of_b.interval().unwrap().low);
    assert!(paired_t_test(&a, &b).unwrap().p().unwrap() < 0.001);
}

/// After correction, any of eight comparisons of equals is significant in at most 5 of 100 trials.
#[test]
fn holm_keeps_the_family_wise_error_rate_below_5_in_100() {
    let (mut normal, mut uncorrected, mut corrected, trials) = (Normal::new(4), 0, 0, 1500);
    for _ in 0..trials {
        let base = normal.sample(4);
        let p: Vec<Option<f64>> =
            (0..8).map(|_| paired_t_test(&base, &normal.sample(4)).unwrap().p()).collect();
        let is_below = |p: &[Option<f64>]| usize::from(p.iter().flatten().any(|&p| p < 0.05));
        uncorrected += is_below(&p);
        corrected += is_below(&holm(&p).unwrap());
    }
    let share = |count| f64::from(u32::try_from(count).unwrap()) / f64::from(trials);
    assert!(share(uncorrected) > 0.15, "{uncorrected} of {trials}");
    assert!(share(corrected) < 0.06, "{corrected} of {trials}");
}

/// A scaling law; `a` is its value at x = 1e12.
#[derive(Clone, Copy)]
struct Law {
    a: f64,
    b: f64,
    c: f64,
}

/// Eight sizes from 1e12, each four times the previous one, with three runs each.
fn runs(law: Law, noise: f64, normal: &mut Normal) -> Vec<Point> {
    let sizes = (0..8).map(|i| 1e12 * 4_f64.powi(i));
    let sizes = sizes.flat_map(|size| [size; 3]);
    sizes.map(|x| Point { x, y: loss(law, x) * (1.0 + noise * normal.draw()) }).collect()
}

/// The loss of a law.
fn loss(law: Law, x: f64) -> f64 {
    law.a * (x / 1e12).powf(-law.b) + law.c
}

#[test]
fn a_law_is_in_its_intervals_in_95_of_100() {
    let law = Law { a: 2.0, b: 0.3, c: 1.2 };
    let (mut normal, trials, far) = (Normal::new(5), 400, 1e18);
    let (mut a, mut b, mut c, mut curve, mut run) = (0, 0, 0, 0, 0);
    for _ in 0..trials {
        let fit = fit_scaling(&runs(law, 0.01, &mut normal)).unwrap();
        a += allows(fit.a, law.a * 1e12_f64.powf(law.b));
        b += allows(fit.b, law.b);
        c += allows(fit.c, law.c);
        let found = fit.predict(far).unwrap();
        curve += holds(found.curve, loss(law, far));
        run += holds(found.run, loss(law, far) * (1.0 + 0.01 * normal.draw()));
    }
    for (what, held) in [("a", a), ("b", b), ("c", c), ("curve", curve), ("run", run)] {
        assert_covers(what, held, trials);
    }
}

#[test]
fn a_law_is_found_in_noise() {
    let law = Law { a: 2.0, b: 0.3, c: 1.2 };
    let mut normal = Normal::new(6);
    let fit = fit_scaling(&runs(law, 0.003, &mut normal)).unwrap();
    assert_close("a", fit.a.value / 1e12_f64.powf(fit.b.value), law.a, 0.03);
    assert_close("b", fit.b.value, law.b, 0.03);
    assert_close("c", fit.c.value, law.c, 0.03);
    assert_close("noise", fit.noise / 0.003, 1.0, 0.4);
    assert!(fit.c.low > 1.0 && fit.c.high.unwrap() < 1.4, "{:?}", fit.c);
}

#[test]
fn without_noise_a_law_is_found_exactly() {
    for [a, b, c] in [[2.0, 0.3, 1.2], [3.0, 0.05, 0.0], [0.01, 1.5, 4.0], [5.0, 0.6, 0.001]] {
        let law = Law { a, b, c };
        let fit = fit_scaling(&runs(law, 0.0, &mut Normal::new(7))).unwrap();
        assert_close("b", fit.b.value / law.b, 1.0, 1e-6);
        assert_close("c", fit.c.value, law.c, 1e-6);
        assert_close("a", fit.a.value / 1e12_f64.powf(fit.b.value) / law.a, 1.0, 1e-6);
        let far = fit.predict(1e20).unwrap();
        assert_close("far", far.loss, loss(law, 1e20), 1e-6);
        assert!(far.run.high - far.run.low < 1e-6, "{far:?}");
    }
}

#[test]
fn far_away_is_less_certain_than_near() {
    let fit =
        fit_scaling(&runs(Law { a: 2.0, b: 0.3, c: 1.2 }, 0.01, &mut Normal::new(8))).unwrap();
    let width = |x: f64| {
        let found = fit.predict(x).unwrap();
        let is_inside = found.curve.low <= found.loss && found.loss <= found.curve.high;
        let is_wider = found.run.low < found.curve.low && found.curve.high < found.run.high;
        assert!(is_inside && is_wider, "{found:?}");
        found.curve.high - found.curve.low
    };
    let widths = [1e15, 1e17, 1e19, 1e21].map(width);
    assert!(widths.is_sorted(), "{widths:?}");
}
