//! Sampling: the distributions of the reference, and samples that follow them.

use burn_zoo::models::generate::{GenerationConfig, History, Sampler, Sampling};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::golden::{folder, json};

#[derive(Deserialize)]
struct Golden {
    scores: Vec<Vec<f32>>,
    cases: Vec<Case>,
    penalties: Vec<Penalty>,
}

#[derive(Deserialize)]
struct Penalty {
    settings: Map<String, Value>,
    /// The encoder's tokens, in encoder-decoders.
    #[serde(default)]
    encoder: Vec<u32>,
    history: Vec<u32>,
    /// The number of prompt tokens, and how many of these are padding.
    prompt_length: usize,
    #[serde(default)]
    padding: usize,
    scores: usize,
    processed: Vec<Option<f64>>,
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
    // No top-k by default.
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

#[test]
fn scores_are_changed_as_in_the_reference() {
    let golden = golden();
    let mut compared = 0;
    for case in &golden.penalties {
        // These two settings are unsupported and rejected.
        if ["sequence_bias", "encoder_repetition_penalty"]
            .iter()
            .any(|name| case.settings.contains_key(*name))
        {
            assert!(GenerationConfig::from_fields(&case.settings).is_err());
            continue;
        }
        let number = |name: &str| case.settings.get(name).and_then(Value::as_u64);
        if number("min_new_tokens") > number("max_new_tokens").or(Some(u64::MAX)) {
            assert!(GenerationConfig::from_fields(&case.settings).is_err());
            continue; // Contradictory limits.
        }
        if case.padding > 0 && case.settings.contains_key("no_repeat_ngram_size") {
            continue; // Transformers counts padding.
        }
        let config = GenerationConfig::from_fields(&case.settings).unwrap();
        let options = config.options_for(case.prompt_length);
        let text = &case.history[case.padding..];
        let begun = case.prompt_length - case.padding;
        let mut scores = golden.scores[case.scores].clone();
        options.constrain(History { source: &case.encoder, text, begun }, &mut scores);
        for (token, (found, expected)) in scores.iter().zip(&case.processed).enumerate() {
            let expected = expected.unwrap_or(f64::NEG_INFINITY);
            let is_same =
                f64::from(*found) == expected || (f64::from(*found) - expected).abs() < 1e-5;
            assert!(is_same, "{:?}: token {token}: {found}, not {expected}", case.settings);
        }
        compared += 1;
    }
    assert!(compared > 30, "{compared} cases were compared");
}

/// The probability of every token.
fn exact(sampling: &Sampling, scores: &[f32]) -> Vec<f64> {
    let mut probabilities = vec![0.0; scores.len()];
    for of in sampling.candidates(scores) {
        probabilities[of.token as usize] = of.probability;
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
        // Tokens that are too rare for the approximation are pooled.
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
            // Wilson and Hilferty 1931: the cube root is approximately normal.
            let spread = 2.0 / (9.0 * freedom);
            let z = ((chi_squared / freedom).cbrt() - (1.0 - spread)) / spread.sqrt();
            assert!(z < 4.0, "{:?}: chi-squared {chi_squared}, {freedom}", case.settings);
            improbable += usize::from(z > 1.645);
        }
    }
    // One in twenty exceeds the 95 % quantile; fail at three times as many.
    assert!(improbable * 20 < golden.cases.len() * 3, "{improbable} of {}", golden.cases.len());
}
