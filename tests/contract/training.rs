//! Training: the reference's steps, gradients for every parameter, overfitting one batch.

use burn::optim::GradientsParams;
use burn_zoo::models::backbones::BackboneConfig;
use burn_zoo::models::backbones::recompute::checkpoint_blocks;
use burn_zoo::models::checkpoint::{F32Tensor, Model, ModelSpec};
use burn_zoo::models::families::{self, Size};
use burn_zoo::models::precision::Precision;
use burn_zoo::train::adamw::{AdamW, AdamWConfig, Update};
use burn_zoo::train::gradients::gradient_norm;

use super::checks::{device, gradients};
use super::measure::{OPTIMIZER, steps};
use crate::golden::{Feed, Targets, assert_close, cases, loss, values};

pub(crate) fn fifty_steps_are_those_of_the_reference(family: &str) {
    let mut compared = 0;
    for case in cases(family) {
        let Some((expected, found)) = steps(&case, &device(), Precision::F32) else { continue };
        let name = &case.name;
        assert_close(&format!("{name}: losses"), &found.losses, &expected.losses, 1e-4);
        // AdamW turns the rounding noise in inert gradients into updates, which accumulate.
        let norms = |range: std::ops::Range<usize>, tolerance| {
            let (found, expected) =
                (&found.gradient_norms[range.clone()], &expected.gradient_norms[range.clone()]);
            assert_close(&format!("{name}: norms {range:?}"), found, expected, tolerance);
        };
        norms(0..25, 1e-3);
        norms(25..50, 2e-2);
        compared += 1;
    }
    assert!(compared > 0, "{family} has no losses to compare with");
}

pub(crate) fn gradients_reach_every_parameter(family: &str) {
    for case in cases(family) {
        let device = device().autodiff();
        let model = case.load(&device);
        let backward = loss(&model, &case.feed(), &case.targets(), &device).backward();
        let found = gradients(&model, &GradientsParams::from_grads(backward, &model));
        for parameter in model.parameters().iter().filter(|p| p.is_trained()) {
            let gradient = found.get(&parameter.path);
            let is_reached = gradient.is_some_and(|values| values.iter().any(|v| *v != 0.0));
            // It is common to all choices, and a softmax is invariant to that.
            let is_shared =
                matches!(model, Model::MultipleChoice(_)) && parameter.path == "classifier.bias";
            assert!(is_reached || is_shared, "{}: {} has no gradient", case.name, parameter.path);
        }
    }
}

pub(crate) fn blocks_computed_again_have_the_same_gradients(family: &str) {
    for case in cases(family) {
        let device = device().autodiff();
        let plain = case.load(&device);
        let again = checkpoint_blocks(plain.clone());
        let [plain, again] = [plain, again].map(|model| {
            let loss = loss(&model, &case.feed(), &case.targets(), &device);
            let value = values(loss.clone());
            (value, gradients(&model, &GradientsParams::from_grads(loss.backward(), &model)))
        });
        assert_close(&format!("{}: loss", case.name), &again.0, &plain.0, 1e-6);
        assert!(plain.1.keys().eq(again.1.keys()), "{}: other parameters", case.name);
        let largest = plain.1.values().flatten().fold(0.0_f32, |largest, x| largest.max(x.abs()));
        for (path, plain) in &plain.1 {
            for (again, plain) in again.1[path].iter().zip(plain) {
                let error = (again - plain).abs();
                assert!(error <= 1e-5 * largest, "{}: {path}: {again} for {plain}", case.name);
            }
        }
    }
}

pub(crate) fn a_fully_padded_row_gives_numbers(family: &str) {
    for case in cases(family) {
        let device = device().autodiff();
        let model = case.load(&device);
        let mut feed = case.feed();
        feed.mask[1].fill(0);
        let loss = loss(&model, &feed, &case.targets(), &device);
        let found = values(loss.clone())[0];
        let gradients = GradientsParams::from_grads(loss.backward(), &model);
        let norm = gradient_norm(&model, &gradients).unwrap();
        assert!(found.is_finite(), "{}: loss {found}", case.name);
        assert!(norm.is_finite(), "{}: gradient norm {norm}", case.name);
    }
}

/// A batch to overfit: sequences, or pairs of them, or images.
fn batch(backbone: &BackboneConfig) -> (Feed, Targets) {
    let rows = |seed: u32| -> Vec<Vec<u32>> {
        (0..4).map(|row| (0..16).map(|i| 3 + (row * seed + i * i * 3 + i) % 26).collect()).collect()
    };
    let classes = |rows: &[Vec<u32>]| rows.iter().flatten().map(|&id| i64::from(id)).collect();
    match backbone {
        BackboneConfig::Decoder(_) | BackboneConfig::Recurrent(_) => {
            let labels = |row: Vec<u32>| row.into_iter().map(i64::from).collect();
            let targets = rows(7).into_iter().map(labels).collect();
            (Feed::of(rows(7)), Targets::NextTokens(targets))
        }
        // Every third token is masked, and all of them are targets.
        BackboneConfig::Encoder(..) => {
            let mut feed = Feed::of(rows(7));
            let hide = |row: &mut Vec<u32>| row.iter_mut().step_by(3).for_each(|id| *id = 28);
            feed.ids.iter_mut().for_each(hide);
            (feed, Targets::Classes(classes(&rows(7))))
        }
        BackboneConfig::EncoderDecoder(..)
        | BackboneConfig::EncoderHalf(..)
        | BackboneConfig::RecurrentSeq2Seq(_) => {
            let mut feed = Feed::of(rows(7));
            let text = rows(11);
            let shifted = |row: &Vec<u32>| [&[0], &row[..row.len() - 1]].concat();
            feed.decoder_ids = Some(text.iter().map(shifted).collect());
            feed.decoder_mask = Some(vec![vec![1; 16]; 4]);
            (feed, Targets::Classes(classes(&text)))
        }
        BackboneConfig::Vision(config) => {
            let shape = [&[4, config.patches.channels], &config.patches.image[..]].concat();
            let count: usize = shape.iter().product();
            let values = (0..count).map(|i| ((i * i % 97) as f32 / 48.5) - 1.0).collect();
            let mut feed = Feed::of(Vec::new());
            feed.pixels = Some(F32Tensor { shape, values });
            (feed, Targets::Classes(vec![0, 1, 1, 0]))
        }
    }
}

pub(crate) fn one_batch_can_be_overfitted(family: &str) {
    let size = Size {
        vocab_size: 29,
        context: 16,
        d_model: 32,
        n_layers: 2,
        n_heads: 4,
        n_kv_heads: None,
        d_ff: None,
        dropout: 0.0,
        eos: None,
    };
    let family = families::find(family).unwrap();
    let config = family.sized(&size).unwrap().config;
    let spec = ModelSpec::new(family, config).unwrap();
    let device = device().autodiff();
    let mut model: Model = spec.initialized(1, &device);
    let (feed, targets) = batch(&spec.architecture.backbone);
    let mut optimizer = AdamW::new(AdamWConfig { weight_decay: 0.0, ..OPTIMIZER });
    let mut last = f32::NAN;
    for _ in 0..150 {
        let loss = loss(&model, &feed, &targets, &device);
        last = values(loss.clone())[0];
        let gradients = GradientsParams::from_grads(loss.backward(), &model);
        model = optimizer.step(model, gradients, Update { rate: 3e-3, gradient_scale: 1.0 });
    }
    assert!(last < 0.05, "{}: the loss is still {last}", family.name());
}
