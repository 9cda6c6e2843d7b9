//! How the loss falls with size.

use serde::{Deserialize, Serialize};

use super::Interval;

/// One architecture on one task at several sizes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scaling {
    /// The family's name.
    pub architecture: String,
    /// The task's name.
    pub task: String,
    /// The ends of the runs that finished, of every size and seed.
    pub points: Vec<ScalingPoint>,
    /// The law.
    pub fit: FitResult,
    /// What is best at each amount of compute, among all moments of all runs at which they were scored.
    pub front: Vec<Front>,
}

/// A trained size.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScalingPoint {
    /// The size, as the command takes it.
    pub size: String,
    /// Parameters without embeddings.
    pub parameters: u64,
    /// The seed.
    pub seed: u64,
    /// The learning rate that was chosen for this size.
    pub learning_rate: f64,
    /// Operations that were spent on training.
    pub flops: f64,
    /// The loss on the validation split, in nats for each token.
    pub loss: f64,
}

/// The law, or why there is none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FitResult {
    /// There is one.
    Fit(Fit),
    /// There is none.
    NotFitted {
        /// Why.
        because: String,
    },
}

/// `loss = a · C^-b + c`, where C is the compute in operations.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fit {
    /// The scale.
    pub a: Fitted,
    /// The exponent.
    pub b: Fitted,
    /// What no compute removes.
    pub c: Fitted,
    /// The curve's 95 % band: (operations, interval of the loss), from the least compute to the most.
    pub band: Vec<(f64, Interval)>,
}

/// A value with its interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Fitted {
    /// The value.
    pub value: f64,
    /// Its 95 % confidence interval, where there is one.
    pub interval: Option<Interval>,
}

/// The best size at an amount of compute.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Front {
    /// Operations spent.
    pub flops: f64,
    /// The least loss reached with them.
    pub loss: f64,
    /// The size that reached it.
    pub size: String,
    /// Its parameters without embeddings.
    pub parameters: u64,
}
