//! Drawing tokens: the distributions of the reference, and draws that follow them.

use burn_zoo::models::generate::{GenerationConfig, Sampler, Sampling};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::golden::{folder, json};

#[derive(Deserialize)]
struct Golden {
    scores: Vec<Vec<f32>>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    settings: Map<String, Value>,
    scores: usize,
    probabilities: Vec<f64>,
}

/// The settings of a recorded case.
fn sampling(case: &Case) -> Sampling {
    let mut settings = case.settings.clone();
    settings.insert("do_sample".into(), true.into());
    // Of all tokens, unless the case says otherwise.
    settings.entry("top_k").or_insert(0.into());
    GenerationConfig::from_fields(&settings).unwrap().options.sampling
}

fn golden() -> Golden {
    let golden: Golden = json(&folder().join("sampling.json"));
    for filter in ["temperature", "top_k", "top_p", "min_p", "typical_p"] {
        assert!(golden.cases.iter().any(|case| case.settings.contains_key(filter)), "{filter}");
    }
    golden
}

/// The probability of every token.
fn exact(sampling: &Sampling, scores: &[f32]) -> Vec<f64> {
    let mut probabilities = vec![0.0; scores.len()];
    for (token, probability) in sampling.candidates(scores) {
        probabilities[token as usize] = probability;
    }
    probabilities
}

#[test]
fn distributions_are_those_of_the_reference() {
    let golden = golden();
    for case in &golden.cases {
        let found = exact(&sampling(case), &golden.scores[case.scores]);
        for (token, (found, expected)) in found.iter().zip(&case.probabilities).enumerate() {
            let is_same = (found - expected).abs() < 1e-6 && (*found == 0.0) == (*expected == 0.0);
            assert!(is_same, "{:?}: token {token}: {found}, not {expected}", case.settings);
        }
    }
}

#[test]
fn twenty_thousand_draws_follow_each_distribution() {
    const DRAWS: usize = 20_000;
    let golden = golden();
    let mut improbable = 0;
    for (index, case) in golden.cases.iter().enumerate() {
        let scores = &golden.scores[case.scores];
        let sampling = Sampling { seed: index as u64, ..sampling(case) };
        let mut sampler = Sampler::new(sampling, 0);
        let mut counts = vec![0usize; scores.len()];
        for _ in 0..DRAWS {
            counts[sampler.choose(scores) as usize] += 1;
        }
        // Tokens that are too rare for the approximation are counted together.
        let (mut chi_squared, mut cells) = (0.0, 0usize);
        let mut rare = (0.0, 0.0);
        let mut add = |expected: f64, count: f64| {
            chi_squared += (count - expected).powi(2) / expected;
            cells += 1;
        };
        for (&count, &probability) in counts.iter().zip(&case.probabilities) {
            let expected = probability * DRAWS as f64;
            assert!(probability > 0.0 || count == 0, "{:?}: an excluded token", case.settings);
            if expected >= 5.0 {
                add(expected, count as f64);
            } else {
                rare = (rare.0 + expected, rare.1 + count as f64);
            }
        }
        if rare.0 >= 5.0 {
            add(rare.0, rare.1);
        }
        let freedom = cells.saturating_sub(1) as f64;
        if freedom > 0.0 {
            // Wilson and Hilferty 1931: the cube root is nearly normal.
            let spread = 2.0 / (9.0 * freedom);
            let z = ((chi_squared / freedom).cbrt() - (1.0 - spread)) / spread.sqrt();
            assert!(z < 4.0, "{:?}: chi-squared {chi_squared}, {freedom}", case.settings);
            improbable += usize::from(z > 1.645);
        }
    }
    // One in twenty is beyond the 95 % quantile; not three times as many.
    assert!(improbable * 20 < golden.cases.len() * 3, "{improbable} of {}", golden.cases.len());
}
