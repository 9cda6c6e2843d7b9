//! The update of one parameter.

use std::collections::BTreeMap;

use burn::optim::momentum::MomentumConfig;
use burn::optim::{
    Adafactor, AdafactorConfig as BurnAdafactor, AdafactorState, AdjustLrFn,
    LionConfig as BurnLion, LionState, MuonConfig as BurnMuon, Optimizer, decay::WeightDecayConfig,
};
use burn::tensor::Tensor;

use super::config::{AdafactorConfig, LionConfig, SgdConfig};

/// How a parameter is updated.
#[derive(Debug, Clone, Copy)]
pub(super) enum Rule {
    /// Stochastic gradient descent.
    Sgd(SgdConfig),
    /// Lion.
    Lion(LionConfig),
    /// Adafactor.
    Adafactor(AdafactorConfig),
    /// Muon, for matrices only.
    Muon {
        /// The decay rate of the velocity.
        momentum: f64,
        /// Weight decay.
        weight_decay: f64,
    },
}

/// The state of a parameter, by name.
pub(super) type RuleState<const D: usize> = BTreeMap<&'static str, Tensor<D>>;

/// A parameter before an update.
pub(super) struct Parameter<const D: usize> {
    pub(super) value: Tensor<D>,
    pub(super) gradient: Tensor<D>,
    /// Empty before the first update.
    pub(super) state: RuleState<D>,
}

/// A parameter after an update.
pub(super) struct Updated<const D: usize> {
    pub(super) value: Tensor<D>,
    pub(super) state: RuleState<D>,
}

/// Names of states.
const VELOCITY: &str = "velocity";
const MOMENTUM: &str = "momentum";
const ROWS: &str = "rows";
const COLUMNS: &str = "columns";
const SECOND: &str = "second";

impl Rule {
    /// The name of a state that is stored under `name`; `None` if the rule has no such state.
    pub(super) fn state_name(self, name: &str) -> Option<&'static str> {
        let names: &[&str] = match self {
            Self::Sgd(_) | Self::Muon { .. } => &[VELOCITY],
            Self::Lion(_) => &[MOMENTUM],
            Self::Adafactor(_) => &[ROWS, COLUMNS, SECOND],
        };
        names.iter().copied().find(|known| *known == name)
    }

    /// Updates a parameter in step `step`, counted from 1.
    pub(super) fn update<const D: usize>(
        self,
        parameter: Parameter<D>,
        rate: f64,
        step: usize,
    ) -> Updated<D> {
        match self {
            Self::Sgd(config) => sgd(config, parameter, rate),
            Self::Lion(config) => lion(config, parameter, rate),
            Self::Adafactor(config) => adafactor(config, parameter, rate, step),
            Self::Muon { momentum, weight_decay } => {
                let Parameter { value, gradient, state } = parameter;
                let velocity = velocity(momentum, gradient.clone(), state);
                let gradient = gradient + velocity.clone() * momentum;
                // The momentum is above, where its state can be saved.
                let none = MomentumConfig { momentum: 0.0, dampening: 0.0, nesterov: false };
                let muon = BurnMuon::new()
                    .with_momentum(none)
                    .with_adjust_lr_fn(AdjustLrFn::MatchRmsAdamW)
                    .with_weight_decay(decay(weight_decay))
                    .build();
                let (value, _) = muon.step(rate, value, gradient, None);
                Updated { value, state: [(VELOCITY, velocity)].into() }
            }
        }
    }
}

fn decay(weight_decay: f64) -> Option<WeightDecayConfig> {
    (weight_decay != 0.0).then(|| WeightDecayConfig::new(weight_decay as f32))
}

/// `μ v + g`
fn velocity<const D: usize>(
    momentum: f64,
    gradient: Tensor<D>,
    mut state: RuleState<D>,
) -> Tensor<D> {
    match state.remove(VELOCITY) {
        Some(velocity) => velocity * momentum + gradient,
        None => gradient,
    }
}

fn sgd<const D: usize>(config: SgdConfig, parameter: Parameter<D>, rate: f64) -> Updated<D> {
    let Parameter { value, mut gradient, state } = parameter;
    if config.weight_decay != 0.0 && D >= 2 {
        gradient = gradient + value.clone() * config.weight_decay;
    }
    if config.momentum == 0.0 {
        return Updated { value: value - gradient * rate, state: RuleState::new() };
    }
    let velocity = velocity(config.momentum, gradient.clone(), state);
    let update = match config.nesterov {
        true => gradient + velocity.clone() * config.momentum,
        false => velocity.clone(),
    };
    Updated { value: value - update * rate, state: [(VELOCITY, velocity)].into() }
}

fn lion<const D: usize>(config: LionConfig, parameter: Parameter<D>, rate: f64) -> Updated<D> {
    let Parameter { value, gradient, mut state } = parameter;
    let lion = BurnLion::new()
        .with_beta_1(config.beta_1 as f32)
        .with_beta_2(config.beta_2 as f32)
        .with_weight_decay(if D >= 2 { config.weight_decay as f32 } else { 0.0 })
        .build();
    let before = state.remove(MOMENTUM).map(LionState::new);
    let (value, after) = lion.step(rate, value, gradient, before);
    let state = after.into_iter().map(|state| (MOMENTUM, state.momentum)).collect();
    Updated { value, state }
}

fn adafactor<const D: usize>(
    config: AdafactorConfig,
    parameter: Parameter<D>,
    rate: f64,
    step: usize,
) -> Updated<D> {
    let Parameter { value, gradient, mut state } = parameter;
    let rule: Adafactor = BurnAdafactor::new()
        .with_relative_step(false)
        .with_scale_parameter(false)
        .with_weight_decay(if D >= 2 { config.weight_decay as f32 } else { 0.0 })
        .build();
    let name = if D >= 2 { ROWS } else { SECOND };
    let before = state.remove(name).map(|second_moment| AdafactorState {
        time: step - 1,
        second_moment,
        column_second_moment: state.remove(COLUMNS),
    });
    let (value, after) = rule.step(rate, value, gradient, before);
    let mut state = RuleState::new();
    if let Some(after) = after {
        state.insert(name, after.second_moment);
        state.extend(after.column_second_moment.map(|columns| (COLUMNS, columns)));
    }
    Updated { value, state }
}
