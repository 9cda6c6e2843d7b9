//! An update rule with the state of every parameter, by path.

use std::collections::BTreeMap;

use burn::module::{Module, ModuleMapper, Param};
use burn::optim::GradientsParams;
use burn::tensor::{DType, Device, Shape, Tensor, TensorData};
use zoo_models::checkpoint::F32Tensor;
use zoo_models::parameters::Path;

use super::rule::{Parameter, Rule, RuleState, Updated};
use crate::adamw::Update;

/// A rule with its state. Like AdamW's moments, it is stored by path, so that a run can be resumed.
#[derive(Debug, Clone)]
pub(super) struct Stateful {
    rule: Rule,
    /// The number of steps taken.
    steps: usize,
    /// The state of each parameter, by path and name.
    states: BTreeMap<String, BTreeMap<&'static str, Saved>>,
}

#[derive(Debug, Clone)]
struct Saved {
    values: Tensor<1>,
    shape: Vec<usize>,
}

impl Stateful {
    pub(super) fn new(rule: Rule) -> Self {
        Self { rule, steps: 0, states: BTreeMap::new() }
    }

    /// Updates every parameter that has a gradient.
    pub(super) fn step<M: Module>(
        &mut self,
        module: M,
        gradients: GradientsParams,
        update: Update,
    ) -> M {
        self.steps += 1;
        module.map(&mut Step { optimizer: self, gradients, update, path: Path::default() })
    }

    /// The state, named `<name>.<path>`.
    pub(super) fn state(&self) -> BTreeMap<String, F32Tensor> {
        let parameters = self.states.iter().flat_map(|(path, states)| {
            states.iter().map(move |(name, saved)| (format!("{name}.{path}"), saved))
        });
        let read = |saved: &Saved| F32Tensor {
            shape: saved.shape.clone(),
            values: saved.values.to_data().iter::<f32>().collect(),
        };
        parameters.map(|(key, saved)| (key, read(saved))).collect()
    }

    /// The rule after `steps` steps with a saved state; the key that the rule does not have if
    /// there is one.
    pub(super) fn resume(
        self,
        steps: usize,
        state: BTreeMap<String, F32Tensor>,
        device: &Device,
    ) -> Result<Self, String> {
        let device = device.clone().inner();
        let mut states: BTreeMap<String, BTreeMap<&'static str, Saved>> = BTreeMap::new();
        for (key, F32Tensor { shape, values }) in state {
            let parts = key.split_once('.');
            let found = parts.and_then(|(name, path)| Some((self.rule.state_name(name)?, path)));
            let Some((name, path)) = found else {
                return Err(key);
            };
            let data = TensorData::new(values, [shape.iter().product::<usize>()]);
            let values = Tensor::from_data(data, (&device, DType::F32));
            states.entry(path.to_string()).or_default().insert(name, Saved { values, shape });
        }
        Ok(Self { steps, states, ..self })
    }
}

struct Step<'a> {
    optimizer: &'a mut Stateful,
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
        let Stateful { rule, steps, states } = &mut *self.optimizer;
        let path = self.path.join();
        let before = states.remove(&path).unwrap_or_default();
        let before = before
            .into_iter()
            .map(|(name, Saved { values, shape })| (name, values.reshape(Shape::from(shape))));
        let state: RuleState<D> = before.collect();
        let gradient = gradient * self.update.gradient_scale;
        let parameter = Parameter { value: tensor.inner(), gradient, state };
        let Updated { value, state } = rule.update(parameter, self.update.rate, *steps);
        let save = |tensor: Tensor<D>| {
            let shape = tensor.shape();
            let values = tensor.reshape([shape.num_elements()]);
            Saved { values, shape: shape.as_slice().to_vec() }
        };
        let saved = state.into_iter().map(|(name, tensor)| (name, save(tensor))).collect();
        states.insert(path, saved);
        Tensor::from_inner(value).require_grad()
    }
}
