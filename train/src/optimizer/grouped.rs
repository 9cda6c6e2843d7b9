//! An optimizer for a whole model: groups of parameters with an update rule and a learning rate.

use std::collections::BTreeMap;

use burn::module::{Module, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor};
use thiserror::Error;
use zoo_models::checkpoint::F32Tensor;
use zoo_models::parameters::{self, ParameterInfo, Path};

use super::config::{MuonConfig, OptimizerConfig};
use super::depth::{Depth, depths};
use super::rule::Rule;
use super::stateful::Stateful;
use crate::adamw::{AdamW, AdamWConfig, Update};

/// An optimizer with the state of every parameter.
#[derive(Debug, Clone)]
pub struct Optimizer {
    groups: Vec<Group>,
    /// The group of each parameter by path; empty if there is one group for all.
    group_of: BTreeMap<String, usize>,
}

/// Parameters that are updated alike.
#[derive(Debug, Clone)]
struct Group {
    /// The factor on the learning rate.
    factor: f64,
    rule: GroupRule,
}

#[derive(Debug, Clone)]
enum GroupRule {
    AdamW(AdamW),
    Other(Stateful),
}

/// A saved state that is not one of the optimizer.
#[derive(Debug, Error)]
pub enum OptimizerStateError {
    /// Another optimizer wrote it.
    #[error(
        "{key}: not a state of this optimizer; a run is resumed with the optimizer that it began \
         with"
    )]
    OtherOptimizer {
        /// The name of the tensor.
        key: String,
    },
    /// It is of a parameter that the model lacks.
    #[error(
        "moments of {path}, which the model lacks; another version wrote this run. `zoo train \
         --init-from` starts a new run with its weights"
    )]
    UnknownParameter {
        /// The path of the parameter.
        path: String,
    },
}

impl From<AdamW> for Optimizer {
    fn from(adamw: AdamW) -> Self {
        let group = Group { factor: 1.0, rule: GroupRule::AdamW(adamw) };
        Self { groups: vec![group], group_of: BTreeMap::new() }
    }
}

/// A state to resume from.
#[derive(Debug, Clone)]
pub struct SavedState {
    /// The number of steps taken.
    pub steps: usize,
    /// The state, named `<name>.<path>`.
    pub tensors: BTreeMap<String, F32Tensor>,
}

impl Optimizer {
    /// An optimizer without state for the parameters of `module`. The learning rate of a parameter
    /// is multiplied by `layer_decay` for each layer from the top of its stack: heads and final
    /// norms have the whole rate, the highest layer `layer_decay` of it, and embeddings the lowest.
    ///
    /// Reference: Clark et al. 2020, appendix B, <https://arxiv.org/abs/2003.10555>; counted as in
    /// BEiT, Bao et al. 2022, <https://arxiv.org/abs/2106.08254>
    pub fn new<M: Module>(config: OptimizerConfig, layer_decay: f64, module: &M) -> Self {
        let Layout { groups, group_of } = Layout::new(config, layer_decay, module);
        let groups = groups.into_iter().map(|PlannedGroup { factor, plan }| Group {
            factor,
            rule: match plan {
                Plan::AdamW(config) => GroupRule::AdamW(AdamW::new(config)),
                Plan::Other(rule) => GroupRule::Other(Stateful::new(rule)),
            },
        });
        Self { groups: groups.collect(), group_of }
    }

    /// The same after steps that another process took.
    ///
    /// # Errors
    ///
    /// A state of another optimizer, or of a parameter that the model lacks.
    pub fn resume<M: Module>(
        config: OptimizerConfig,
        layer_decay: f64,
        module: &M,
        saved: SavedState,
        device: &Device,
    ) -> Result<Self, OptimizerStateError> {
        let Layout { groups, group_of } = Layout::new(config, layer_decay, module);
        let SavedState { steps, tensors } = saved;
        let mut parts: Vec<BTreeMap<String, F32Tensor>> = vec![BTreeMap::new(); groups.len()];
        for (key, tensor) in tensors {
            let Some((_, path)) = key.split_once('.') else {
                return Err(OptimizerStateError::OtherOptimizer { key });
            };
            let Some(group) = group_of.get(path) else {
                let path = path.to_string();
                return Err(OptimizerStateError::UnknownParameter { path });
            };
            parts[*group].insert(key, tensor);
        }
        let other = |key| OptimizerStateError::OtherOptimizer { key };
        let resumed = groups.into_iter().zip(parts).map(|(group, part)| {
            let rule = match group.plan {
                Plan::AdamW(config) => {
                    let key = part.keys().next().cloned().unwrap_or_default();
                    let adamw = AdamW::resume(config, steps, part, device);
                    GroupRule::AdamW(adamw.ok_or_else(|| other(key))?)
                }
                Plan::Other(rule) => {
                    let resumed = Stateful::new(rule).resume(steps, part, device);
                    GroupRule::Other(resumed.map_err(other)?)
                }
            };
            Ok::<Group, OptimizerStateError>(Group { factor: group.factor, rule })
        });
        Ok(Self { groups: resumed.collect::<Result<_, _>>()?, group_of })
    }

