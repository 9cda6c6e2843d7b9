//! The flags of `zoo train` for the optimizer and its learning rate.

use super::defaults::Defaults;
use crate::train::{
    AdafactorConfig, AdamWConfig, Decay, LionConfig, MuonConfig, OptimizerConfig, SgdConfig,
};

/// The optimizer and its learning rate.
#[derive(clap::Args)]
pub(super) struct OptimizerArgs {
    /// The optimizer. Muon is for the matrices of layers, with AdamW for the other parameters
    #[arg(
        long,
        value_name = "NAME",
        help_heading = "Optimizer",
        value_enum,
        default_value_t = OptimizerArg::Adamw
    )]
    optimizer: OptimizerArg,
    /// The peak learning rate [default: 1e-3; with --init-from and --task, 5e-5; 0.3 times it for
    /// lion, 100 times it for sgd]
    #[arg(long, value_name = "RATE", help_heading = "Optimizer")]
    lr: Option<f64>,
    /// The decay of the learning rate: cosine, linear, constant, inverse-root,
    /// warmup-stable-decay [default: cosine; with --task, linear]
    #[arg(long, value_name = "NAME", help_heading = "Optimizer")]
    pub(super) schedule: Option<Decay>,
    /// The final learning rate [default: a tenth of --lr; with --task, 0]
    #[arg(long, value_name = "RATE", help_heading = "Optimizer")]
    pub(super) min_lr: Option<f64>,
    /// Warmup steps of the learning rate [default: 100, at most a tenth of --steps; with
    /// --task, a tenth of them]
    #[arg(long, value_name = "N", help_heading = "Optimizer")]
    pub(super) warmup: Option<usize>,
    /// The factor on the learning rate for each layer from the top: heads have the whole rate,
    /// the highest layer X of it, and embeddings the lowest
    #[arg(long, value_name = "X", help_heading = "Optimizer", default_value_t = 1.0)]
    pub(super) layer_decay: f64,
    /// Weight decay of matrices; norms and biases have none [default: 0.1; with --task, 0.01; 3
    /// times it for lion, 0 for sgd]
    #[arg(long, value_name = "X", help_heading = "Optimizer")]
    weight_decay: Option<f64>,
    /// The momentum of sgd and muon [default: 0.9 for sgd, 0.95 for muon]
    #[arg(long, value_name = "X", help_heading = "Optimizer")]
    momentum: Option<f64>,
    /// Nesterov's momentum for sgd
    #[arg(long, help_heading = "Optimizer")]
    nesterov: bool,
    /// The decay rate of the first moment of adamw and muon, and the share of the momentum in an
    /// update of lion [default: 0.9]
    #[arg(long, value_name = "X", help_heading = "Optimizer")]
    beta1: Option<f64>,
    /// The decay rate of the second moment of adamw and muon, and of lion's momentum [default:
    /// 0.99; with --task, 0.999, and 0.99 for lion]
    #[arg(long, value_name = "X", help_heading = "Optimizer")]
    beta2: Option<f64>,
    /// Added to the square root of the second moment by adamw and muon [default: 1e-8]
    #[arg(long, value_name = "X", help_heading = "Optimizer")]
    epsilon: Option<f64>,
    /// Maximum global gradient norm; 0 disables clipping
    #[arg(long, value_name = "X", help_heading = "Optimizer", default_value_t = 1.0)]
    pub(super) clip: f64,
}

/// An optimizer by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum OptimizerArg {
    Adamw,
    Adafactor,
    Lion,
    Muon,
    Sgd,
}

impl OptimizerArgs {
    /// The peak learning rate.
    pub(super) fn rate(&self, defaults: &Defaults) -> f64 {
        self.lr.unwrap_or(match self.optimizer {
            // Lion's updates are signs, each as large as AdamW's largest.
            OptimizerArg::Lion => defaults.rate * 0.3,
            OptimizerArg::Sgd => defaults.rate * 100.0,
            _ => defaults.rate,
        })
    }

    /// The optimizer.
    pub(super) fn config(&self, defaults: &Defaults) -> OptimizerConfig {
        let weight_decay = self.weight_decay.unwrap_or(match self.optimizer {
            // Weight decay is multiplied by the learning rate, which is smaller.
            OptimizerArg::Lion => defaults.weight_decay * 3.0,
            OptimizerArg::Sgd => 0.0,
            _ => defaults.weight_decay,
        });
        let adamw = AdamWConfig {
            beta_1: self.beta1.unwrap_or(0.9),
            beta_2: self.beta2.unwrap_or(defaults.beta_2),
            epsilon: self.epsilon.unwrap_or(1e-8),
            weight_decay,
        };
        match self.optimizer {
            OptimizerArg::Adamw => OptimizerConfig::AdamW(adamw),
            OptimizerArg::Adafactor => OptimizerConfig::Adafactor(AdafactorConfig { weight_decay }),
            OptimizerArg::Lion => OptimizerConfig::Lion(LionConfig {
                beta_1: adamw.beta_1,
                beta_2: self.beta2.unwrap_or(0.99),
                weight_decay,
            }),
            OptimizerArg::Muon => {
                OptimizerConfig::Muon(MuonConfig { momentum: self.momentum.unwrap_or(0.95), adamw })
            }
            OptimizerArg::Sgd => OptimizerConfig::Sgd(SgdConfig {
                momentum: self.momentum.unwrap_or(0.9),
                nesterov: self.nesterov,
                weight_decay,
            }),
        }
    }

    /// The first setting that the optimizer does not have, and the reason.
    pub(super) fn problem(&self) -> Option<String> {
        use OptimizerArg::{Adamw, Lion, Muon, Sgd};
        let settings: [(&str, bool, &[OptimizerArg], &str); 5] = [
            ("--momentum", self.momentum.is_some(), &[Sgd, Muon], "sgd and muon"),
            ("--nesterov", self.nesterov, &[Sgd], "sgd"),
            ("--beta1", self.beta1.is_some(), &[Adamw, Lion, Muon], "adamw, lion and muon"),
            ("--beta2", self.beta2.is_some(), &[Adamw, Lion, Muon], "adamw, lion and muon"),
            ("--epsilon", self.epsilon.is_some(), &[Adamw, Muon], "adamw and muon"),
        ];
        let is_wrong = |(_, is_given, optimizers, _): &(&str, bool, &[OptimizerArg], &str)| {
            *is_given && !optimizers.contains(&self.optimizer)
        };
        let (flag, _, _, owners) = settings.into_iter().find(is_wrong)?;
        Some(format!("{flag} is a setting of --optimizer {owners}"))
    }
}
