//! Speculative decoding changes the speed, not the text.

use std::collections::HashMap;

use burn_zoo::models::checkpoint::{Model, ModelSpec};
use burn_zoo::models::families;
use burn_zoo::models::generate::{
    Constraints, Flow, Options, Request, Sampling, SpeculativeModels, as_generative, generate,
    speculate,
};

use super::load;
use crate::contract::checks::device;
use crate::golden::folder;

/// A model of another size with the same vocabulary.
fn other_weights(name: &str) -> Model {
    let spec = ModelSpec::read(&folder().join(name)).unwrap();
    let family = families::find(spec.family.name()).unwrap();
    ModelSpec::new(family, spec.config).unwrap().initialized(5, &device())
}

#[test]
fn a_greedy_text_is_the_models_own() {
    for name in ["gpt2/base", "llama/base", "mistral/base", "t5/base", "lstm/base", "bahdanau/gru"]
    {
        let (model, good, bad) = (load(name), load(name), other_weights(name));
        let model = as_generative(&model).unwrap();
        let constraints = Constraints { repetition_penalty: 1.2, ..Constraints::default() };
        for constraints in [Constraints::default(), constraints] {
            let options = Options { max_new_tokens: 40, constraints, ..Options::default() };
            let prompt = vec![3, 9, 4];
            let own =
                generate(model, std::slice::from_ref(&prompt), &options, &mut |_| Flow::Continue);
            let own = own.unwrap().remove(0);
            let request = Request { prompt, options, stream: 0 };
            for ahead in [1, 4, 7] {
                for (draft, is_good) in [(&good, true), (&bad, false)] {
                    let draft = as_generative(draft).unwrap();
                    let models = SpeculativeModels { model, draft, num_draft_tokens: ahead };
                    let drafted = speculate(models, &request, &mut |_| Flow::Continue).unwrap();
                    assert_eq!(drafted.tokens, own, "{name}, {ahead} ahead");
                    assert!(drafted.proposed > 0);
                    if is_good {
                        assert_eq!(drafted.accepted, drafted.proposed, "{name}");
                    }
                }
            }
        }
    }
}

#[test]
fn a_drafted_text_ends_where_the_models_own_does() {
    let (model, draft) = (load("llama/base"), load("llama/base"));
    let [model, draft] = [&model, &draft].map(|model| as_generative(model).unwrap());
    let prompt = vec![3, 9, 4];
    let options = Options { max_new_tokens: 30, ..Options::default() };
    let all = generate(model, std::slice::from_ref(&prompt), &options, &mut |_| Flow::Continue);
    let eos = all.unwrap()[0][7];
    let options = Options { eos: vec![eos], ..options };
    let own = generate(model, std::slice::from_ref(&prompt), &options, &mut |_| Flow::Continue);
    let request = Request { prompt, options, stream: 0 };
    let mut seen = Vec::new();
    let models = SpeculativeModels { model, draft, num_draft_tokens: 5 };
    let drafted = speculate(models, &request, &mut |event| {
        seen.push(event.token);
        Flow::Continue
    });
    let drafted = drafted.unwrap();
    assert_eq!(drafted.tokens, own.unwrap()[0]);
    assert_eq!(seen, drafted.tokens);
}

#[test]
fn sampled_texts_come_as_often_as_without_a_draft() {
    const TEXTS: u64 = 4000;
    let (model, draft) = (load("gpt2/base"), other_weights("gpt2/base"));
    let [model, draft] = [&model, &draft].map(|model| as_generative(model).unwrap());
    let sampling = Sampling { temperature: 0.7, top_k: Some(4), ..Sampling::default() };
    let options = Options { max_new_tokens: 3, sampling, ..Options::default() };
    let mut counts: HashMap<Vec<u32>, [f64; 2]> = HashMap::new();
    for stream in 0..TEXTS {
        let request = Request { prompt: vec![3, 9, 4], options: options.clone(), stream };
        let models = SpeculativeModels { model, draft, num_draft_tokens: 2 };
        let drafted = speculate(models, &request, &mut |_| Flow::Continue).unwrap();
        counts.entry(drafted.tokens).or_default()[0] += 1.0;
    }
    for chunk in 0..TEXTS / 100 {
        let prompts = vec![vec![3, 9, 4]; 100];
        let sampling = Sampling { seed: 1 + chunk, ..sampling };
        let options = Options { sampling, ..options.clone() };
        for text in generate(model, &prompts, &options, &mut |_| Flow::Continue).unwrap() {
            counts.entry(text).or_default()[1] += 1.0;
        }
    }
    // Two samples of one distribution: sequences that are too rare for the approximation are left
    // out.
    let common: Vec<&[f64; 2]> = counts.values().filter(|[a, b]| a + b >= 10.0).collect();
    let chi_squared: f64 = common.iter().map(|[a, b]| (a - b).powi(2) / (a + b)).sum();
    let freedom = common.len() as f64;
    assert!(freedom > 10.0, "{freedom} texts are common");
    let limit = freedom + 4.0 * (2.0 * freedom).sqrt();
    assert!(chi_squared < limit, "chi-squared {chi_squared} with {freedom} degrees of freedom");
}
