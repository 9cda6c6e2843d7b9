//! Scaling of the loss with model size.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Interval;

/// One architecture on one task at several sizes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scaling {
    /// The family's name.
    pub architecture: String,
    /// The task's name.
    pub task: String,
    /// The last points of the finished runs, of every size and seed.
    pub points: Vec<ScalingPoint>,
    /// The scaling law.
    pub fit: FitResult,
    /// The compute-optimal front: the best loss for each amount of compute, over all evaluations of
    /// all runs.
    pub front: Vec<Front>,
}

/// The end of a run at one size.
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
    /// Training FLOPs.
    pub flops: f64,
    /// The loss on the validation split, in nats per token.
    pub loss: f64,
}

/// The scaling law, or why it could not be fitted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FitResult {
    /// A fitted law.
    Fit(Fit),
    /// No law could be fitted.
    NotFitted {
        /// The reason.
        because: String,
    },
}

/// `loss = a · C^-b + c`, where C is the compute in FLOPs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fit {
    /// The scale.
    pub a: Fitted,
    /// The exponent.
    pub b: Fitted,
    /// The irreducible loss.
    pub c: Fitted,
    /// The curve's 95 % band, from the least compute to the most.
    pub band: Vec<BandAt>,
}

/// The 95 % band of a curve at an amount of compute; in JSON, an array of both.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BandAt {
    /// Training FLOPs.
    pub flops: f64,
    /// The interval of the loss.
    pub loss: Interval,
}

impl Serialize for BandAt {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (self.flops, self.loss).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for BandAt {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Deserialize::deserialize(deserializer).map(|(flops, loss)| Self { flops, loss })
    }
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
    /// Training FLOPs.
    pub flops: f64,
    /// The lowest loss reached with this compute.
    pub loss: f64,
    /// The size that reached it.
    pub size: String,
    /// The parameters of that size, without embeddings.
    pub parameters: u64,
}
