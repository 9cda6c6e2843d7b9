//! Metrics of burn-train's dashboard.

use std::sync::Arc;

use burn::tensor::TensorReadError;
use burn::train::metric::state::{FormatOptions, NumericMetricState};
use burn::train::metric::{
    Adaptor, Metric, MetricAttributes, MetricMetadata, MetricName, Numeric, NumericAttributes,
    NumericEntry, SerializedEntry,
};

use crate::objective::LossSum;
use crate::train_loop::StepReport;

/// A numeric metric that is read from an item.
#[derive(Clone)]
pub(crate) struct Gauge<I> {
    name: MetricName,
    unit: Option<&'static str>,
    precision: usize,
    better: Direction,
    /// The value, and the number of tokens it is averaged over.
    read: fn(&I) -> (f64, usize),
    state: NumericMetricState,
}

/// Whether higher or lower values are better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    Higher,
    Lower,
}

impl Gauge<LossSum> {
    /// The mean loss in nats per token.
    pub(crate) fn loss() -> Self {
        Self::new("Loss", |item: &LossSum| (item.mean(), item.targets)).decimals(4)
    }
}

impl Gauge<StepReport> {
    /// Training speed in tokens per second.
    pub(crate) fn speed() -> Self {
        let mut gauge = Self::new("Tokens/s", |item: &StepReport| (item.tokens_per_second, 1));
        gauge.better = Direction::Higher;
        gauge
    }

    /// The global gradient norm before clipping.
    pub(crate) fn gradient_norm() -> Self {
        Self::new("Gradient norm", |item: &StepReport| (item.gradient_norm, 1)).decimals(3)
    }

    /// The learning rate times 1000, because the dashboard shows few digits.
    pub(crate) fn learning_rate() -> Self {
        let mut gauge = Self::new("Learning rate", |item: &StepReport| (item.rate * 1e3, 1));
        gauge.unit = Some("e-3");
        gauge.decimals(4)
    }
}

impl<I> Gauge<I> {
    fn new(name: &str, read: fn(&I) -> (f64, usize)) -> Self {
        Self {
            name: Arc::new(name.to_string()),
            unit: None,
            precision: 0,
            better: Direction::Lower,
            read,
            state: NumericMetricState::new(),
        }
    }

    fn decimals(mut self, precision: usize) -> Self {
        self.precision = precision;
        self
    }

    fn format(&self) -> FormatOptions {
        let format = FormatOptions::new(self.name.clone()).precision(self.precision);
        match self.unit {
            Some(unit) => format.unit(unit),
            None => format,
        }
    }
}

impl<I: Clone + Send + Sync> Metric for Gauge<I> {
    type Input = I;

    fn name(&self) -> MetricName {
        self.name.clone()
    }

    fn attributes(&self) -> MetricAttributes {
        NumericAttributes {
            unit: self.unit.map(str::to_string),
            higher_is_better: self.better == Direction::Higher,
        }
        .into()
    }

    fn update(
        &mut self,
        item: &I,
        _metadata: &MetricMetadata,
    ) -> Result<SerializedEntry, TensorReadError> {
        let (value, count) = (self.read)(item);
        self.state.update(value, count);
        Ok(self.state.compute_update(self.format()))
    }

    fn compute(&mut self) -> Result<SerializedEntry, TensorReadError> {
        Ok(self.state.compute_final(self.format()))
    }

    fn clear(&mut self) {
        self.state.reset();
    }
}

impl<I> Numeric for Gauge<I> {
    fn value(&self) -> Option<NumericEntry> {
        Some(self.state.current_value())
    }

    fn running_value(&self) -> Option<NumericEntry> {
        Some(self.state.running_value())
    }

    fn final_value(&self) -> NumericEntry {
        self.state.final_value()
    }
}

impl Adaptor<LossSum> for LossSum {
    fn adapt(&self) -> LossSum {
        *self
    }
}

impl Adaptor<LossSum> for StepReport {
    fn adapt(&self) -> LossSum {
        self.loss
    }
}

impl Adaptor<StepReport> for StepReport {
    fn adapt(&self) -> StepReport {
        *self
    }
}
