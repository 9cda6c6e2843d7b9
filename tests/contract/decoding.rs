//! Token-by-token decoding.

use burn::tensor::Tensor;
use burn_zoo::models::checkpoint::Model;
use burn_zoo::models::generate::{Flow, Options, generate};
use burn_zoo::models::layers::mask::Padding;
use serde::Deserialize;

use super::checks::device;
use crate::golden::{Feed, assert_close, cases, causal_cases, ids, json, outputs, values};

#[derive(Deserialize)]
struct Greedy {
    max_new_tokens: usize,
    prompts: Vec<Vec<u32>>,
    continuations: Vec<Vec<u32>>,
}

pub(crate) fn greedy_texts_are_those_of_the_reference(family: &str) {
    let mut compared = 0;
    for case in causal_cases(family) {
        if !case.path.join("generate.json").exists() {
            continue;
        }
        let expected: Greedy = json(&case.path.join("generate.json"));
        let model = case.load_causal_lm(&device());
        let options = Options { max_new_tokens: expected.max_new_tokens, ..Options::default() };
        // A batch of different lengths, padded on the left, and then each row alone.
        let batch = generate(&model, &expected.prompts, &options, &mut |_| Flow::Continue).unwrap();
        assert_eq!(batch, expected.continuations, "{}: batch", case.name);
        for (prompt, continuation) in expected.prompts.iter().zip(&expected.continuations) {
            let alone =
                generate(&model, std::slice::from_ref(prompt), &options, &mut |_| Flow::Continue)
                    .unwrap();
            assert_eq!(alone[0], *continuation, "{}: alone", case.name);
        }
        compared += 1;
    }
    assert!(compared > 0, "{family} has no texts to compare with");
}

/// The main output for one row, without padding.
fn whole(model: &Model, feed: &Feed) -> Vec<f32> {
    outputs(model, feed, &device())[0].kept()
}

pub(crate) fn step_equals_forward(family: &str) {
    // With dynamic scaling a cached key's rotation depends on the length when it was computed, in
    // the reference too, so step-by-step decoding differs from a full forward pass.
    for case in causal_cases(family).iter().filter(|case| !case.is_dynamic()) {
        let model = case.load_causal_lm(&device());
        let row = case.inputs.input_ids[0].clone();
        let expected = whole(&Model::CausalLm(model.clone()), &Feed::of(vec![row.clone()]));
        for prefill in [1, row.len() / 2] {
            let mut cache = model.cache(row.len());
            let mut parts =
                vec![model.step(ids(&[row[..prefill].to_vec()], &device()), &mut cache)];
            for token in &row[prefill..] {
                parts.push(model.step(ids(&[vec![*token]], &device()), &mut cache));
            }
            let what = format!("{}: prefill of {prefill}", case.name);
            assert_close(&what, &values(Tensor::cat(parts, 1)), &expected, 1e-5);
        }
    }
}

/// A prompt longer than every window, and its continuation.
pub(crate) fn a_text_can_outgrow_any_context(family: &str) {
    for case in causal_cases(family) {
        let model = case.load_causal_lm(&device());
        let prompt: Vec<u32> = (0..3000_u32).map(|i| (i * i + 3 * i) % 31).collect();
        let options = Options { max_new_tokens: 100, ..Options::default() };
        let all =
            generate(&model, std::slice::from_ref(&prompt), &options, &mut |_| Flow::Continue);
        let text = [prompt, all.unwrap().remove(0)].concat();
        assert_eq!(text.len(), 3100, "{}", case.name);
        // The next token is still the likeliest after the whole sequence.
        let scores = whole(&Model::CausalLm(model.clone()), &Feed::of(vec![text.clone()]));
        let last = &scores[scores.len() - 2 * model.vocab_size()..][..model.vocab_size()];
        let best = last.iter().copied().fold(f32::MIN, f32::max);
        let chosen = last[text[3099] as usize];
        assert!(best - chosen < 1e-4, "{}: {chosen} was chosen, and {best} is there", case.name);
    }
}

pub(crate) fn step_equals_forward_after_a_memory(family: &str) {
    for case in cases(family) {
        let Model::Seq2SeqLm(model) = case.load(&device()) else { continue };
        // With padding in the encoder output, and rows of several lengths.
        let feed = case.feed();
        let rows = feed.decoder_ids.clone().unwrap();
        let encoded = model.backbone.encode(&feed.tokens(&device()));
        let expected = values(model.forward(&feed.inputs(&device())));
        let length = rows[0].len();
        for prefill in [length, length / 2, 1] {
            let mut cache = model.cache(length);
            let columns = |range: std::ops::Range<usize>| -> Vec<Vec<u32>> {
                rows.iter().map(|row| row[range.clone()].to_vec()).collect()
            };
            let mut step =
                |range| model.step(ids(&columns(range), &device()), &encoded, &mut cache);
            let mut parts = vec![step(0..prefill)];
            parts.extend((prefill..length).map(|at| step(at..at + 1)));
            let what = format!("{}: prefill of {prefill}", case.name);
            assert_close(&what, &values(Tensor::cat(parts, 1)), &expected, 1e-5);
        }
    }
}

pub(crate) fn left_padded_batches_equal_single_rows(family: &str) {
    for case in causal_cases(family).iter().filter(|case| !case.is_dynamic()) {
        let model = case.load_causal_lm(&device());
        let left = &case.inputs.left;
        let longest = left.input_ids[0].len();
        // With the cache, in two steps: a prompt, and the rest of it.
        let lengths: Vec<usize> = left
            .attention_mask
            .iter()
            .map(|row| row.iter().filter(|&&m| m == 1).count() - 1)
            .collect();
        let begin: Vec<Vec<u32>> =
            left.input_ids.iter().map(|row| row[..longest - 1].to_vec()).collect();
        let last: Vec<Vec<u32>> = left.input_ids.iter().map(|row| vec![row[longest - 1]]).collect();
        let mut cache = model.cache(longest).with_padding(Padding::left(&lengths));
        model.step(ids(&begin, &device()), &mut cache);
        let batched = values(model.step(ids(&last, &device()), &mut cache));
        let vocab = model.vocab_size();
        for (index, &length) in lengths.iter().enumerate() {
            let row = left.input_ids[index][longest - 1 - length..].to_vec();
            let alone = whole(&Model::CausalLm(model.clone()), &Feed::of(vec![row]));
            let what = format!("{}: row {index}", case.name);
            let batched = &batched[index * vocab..(index + 1) * vocab];
            assert_close(&what, batched, &alone[length * vocab..], 1e-5);
        }
    }
}
