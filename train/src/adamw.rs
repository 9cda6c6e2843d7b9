//! AdamW with accessible moments.
//!
//! Burn has an AdamW, but burn-train's learner owns it and does not expose it. Resuming a run bit
//! for bit requires saved moments, so this implementation stores them by parameter path.

use std::collections::{BTreeMap, HashSet};

use burn::module::{Module, ModuleMapper, Param};
use burn::optim::GradientsParams;
use burn::tensor::{DType, Device, Tensor, TensorData};
use serde::{Deserialize, Serialize};
use zoo_kernels::adamw::{self, AdamWTensors, AdamWUpdate};
use zoo_models::checkpoint::F32Tensor;
use zoo_models::parameters::{self, Path};

/// Hyperparameters of AdamW.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct AdamWConfig {
    /// Decay rate of the first moment, β₁.
    pub beta_1: f64,
    /// Decay rate of the second moment, β₂.
    pub beta_2: f64,
    /// Added to the square root of the second moment, ε.
    pub epsilon: f64,
    /// Weight decay λ of matrices; norms and biases, which have one dimension, do not decay.
    pub weight_decay: f64,
}

/// AdamW and its moments.
///
/// ```text
/// m <- β₁ m + (1 - β₁) g;  v <- β₂ v + (1 - β₂) g²
/// p <- p (1 - lr λ) - lr / (1 - β₁ᵗ) · m / (sqrt(v / (1 - β₂ᵗ)) + ε)
/// ```
///
/// Reference: Loshchilov and Hutter 2019, algorithm 2, <https://arxiv.org/abs/1711.05101>
#[derive(Debug, Clone)]
pub struct AdamW {
    config: AdamWConfig,
    /// The number of steps taken.
    steps: usize,
    /// The moments by parameter path.
    moments: BTreeMap<String, Moments>,
}

#[derive(Debug, Clone)]
struct Moments {
    first: Tensor<1>,
    second: Tensor<1>,
    shape: Vec<usize>,
}

/// The settings of one update.
#[derive(Debug, Clone, Copy)]
pub struct Update {
    /// The learning rate.
    pub rate: f64,
    /// The factor on all gradients, from gradient clipping and loss scaling.
    pub gradient_scale: f64,
}

impl AdamW {
    /// Creates an optimizer without moments.
    pub fn new(config: AdamWConfig) -> Self {
        Self { config, steps: 0, moments: BTreeMap::new() }
    }

    /// The number of steps taken.
    pub fn steps(&self) -> usize {
        self.steps
    }

    /// Updates every parameter that has a gradient.
    pub fn step<M: Module>(&mut self, module: M, gradients: GradientsParams, update: Update) -> M {
        self.steps += 1;
        module.map(&mut Step { optimizer: self, gradients, update, path: Path::default() })
    }

    /// The moments, named `first.<path>` and `second.<path>`.
    pub fn state(&self) -> BTreeMap<String, F32Tensor> {
        let read = |tensor: &Tensor<1>| tensor.to_data().iter::<f32>().collect();
        let named = |(path, moments): (&String, &Moments)| {
            [("first", &moments.first), ("second", &moments.second)].map(|(name, tensor)| {
                let values = F32Tensor { shape: moments.shape.clone(), values: read(tensor) };
                (format!("{name}.{path}"), values)
            })
        };
        self.moments.iter().flat_map(named).collect()
    }

    /// Creates an optimizer that resumes after `steps` steps with saved moments. `None` if a first
    /// moment has no second moment.
    pub fn resume(
        config: AdamWConfig,
        steps: usize,
        mut state: BTreeMap<String, F32Tensor>,
        device: &Device,
    ) -> Option<Self> {
        let device = device.clone().inner();
        let upload = |tensor: F32Tensor| {
            let length = tensor.values.len();
            Tensor::from_data(TensorData::new(tensor.values, [length]), (&device, DType::F32))
        };
        let mut moments = BTreeMap::new();
        while let Some((key, first)) = state.pop_first() {
            let path = key.strip_prefix("first.")?.to_string();
            let second = state.remove(&format!("second.{path}"))?;
            let shape = first.shape.clone();
            let pair = Moments { first: upload(first), second: upload(second), shape };
            moments.insert(path, pair);
        }
        Some(Self { config, steps, moments })
    }

    /// A parameter that has moments but is not in `module`, if there is one.
    pub fn unknown_parameter<M: Module>(&self, module: &M) -> Option<&str> {
        let known: HashSet<String> =
            parameters::list(module).into_iter().map(|parameter| parameter.path).collect();
        self.moments.keys().map(String::as_str).find(|path| !known.contains(*path))
    }
}

struct Step<'a> {
    optimizer: &'a mut AdamW,
    gradients: GradientsParams,
    update: Update,
    path: Path,
}

impl ModuleMapper for Step<'_> {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.path.enter(name, container);
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.exit();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let (id, tensor, mapper) = param.consume();
        let tensor = match self.gradients.remove::<D>(id) {
            Some(gradient) => self.update_one(tensor, gradient),
            None => tensor,
        };
        Param::from_mapped_value(id, tensor, mapper)
    }
}

impl Step<'_> {
    fn update_one<const D: usize>(&mut self, tensor: Tensor<D>, gradient: Tensor<D>) -> Tensor<D> {
        let AdamWConfig { beta_1, beta_2, epsilon, weight_decay } = self.optimizer.config;
        let shape = tensor.shape();
        let length = shape.num_elements();
        let value = tensor.inner().reshape([length]);
        let gradient = gradient.reshape([length]);
        let path = self.path.join();
        let steps = self.optimizer.steps as i32;
        let decay = if D >= 2 { weight_decay } else { 0.0 };
        let update = AdamWUpdate {
            betas: [beta_1, beta_2],
            gradient_scale: self.update.gradient_scale,
            keep: 1.0 - self.update.rate * decay,
            rate: self.update.rate / (1.0 - beta_1.powi(steps)),
            second_scale: 1.0 / (1.0 - beta_2.powi(steps)),
            epsilon,
        };
        let (first_moment, second_moment) = match self.optimizer.moments.remove(&path) {
            Some(moments) => (moments.first, moments.second),
            None => (value.zeros_like(), value.zeros_like()),
        };
        let tensors = AdamWTensors { parameter: value, first_moment, second_moment };
        let updated = adamw::step(tensors, gradient, update);
        let moments = Moments {
            first: updated.first_moment,
            second: updated.second_moment,
            shape: shape.as_slice().to_vec(),
        };
        self.optimizer.moments.insert(path, moments);
        Tensor::from_inner(updated.parameter.reshape(shape)).require_grad()
    }
}
