//! Steps of every optimizer are those of PyTorch, transformers and the papers.

use std::collections::BTreeMap;

use burn::module::{Module, Param, ParamId};
use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor, TensorData};
use burn_zoo::models::parameters;
use burn_zoo::train::adamw::{AdamWConfig, Update};
use burn_zoo::train::{
    AdafactorConfig, LionConfig, MuonConfig, Optimizer, OptimizerConfig, SavedState, SgdConfig,
};
use serde::Deserialize;

use crate::golden::{assert_close, folder, json};

type Values = BTreeMap<String, Vec<f32>>;

/// What `tests/golden/optimizers.py` writes.
#[derive(Deserialize)]
struct Recorded {
    rate: f64,
    weight_decay: f64,
    initial: Values,
    gradients: Vec<Values>,
    results: BTreeMap<String, Values>,
}

#[derive(Module, Debug)]
struct Layer {
    weight: Param<Tensor<2>>,
    bias: Param<Tensor<1>>,
}

/// A model with a matrix, a vector and a kernel.
#[derive(Module, Debug)]
struct Tiny {
    layers: Vec<Layer>,
    kernel: Param<Tensor<3>>,
    classifier: Param<Tensor<2>>,
}

const SHAPES: [(&str, &[usize]); 4] = [
    ("layers.0.weight", &[3, 5]),
    ("layers.0.bias", &[5]),
    ("classifier", &[4, 3]),
    ("kernel", &[2, 3, 2]),
];

fn tensor<const D: usize>(values: &Values, name: &str) -> Tensor<D> {
    let shape = SHAPES.iter().find(|(known, _)| *known == name).unwrap().1;
    Tensor::from_data(TensorData::new(values[name].clone(), shape), &Device::flex())
}

fn model(recorded: &Recorded) -> Tiny {
    fn param<const D: usize>(recorded: &Recorded, name: &str) -> Param<Tensor<D>> {
        let value = Tensor::from_inner(tensor::<D>(&recorded.initial, name)).require_grad();
        Param::initialized(ParamId::new(), value)
    }
    let weight = param(recorded, "layers.0.weight");
    let layers = vec![Layer { weight, bias: param(recorded, "layers.0.bias") }];
    Tiny { layers, kernel: param(recorded, "kernel"), classifier: param(recorded, "classifier") }
}

fn gradients(model: &Tiny, values: &Values) -> GradientsParams {
    let mut gradients = GradientsParams::new();
    let layer = &model.layers[0];
    gradients.register::<2>(layer.weight.id, tensor(values, "layers.0.weight"));
    gradients.register::<1>(layer.bias.id, tensor(values, "layers.0.bias"));
    gradients.register::<3>(model.kernel.id, tensor(values, "kernel"));
    gradients.register::<2>(model.classifier.id, tensor(values, "classifier"));
    gradients
}

fn values(model: &Tiny) -> Values {
    let mut found = Values::new();
    parameters::read(model, &mut |path, data| {
        found.insert(path.to_string(), data.iter::<f32>().collect());
    });
    found
}

fn config(name: &str, weight_decay: f64) -> OptimizerConfig {
    let sgd = |momentum, nesterov| SgdConfig { momentum, nesterov, weight_decay };
    let adamw = AdamWConfig { beta_1: 0.9, beta_2: 0.99, epsilon: 1e-8, weight_decay };
    match name {
        "sgd" => OptimizerConfig::Sgd(sgd(0.0, false)),
        "momentum" => OptimizerConfig::Sgd(sgd(0.9, false)),
        "nesterov" => OptimizerConfig::Sgd(sgd(0.9, true)),
        "lion" => OptimizerConfig::Lion(LionConfig { beta_1: 0.9, beta_2: 0.99, weight_decay }),
        "adafactor" => OptimizerConfig::Adafactor(AdafactorConfig { weight_decay }),
        "muon" => OptimizerConfig::Muon(MuonConfig { momentum: 0.95, adamw }),
        "adamw" => OptimizerConfig::AdamW(adamw),
        other => panic!("unknown optimizer {other}"),
    }
}

fn recorded() -> Recorded {
    json(&folder().join("optimizers.json"))
}

