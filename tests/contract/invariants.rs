//! Inputs that may affect a model's output, and inputs that may not.

use burn_zoo::models::checkpoint::{Model, ModelSpec};

use super::checks::device;
use crate::golden::{Case, Feed, assert_close, cases, causal_cases, outputs, relative_error};

/// The token at which a classifier pools, which must keep its position.
pub(super) fn end(case: &Case) -> Option<u32> {
    ModelSpec::read(&case.path).unwrap().architecture.heads.classifier.end
}

fn vocab_size(case: &Case) -> u32 {
    ModelSpec::read(&case.path).unwrap().architecture.backbone.vocab_size() as u32
}

/// A different token. Never the padding token, which determines position ids in some families;
/// these have it among the first ids.
fn another(id: u32, vocab_size: u32) -> u32 {
    3 + (id + 7) % (vocab_size - 3)
}

pub(crate) fn rows_are_independent_and_padding_is_invisible(family: &str) {
    for case in cases(family) {
        let model = case.load(&device());
        let (vocab, end) = (vocab_size(&case), end(&case));
        let feed = case.feed();
        let before = outputs(&model, &feed, &device());
        // Other tokens at padded positions, and another last row.
        let last = feed.rows() - 1;
        let mut changed = feed.clone();
        for (index, (row, mask)) in changed.ids.iter_mut().zip(&feed.mask).enumerate() {
            for (id, m) in row.iter_mut().zip(mask) {
                if *m == 0 || (index / feed.choices == last && Some(*id) != end) {
                    *id = another(*id, vocab);
                }
            }
        }
        if let Some(pixels) = &mut changed.pixels {
            let from = pixels.values.len() / (last + 1) * last;
            pixels.values[from..].iter_mut().for_each(|value| *value += 1.0);
        }
        let after = outputs(&model, &changed, &device());
        for (before, after) in before.iter().zip(&after) {
            for index in 0..last {
                let what = format!("{}: {} of row {index}", case.name, before.name);
                assert_close(&what, &after.row(index), &before.row(index), 1e-6);
            }
            let (moved, _) = relative_error(&after.row(last), &before.row(last));
            assert!(moved > 1e-4, "{}: {} of the changed row", case.name, before.name);
        }
    }
}

/// The main output of a row, and of the same row with other tokens in its second half.
fn with_another_half(case: &Case, model: &Model) -> ([Vec<f32>; 2], f64) {
    let vocab = vocab_size(case);
    let feed = Feed { decoder_ids: None, decoder_mask: None, ..case.feed().row(0) };
    let mut changed = feed.clone();
    let half = feed.ids[0].len() / 2;
    for id in &mut changed.ids[0][half..] {
        *id = another(*id, vocab);
    }
    let main = |feed: &Feed| outputs(model, feed, &device())[0].row(0);
    ([main(&feed), main(&changed)], half as f64 / feed.ids[0].len() as f64)
}

pub(crate) fn the_future_is_invisible(family: &str) {
    for case in causal_cases(family) {
        let ([before, after], half) = with_another_half(&case, &case.load(&device()));
        let past = (before.len() as f64 * half).round() as usize;
        assert_close(&case.name, &after[..past], &before[..past], 1e-6);
        let (moved, _) = relative_error(&after[past..], &before[past..]);
        assert!(moved > 1e-4, "{}: the future", case.name);
    }
}

pub(crate) fn the_future_is_visible(family: &str) {
    for case in cases(family) {
        let ([before, after], half) = with_another_half(&case, &case.load(&device()));
        let past = (before.len() as f64 * half).round() as usize;
        let (moved, _) = relative_error(&after[..past], &before[..past]);
        assert!(moved > 1e-4, "{}: only the past is read", case.name);
    }
}

pub(crate) fn padding_on_the_left_changes_nothing(family: &str) {
    for case in cases(family) {
        let spec = ModelSpec::read(&case.path).unwrap();
        let filler = spec.config["pad_token_id"].as_u64().unwrap_or(0) as u32;
        let model = case.load(&device());
        let left = outputs(&model, &case.feed().padded_left(filler), &device());
        let right = outputs(&model, &case.feed(), &device());
        for (left, right) in left.iter().zip(&right) {
            // The first hidden state now belongs to padding.
            let is_pooled = left.tensor.shape.len() == 2 && left.name != "start_logits";
            if !is_pooled && left.name != "end_logits" {
                let what = format!("{}: {}", case.name, left.name);
                assert_close(&what, &left.kept(), &right.kept(), 1e-5);
            }
        }
    }
}

pub(crate) fn the_text_sees_its_past_and_all_of_the_memory(family: &str) {
    for case in cases(family) {
        let model = case.load(&device());
        let vocab = vocab_size(&case);
        let feed = case.feed().row(0);
        if feed.decoder_ids.is_none() {
            continue; // No language-model head, or no decoder.
        }
        let main = |feed: &Feed| outputs(&model, feed, &device())[0].row(0);
        let before = main(&feed);

        let mut changed = feed.clone();
        let text = &mut changed.decoder_ids.as_mut().unwrap()[0];
        let (length, half) = (text.len(), text.len() / 2);
        text[half..].iter_mut().for_each(|id| *id = another(*id, vocab));
        let after = main(&changed);
        let past = before.len() / length * half;
        assert_close(&case.name, &after[..past], &before[..past], 1e-6);
        assert!(relative_error(&after[past..], &before[past..]).0 > 1e-4, "{}", case.name);

        // The first logits depend on the last token of the source.
        let mut changed = feed.clone();
        let last = changed.ids[0].len() - 1;
        changed.ids[0][last] = another(changed.ids[0][last], vocab);
        let after = main(&changed);
        let first = before.len() / length;
        let (moved, _) = relative_error(&after[..first], &before[..first]);
        assert!(moved > 1e-4, "{}: the memory is not read", case.name);
    }
}
