//! The numerical error of a model against the reference.

use burn::optim::GradientsParams;
use burn::tensor::Device;
use burn_zoo::models::precision::Precision;
use burn_zoo::train::adamw::{AdamW, AdamWConfig, Update};
use burn_zoo::train::gradients::gradient_norm;
use serde::Deserialize;

use super::checks::{gradients as by_path, mapping};
use crate::golden::{self, Case, json, loss, relative_error, values};

/// The largest error of its outputs, for the batch and for each row alone.
pub(crate) fn outputs(case: &Case, device: &Device) -> f64 {
    let (model, feed) = (case.load(device), case.feed());
    let mut worst = case.error(&golden::outputs(&model, &feed, device), "");
    for index in 0..feed.rows() {
        let alone = golden::outputs(&model, &feed.row(index), device);
        worst = worst.max(case.error(&alone, &format!("rows.{index}.")));
    }
    worst
}

/// The largest error of its gradients.
pub(crate) fn gradients(case: &Case, device: &Device) -> f64 {
    let device = device.clone().autodiff();
    let model = case.load(&device);
    let backward = loss(&model, &case.feed(), &case.targets(), &device).backward();
    let found = by_path(&model, &GradientsParams::from_grads(backward, &model));
    let mapping = mapping(case, &model);
    let error = |entry: &burn_zoo::models::checkpoint::Entry| -> f64 {
        let mut keys = [&entry.key].into_iter().chain(&entry.aliases);
        let expected = keys.find_map(|key| case.tensors.get(&format!("grad.{key}")));
        let Some(expected) = expected else { return 0.0 };
        let parts: Vec<Vec<f32>> =
            entry.parts.iter().map(|part| found[&part.path].clone()).collect();
        relative_error(&entry.join(&parts), &expected.values).0
    };
    mapping.entries.iter().map(error).fold(0.0, f64::max)
}

/// The reference's measurements over fifty steps.
#[derive(Deserialize)]
pub(crate) struct Losses {
    pub(crate) losses: Vec<f32>,
    pub(crate) gradient_norms: Vec<f32>,
}

/// The optimizer settings that `tests/golden/generate.py` uses.
pub(super) const OPTIMIZER: AdamWConfig =
    AdamWConfig { beta_1: 0.9, beta_2: 0.95, epsilon: 1e-8, weight_decay: 0.1 };

/// The fifty steps of the reference and of the zoo, if the case has them.
pub(crate) fn steps(
    case: &Case,
    device: &Device,
    precision: Precision,
) -> Option<(Losses, Losses)> {
    let path = case.path.join("losses.json");
    let expected: Losses = if path.exists() { json(&path) } else { return None };
    let device = device.clone().autodiff();
    let (mut model, feed, targets) = (case.load(&device), case.feed(), case.targets());
    let mut optimizer = AdamW::new(OPTIMIZER);
    let mut found = Losses { losses: Vec::new(), gradient_norms: Vec::new() };
    for _ in &expected.losses {
        let loss = loss(&model.clone().cast(precision), &feed, &targets, &device);
        found.losses.extend(values(loss.clone()));
        let gradients = GradientsParams::from_grads(loss.backward(), &model);
        let norm = gradient_norm(&model, &gradients).unwrap();
        found.gradient_norms.push(norm as f32);
        let gradient_scale = if norm > 1.0 { 1.0 / (norm + 1e-6) } else { 1.0 };
        model = optimizer.step(model, gradients, Update { rate: 1e-3, gradient_scale });
    }
    Some((expected, found))
}

/// The largest error of the losses over fifty steps; 0 if the case has none.
pub(crate) fn training(case: &Case, device: &Device) -> f64 {
    let Some((expected, found)) = steps(case, device, Precision::F32) else { return 0.0 };
    relative_error(&found.losses, &expected.losses).0
}