#[test]
fn steps_are_those_of_the_references() {
    let recorded = recorded();
    assert_eq!(recorded.results.len(), 6);
    for (name, expected) in &recorded.results {
        let mut model = model(&recorded);
        let mut optimizer = Optimizer::new(config(name, recorded.weight_decay), 1.0, &model);
        for step in &recorded.gradients {
            // Clipping and loss scales arrive as a factor.
            let halved = step.iter().map(|(name, values)| {
                (name.clone(), values.iter().map(|value| value * 2.0).collect())
            });
            let gradients = gradients(&model, &halved.collect());
            let update = Update { rate: recorded.rate, gradient_scale: 0.5 };
            model = optimizer.step(model, gradients, update);
        }
        let found = values(&model);
        for (path, expected) in expected {
            assert_ne!(found[path], recorded.initial[path]);
            assert_close(&format!("{name}: {path}"), &found[path], expected, 1e-6);
        }
    }
}

#[test]
fn every_optimizer_resumes_exactly() {
    let recorded = recorded();
    let device = Device::flex().autodiff();
    let update = Update { rate: recorded.rate, gradient_scale: 0.7 };
    for name in recorded.results.keys().map(String::as_str).chain(["adamw"]) {
        for layer_decay in [1.0, 0.5] {
            let config = config(name, recorded.weight_decay);
            let mut whole = model(&recorded);
            let mut optimizer = Optimizer::new(config, layer_decay, &whole);
            let (mut halves, mut resumed) = (whole.clone(), optimizer.clone());
            for (step, values) in recorded.gradients.iter().enumerate() {
                whole = optimizer.step(whole.clone(), gradients(&whole, values), update);
                halves = resumed.step(halves.clone(), gradients(&halves, values), update);
                let saved = SavedState { steps: step + 1, tensors: resumed.state() };
                resumed = Optimizer::resume(config, layer_decay, &halves, saved, &device).unwrap();
            }
            assert_eq!(values(&whole), values(&halves), "{name} {layer_decay}");
        }
    }
}

#[test]
fn a_state_of_another_optimizer_is_refused() {
    let recorded = recorded();
    let device = Device::flex().autodiff();
    let update = Update { rate: 0.1, gradient_scale: 1.0 };
    let begun = |name: &str| {
        let model = model(&recorded);
        let mut optimizer = Optimizer::new(config(name, 0.0), 1.0, &model);
        let gradients = gradients(&model, &recorded.gradients[0]);
        optimizer.step(model, gradients, update);
        SavedState { steps: 1, tensors: optimizer.state() }
    };
    let names = ["adamw", "momentum", "lion", "adafactor", "muon"];
    for own in names {
        for other in names.into_iter().filter(|other| *other != own) {
            let config = config(own, 0.0);
            let found = Optimizer::resume(config, 1.0, &model(&recorded), begun(other), &device);
            let error = found.unwrap_err().to_string();
            assert!(error.contains("not a state of this optimizer"), "{own}, {other}: {error}");
        }
    }
    let mut saved = begun("lion");
    let tensor = saved.tensors.pop_first().unwrap().1;
    saved.tensors.insert("momentum.layers.7.weight".to_string(), tensor);
    let found = Optimizer::resume(config("lion", 0.0), 1.0, &model(&recorded), saved, &device);
    assert!(found.unwrap_err().to_string().contains("layers.7.weight, which the model lacks"));
}

#[test]
fn rates_fall_from_the_top() {
    let recorded = recorded();
    let before = model(&recorded);
    let mut optimizer = Optimizer::new(config("sgd", 0.0), 0.25, &before);
    let gradients = gradients(&before, &recorded.gradients[0]);
    let update = Update { rate: 1.0, gradient_scale: 1.0 };
    let found = values(&optimizer.step(before, gradients, update));
    // The only layer has a quarter of the rate, and what is above it the whole.
    for (path, rate) in [("layers.0.weight", 0.25), ("layers.0.bias", 0.25), ("classifier", 1.0)] {
        let (values, steps) = (&recorded.initial[path], &recorded.gradients[0][path]);
        let expected: Vec<f32> = values.iter().zip(steps).map(|(v, g)| v - rate * g).collect();
        assert_close(path, &found[path], &expected, 1e-6);
    }
}
