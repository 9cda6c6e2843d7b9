//! What an observer sees of a pass, and embeddings in the place of token ids, beside the reference.

use std::collections::BTreeMap;

use burn::tensor::{Device, Tensor};
use burn_zoo::models::backbones::{Inputs, TokenBatch, TokenSource};
use burn_zoo::models::checkpoint::{F32Tensor, read_safetensors};
use burn_zoo::models::layers::recorder::Recorder;

use crate::golden::{self, Case, Feed};

/// The cases with a file of observed tensors, and these.
fn observed() -> Vec<(Case, BTreeMap<String, F32Tensor>)> {
    let mut found = Vec::new();
    for family in burn_zoo::models::families::FAMILIES {
        for case in golden::cases(family.name()) {
            let path = case.path.join("observed.safetensors");
            if path.exists() {
                let tensors = read_safetensors(&path).unwrap();
                found.push((case, tensors));
            }
        }
    }
    assert!(found.len() >= 12, "{} cases are observed", found.len());
    found
}

/// The rows of a batch that the reference observed: all, or the first.
fn observed_rows(case: &Case, tensors: &BTreeMap<String, F32Tensor>) -> Feed {
    let all = case.feed();
    let rows = tensors.iter().find(|(name, _)| name.contains("hidden_states.")).unwrap().1.shape[0];
    if rows == all.rows() { all } else { all.row(0) }
}

/// Whether each position of these rows holds a token.
fn tokens(mask: &[Vec<u8>], row: usize, length: usize) -> Vec<bool> {
    mask.get(row).map_or(vec![true; length], |mask| mask.iter().map(|m| *m == 1).collect())
}

/// The largest distance at positions that hold tokens, relative to the largest value.
fn distance(name: &str, feed: &Feed, found: &F32Tensor, expected: &F32Tensor) -> f32 {
    assert_eq!(found.shape, expected.shape, "{name}");
    let empty = Vec::new();
    let decoder = feed.decoder_mask.as_ref().unwrap_or(&empty);
    let is_decoder = name.starts_with("decoder") || name.starts_with("cross");
    let queries = if is_decoder { decoder } else { &feed.mask };
    let size = found.values.len() / found.shape[0];
    // The positions of queries: before the last dimension, in both kinds of tensors.
    let n_queries = found.shape[found.shape.len() - 2];
    let width = found.shape[found.shape.len() - 1];
    let mut worst = 0.0_f32;
    for row in 0..found.shape[0] {
        let is_token = tokens(queries, row, n_queries);
        let range = row * size..(row + 1) * size;
        let both = found.values[range.clone()].iter().zip(&expected.values[range]);
        for (index, (found, expected)) in both.enumerate() {
            if is_token[index / width % n_queries] {
                worst = worst.max((found - expected).abs());
            }
        }
    }
    let largest = expected.values.iter().fold(1.0_f32, |most, x| most.max(x.abs()));
    worst / largest
}

#[test]
fn attention_weights_and_hidden_states_are_those_of_the_reference() {
    let device = Device::flex();
    for (case, expected) in observed() {
        let model = case.load(&device);
        let feed = observed_rows(&case, &expected);
        let mut recorder = Recorder::with_attention_weights();
        let plain = model.outputs(&feed.inputs(&device)).unwrap();
        let seen = model.observed_outputs(&feed.inputs(&device), &mut recorder).unwrap();
        let mut found = model.hidden_state_tensors(&recorder).unwrap();
        found.extend(model.attention_tensors(&recorder).unwrap());
        let names = |tensors: &BTreeMap<String, F32Tensor>| -> Vec<String> {
            tensors.keys().filter(|name| !name.starts_with("embeddings")).cloned().collect()
        };
        assert_eq!(names(&found), names(&expected), "{}", case.name);
        for (name, found) in &found {
            let apart = distance(name, &feed, found, &expected[name]);
            assert!(apart <= 1e-5, "{}: {name} is {apart:e} from the reference", case.name);
        }
        // Observing changes nothing but rounding: the weights exist on the composed path only.
        for (plain, seen) in plain.iter().zip(&seen) {
            let both = plain.tensor.values.iter().zip(&seen.tensor.values);
            let apart = both.fold(0.0_f32, |most, (a, b)| most.max((a - b).abs()));
            assert!(apart < 1e-4, "{}: {} differs by {apart:e}", case.name, plain.name);
        }
    }
}

#[test]
fn gradients_with_respect_to_embeddings_are_those_of_the_reference() {
    let device = Device::flex().autodiff();
    let mut checked = 0;
    for (case, expected) in observed() {
        let Some(embeddings) = expected.get("embeddings") else { continue };
        let model = case.load(&device);
        let feed = case.feed().row(0);
        let shape: [usize; 3] = embeddings.shape.clone().try_into().unwrap();
        let data = burn::tensor::TensorData::new(embeddings.values.clone(), shape);
        let vectors: Tensor<3> = Tensor::from_data(data, &device).require_grad();
        let inputs = feed.inputs(&device);
        let tokens = inputs.tokens.clone().unwrap();
        let source = TokenSource::Embeddings(vectors.clone());
        let embedded = Inputs { tokens: Some(TokenBatch { source, ..tokens }), ..inputs.clone() };
        let scores = model.scores(&embedded);
        // The reference's gradient is of the same output only if the vectors are the table's.
        let apart = (scores.clone() - model.scores(&inputs)).abs().max().into_scalar::<f32>();
        assert_eq!(apart, 0.0, "{}: embeddings in the place of their ids", case.name);
        let gradients = (scores.clone() * scores).mean().backward();
        let found: Vec<f32> = vectors.grad(&gradients).unwrap().into_data().iter::<f32>().collect();
        let expected = &expected["embeddings.grad"].values;
        let square = |values: &mut dyn Iterator<Item = f32>| values.map(|x| x * x).sum::<f32>();
        let apart = square(&mut found.iter().zip(expected).map(|(a, b)| a - b)).sqrt();
        let norm = square(&mut expected.iter().copied()).sqrt();
        assert!(
            norm > 0.0 && apart <= 1e-5 * norm.max(1.0) && apart <= 1e-4 * norm,
            "{}: {apart:e} of {norm:e}",
            case.name
        );
        checked += 1;
    }
    assert!(checked >= 10, "{checked} gradients");
}