    /// Updates every parameter that has a gradient.
    pub fn step<M: Module>(&mut self, module: M, gradients: GradientsParams, update: Update) -> M {
        if let [only] = &mut self.groups[..] {
            return only.step(module, gradients, update);
        }
        let parts = self.split(&module, gradients);
        let groups = self.groups.iter_mut().zip(parts);
        groups.fold(module, |module, (group, part)| group.step(module, part, update))
    }

    /// The gradients of each group.
    fn split<M: Module>(&self, module: &M, gradients: GradientsParams) -> Vec<GradientsParams> {
        let parts = self.groups.iter().map(|_| GradientsParams::new()).collect();
        let mut split = Split { path: Path::default(), group_of: &self.group_of, gradients, parts };
        module.visit(&mut split);
        split.parts
    }

    /// The state, named `<name>.<path>`.
    pub fn state(&self) -> BTreeMap<String, F32Tensor> {
        let state = |group: &Group| match &group.rule {
            GroupRule::AdamW(adamw) => adamw.state(),
            GroupRule::Other(other) => other.state(),
        };
        self.groups.iter().flat_map(state).collect()
    }
}

/// The groups of a model's parameters.
struct Layout {
    groups: Vec<PlannedGroup>,
    group_of: BTreeMap<String, usize>,
}

struct PlannedGroup {
    factor: f64,
    plan: Plan,
}

/// How a group is updated.
enum Plan {
    AdamW(AdamWConfig),
    Other(Rule),
}

impl Layout {
    fn new<M: Module>(config: OptimizerConfig, layer_decay: f64, module: &M) -> Self {
        let parameters = parameters::list(module);
        let depths = depths(&parameters);
        let height = Depth::height(&depths);
        let mut layout = Self { groups: Vec::new(), group_of: BTreeMap::new() };
        let mut known = BTreeMap::new();
        for (parameter, depth) in parameters.iter().zip(depths) {
            let is_hidden = is_hidden_matrix(parameter, depth);
            let has_muon = is_hidden && matches!(config, OptimizerConfig::Muon(_));
            let falls = layer_decay != 1.0;
            let group = *known.entry((has_muon, falls.then_some(depth))).or_insert_with(|| {
                let factor = if falls { depth.factor(layer_decay, height) } else { 1.0 };
                let plan = Plan::new(config, is_hidden);
                layout.groups.push(PlannedGroup { factor, plan });
                layout.groups.len() - 1
            });
            layout.group_of.insert(parameter.path.clone(), group);
        }
        layout
    }
}

impl Plan {
    /// The update of hidden matrices, or of other parameters.
    fn new(config: OptimizerConfig, is_hidden: bool) -> Self {
        Self::Other(match config {
            OptimizerConfig::AdamW(config) => return Self::AdamW(config),
            OptimizerConfig::Muon(config) if !is_hidden => return Self::AdamW(config.adamw),
            OptimizerConfig::Muon(MuonConfig { momentum, adamw }) => {
                Rule::Muon { momentum, weight_decay: adamw.weight_decay }
            }
            OptimizerConfig::Sgd(config) => Rule::Sgd(config),
            OptimizerConfig::Lion(config) => Rule::Lion(config),
            OptimizerConfig::Adafactor(config) => Rule::Adafactor(config),
        })
    }
}

/// Whether a parameter is a matrix between hidden states.
fn is_hidden_matrix(parameter: &ParameterInfo, depth: Depth) -> bool {
    matches!(depth, Depth::Layer(_)) && parameter.shape.len() == 2
}

impl Group {
    fn step<M: Module>(&mut self, module: M, gradients: GradientsParams, update: Update) -> M {
        let update = Update { rate: update.rate * self.factor, ..update };
        match &mut self.rule {
            GroupRule::AdamW(adamw) => adamw.step(module, gradients, update),
            GroupRule::Other(other) => other.step(module, gradients, update),
        }
    }
}

struct Split<'a> {
    path: Path,
    group_of: &'a BTreeMap<String, usize>,
    gradients: GradientsParams,
    parts: Vec<GradientsParams>,
}

impl ModuleVisitor for Split<'_> {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.path.enter(name, container);
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.exit();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let Some(gradient) = self.gradients.remove::<D>(param.id) else {
            return;
        };
        let group = self.group_of.get(&self.path.join()).copied().unwrap_or_default();
        self.parts[group].register::<D>(param.id, gradient);
    }
}
