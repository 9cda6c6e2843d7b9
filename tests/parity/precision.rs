//! Half precision: the error is at most twice that of the reference.
//!
//! `tests/golden/half.json` has the error of `transformers` in the same format for each case. The
//! norm of an output's error is compared with that of the same output. Quantities that depend on
//! single values, single ReLU units or single steps jump when one value is rounded the other way,
//! in the reference too: their limit follows from the larger of the same case's error and the worst
//! case's.

use std::collections::BTreeMap;

use burn::optim::GradientsParams;
use burn::tensor::Device;
use burn_zoo::device;
use burn_zoo::models::families::FAMILIES;
use burn_zoo::models::precision::Precision;
use burn_zoo::parity::{difference, relative};
use serde::Deserialize;

use super::is_there;
use crate::contract::checks::{gradients, mapping};
use crate::contract::measure;
use crate::golden::{self, Case, cases, folder, json, loss};

/// `half.json`
#[derive(Deserialize)]
struct Half {
    cases: BTreeMap<String, BTreeMap<Precision, OfFormat>>,
}

#[derive(Deserialize)]
struct OfFormat {
    forward: BTreeMap<String, Forward>,
    training: Option<Training>,
}

/// The error of an output against exact arithmetic.
#[derive(Deserialize, Clone, Copy)]
struct Forward {
    /// The norm of the error relative to the norm of the output.
    l2: f64,
    /// The largest error relative to the largest value, or to 1 if that is larger.
    max: f64,
}

#[derive(Deserialize, Clone, Copy)]
struct Training {
    /// The norm of the error of all first-step gradients relative to the norm of the gradients.
    gradients: f64,
    /// The largest error of the losses of 20 steps.
    losses: f64,
}

/// The largest errors of all cases in a format.
struct Overall {
    max: f64,
    gradients: f64,
    losses: f64,
}

impl Half {
    fn overall(&self, precision: Precision) -> Overall {
        let of_format = || self.cases.values().map(|case| &case[&precision]);
        let forward = || of_format().flat_map(|case| case.forward.values());
        let training = || of_format().filter_map(|case| case.training);
        Overall {
            max: forward().map(|forward| forward.max).fold(0.0, f64::max),
            gradients: training().map(|training| training.gradients).fold(0.0, f64::max),
            losses: training().map(|training| training.losses).fold(0.0, f64::max),
        }
    }
}

/// A quantity that may be at most twice the reference's.
struct Measured {
    what: String,
    found: f64,
    reference: f64,
}

fn forward(case: &Case, precision: Precision, device: &Device) -> Vec<(String, Forward)> {
    let model = case.load(device).cast(precision);
    let measure = |output: &golden::Output| {
        let expected = case.tensors.get(output.name)?;
        let (found, expected) = (output.kept(), output.keep(&expected.values));
        let error = Forward { l2: relative(&found, &expected), max: difference(&found, &expected) };
        Some((output.name.to_string(), error))
    };
    golden::outputs(&model, &case.feed(), device).iter().filter_map(measure).collect()
}

fn training(case: &Case, precision: Precision, device: &Device) -> Option<Training> {
    let (expected, found) = measure::steps(case, device, precision)?;
    let apart = expected.losses.iter().zip(&found.losses).take(20);
    let losses = apart.map(|(a, b)| f64::from((a - b).abs())).fold(0.0, f64::max);

    let device = device.clone().autodiff();
    let model = case.load(&device);
    let loss = loss(&model.clone().cast(precision), &case.feed(), &case.targets(), &device);
    let found = gradients(&model, &GradientsParams::from_grads(loss.backward(), &model));
    let (mut all_found, mut all_expected) = (Vec::new(), Vec::new());
    let mapping = mapping(case, &model);
    for (name, expected) in &case.tensors {
        let Some(key) = name.strip_prefix("grad.") else { continue };
        let entry = &mapping.entries[mapping.entry(key).unwrap()];
        let parts: Vec<Vec<f32>> =
            entry.parts.iter().map(|part| found[&part.path].clone()).collect();
        all_found.extend(entry.join(&parts));
        all_expected.extend(&expected.values);
    }
    Some(Training { gradients: relative(&all_found, &all_expected), losses })
}

fn all(precision: Precision, device: &Device) -> Vec<Measured> {
    let half: Half = json(&folder().join("half.json"));
    let overall = half.overall(precision);
    let mut measured = Vec::new();
    for case in FAMILIES.iter().flat_map(|family| cases(family.name())) {
        let reference = &half.cases[&case.name][&precision];
        let mut push = |what: &str, found, reference| {
            let what = format!("{} {what}", case.name);
            measured.push(Measured { what, found, reference });
        };
        for (name, found) in forward(&case, precision, device) {
            let own = reference.forward[&name];
            push(&format!("{name} l2"), found.l2, own.l2);
            push(&format!("{name} max"), found.max, own.max.max(overall.max));
        }
        let Some(own) = reference.training else { continue };
        let found = training(&case, precision, device).unwrap();
        push("gradients", found.gradients, own.gradients.max(overall.gradients));
        push("losses", found.losses, own.losses.max(overall.losses));
    }
    measured
}

fn is_as_exact_as_the_reference(backend: &str, precision: Precision) {
    if !is_there(backend, "half precision") {
        return;
    }
    let measured = all(precision, &device::parse(backend).unwrap());
    assert!(measured.len() > 400, "{} numbers", measured.len());
    if let Some(path) = std::env::var_os("ZOO_HALF_TABLE") {
        let line = |m: &Measured| format!("{} {:.3e} {:.3e}\n", m.what, m.found, m.reference);
        std::fs::write(path, measured.iter().map(line).collect::<String>()).unwrap();
    }
    let beyond: Vec<String> = measured
        .iter()
        .filter(|m| m.found.is_nan() || m.found > 2.0 * m.reference)
        .map(|m| format!("{}: {:.2e}, the reference {:.2e}", m.what, m.found, m.reference))
        .collect();
    assert!(beyond.is_empty(), "{backend} in {precision}:\n{}", beyond.join("\n"));
}

#[test]
fn flex_in_bf16() {
    is_as_exact_as_the_reference("flex", Precision::Bf16);
}

#[test]
fn flex_in_f16() {
    is_as_exact_as_the_reference("flex", Precision::F16);
}

#[test]
fn libtorch_in_bf16() {
    is_as_exact_as_the_reference("tch", Precision::Bf16);
}

#[test]
fn libtorch_in_f16() {
    is_as_exact_as_the_reference("tch", Precision::F16);
}
