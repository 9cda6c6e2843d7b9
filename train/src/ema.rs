//! Averages of the weights over the steps of a run.

use std::collections::BTreeMap;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::Tensor;
use zoo_models::checkpoint::Model;
use zoo_models::parameters::Path;

/// The exponential moving averages of a model's weights.
///
/// ```text
/// a <- a + (1 - min(decay, (1 + t) / (10 + t))) (w - a)
/// ```
///
/// The averages of a short run are not held back by the initial weights, because the decay rate
/// begins low.
///
/// Reference: Polyak and Juditsky 1992; the decay rate of step `t` is that of TensorFlow's
/// `ExponentialMovingAverage(num_updates)`
#[derive(Debug, Clone)]
pub(crate) struct Ema {
    decay: f64,
    /// The averages, without autodiff.
    pub(crate) model: Model,
}

impl Ema {
    /// Averages that start from a model without autodiff.
    pub(crate) fn new(decay: f64, model: Model) -> Self {
        Self { decay, model }
    }

    /// Adds the weights after step `step`, counted from 1.
    pub(crate) fn add(&mut self, step: usize, model: &Model) {
        let step = step as f64;
        let decay = self.decay.min((1.0 + step) / (10.0 + step));
        let mut read = Weights { path: Path::default(), found: BTreeMap::new() };
        model.visit(&mut read);
        let mut average =
            Average { path: Path::default(), share: 1.0 - decay, weights: read.found };
        self.model = self.model.clone().map(&mut average);
    }
}

/// Flat weights by path, without autodiff.
struct Weights {
    path: Path,
    found: BTreeMap<String, Tensor<1>>,
}

impl ModuleVisitor for Weights {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.path.enter(name, container);
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.exit();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let values = param.val().inner();
        let length = values.shape().num_elements();
        self.found.insert(self.path.join(), values.reshape([length]));
    }
}

struct Average {
    path: Path,
    /// The share of the new weights.
    share: f64,
    weights: BTreeMap<String, Tensor<1>>,
}

impl ModuleMapper for Average {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.path.enter(name, container);
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.exit();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let weights = self.weights.remove(&self.path.join());
        param.map(|average| match weights {
            // Weights that do not change have exact averages.
            Some(weights) => {
                let weights = weights.reshape(average.shape());
                average.clone() + (weights - average) * self.share
            }
            None => average,
        })
    }
}
