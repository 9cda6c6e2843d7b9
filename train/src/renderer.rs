//! Plain progress output on standard error, for runs without a terminal.

use std::collections::HashMap;
use std::io::{self, Write};
use std::time::{Duration, Instant};

use burn::train::logger::{EvaluationProgressLogger, TrainingProgressLogger};
use burn::train::metric::{MetricDefinition, MetricId, NumericEntry};
use burn::train::renderer::{
    EvaluationName, MetricState, MetricsRenderer, MetricsRendererEvaluation,
    MetricsRendererTraining,
};

use crate::display::Verbosity;
use crate::process::duration;

/// The interval between lines.
const INTERVAL: Duration = Duration::from_secs(5);

/// Prints a line every few seconds and after each validation.
///
/// burn-train's epochs are the rounds between two validations here.
pub(crate) struct PlainRenderer {
    length: RunLength,
    verbosity: Verbosity,
    names: HashMap<MetricId, String>,
    train: HashMap<String, f64>,
    valid: HashMap<String, f64>,
    /// Completed rounds.
    rounds: usize,
    /// Completed steps of this round.
    items: usize,
    phase: Phase,
    began: Instant,
    printed: Instant,
}

/// The length of the run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RunLength {
    /// Steps that were taken before.
    pub(crate) first_step: usize,
    /// Total steps of the run.
    pub(crate) steps: usize,
    /// Steps per round.
    pub(crate) eval_interval: usize,
}

impl RunLength {
    /// The number of rounds of the whole run.
    pub(crate) fn rounds(&self) -> usize {
        self.steps.div_ceil(self.eval_interval)
    }

    /// Complete rounds that were run before.
    pub(crate) fn rounds_before(&self) -> usize {
        self.first_step / self.eval_interval
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Training,
    Validating,
}

impl PlainRenderer {
    /// Creates a renderer for a run.
    pub(crate) fn new(length: RunLength, verbosity: Verbosity) -> Self {
        let now = Instant::now();
        Self {
            length,
            verbosity,
            names: HashMap::new(),
            train: HashMap::new(),
            valid: HashMap::new(),
            rounds: length.rounds_before(),
            items: length.first_step % length.eval_interval,
            phase: Phase::Training,
            began: now,
            printed: now,
        }
    }

    fn step(&self) -> usize {
        (self.rounds * self.length.eval_interval + self.items).min(self.length.steps)
    }

    fn print(&mut self, extra: &str) {
        self.printed = Instant::now();
        if self.verbosity == Verbosity::Quiet {
            return;
        }
        let step = self.step();
        let width = self.length.steps.to_string().len();
        if self.train.is_empty() {
            // A validation before the first step.
            let _ = writeln!(io::stderr(), "step {step:>width$}/{}{extra}", self.length.steps);
            return;
        }
        let value = |name: &str| self.train.get(name).copied().unwrap_or(f64::NAN);
        let seconds = self.began.elapsed().as_secs_f64();
        let done = step.saturating_sub(self.length.first_step).max(1) as f64;
        let left = seconds / done * (self.length.steps - step) as f64;
        // Standard error may be closed; the run continues.
        let _ = writeln!(
            io::stderr(),
            "step {step:>width$}/{}  loss {:.4}  lr {:.2e}  {:.0} tokens/s  {} left{extra}",
            self.length.steps,
            value("Loss"),
            value("Learning rate") / 1e3,
            value("Tokens/s"),
            duration(left),
        );
    }

    fn record(&mut self, state: MetricState, phase: Phase) {
        let MetricState::Numeric(entry, Some(value)) = state else {
            return;
        };
        // Final entries are means over the whole round, which only matter for validation.
        if phase == Phase::Training && matches!(value, NumericEntry::Final(_)) {
            return;
        }
        let Some(name) = self.names.get(&entry.metric_id).cloned() else {
            return;
        };
        let values = if phase == Phase::Training { &mut self.train } else { &mut self.valid };
        values.insert(name, value.current());
    }
}

impl MetricsRendererTraining for PlainRenderer {
    fn update_train(&mut self, state: MetricState) {
        self.record(state, Phase::Training);
    }

    fn update_valid(&mut self, state: MetricState) {
        self.record(state, Phase::Validating);
    }
}

impl TrainingProgressLogger for PlainRenderer {
    fn start(
        &mut self,
        _epochs: usize,
        _first: usize,
        _items: Option<usize>,
        _label: Option<&str>,
    ) {
        self.began = Instant::now();
    }

    fn update_epoch(&mut self, epoch: usize) {
        self.rounds = epoch;
        self.items = 0;
    }

    fn start_split(&mut self, split: &str, _total_items: usize) {
        self.phase = if split == "train" { Phase::Training } else { Phase::Validating };
    }

    fn update_split(&mut self, items_processed: usize) {
        if self.phase == Phase::Training {
            self.items = items_processed;
            if self.printed.elapsed() >= INTERVAL {
                self.print("");
            }
        }
    }

    fn end_split(&mut self) {
        if self.phase == Phase::Validating {
            let loss = self.valid.get("Loss").copied().unwrap_or(f64::NAN);
            self.print(&format!("  validation loss {loss:.4}"));
        }
    }

    fn end(&mut self) {}

    fn log_event_training(&mut self, _event: String) {}
}

impl MetricsRenderer for PlainRenderer {
    fn manual_close(&mut self) {}

    fn register_metric(&mut self, definition: MetricDefinition) {
        self.names.insert(definition.metric_id, definition.name.to_string());
    }
}

impl MetricsRendererEvaluation for PlainRenderer {
    fn update_test(&mut self, _name: EvaluationName, _state: MetricState) {}
}

impl EvaluationProgressLogger for PlainRenderer {
    fn start_global_progress(&mut self, _total_tests: usize) {}
    fn start_test(&mut self, _name: &str, _total_items: usize) {}
    fn update_test_progress(&mut self, _items_processed: usize) {}
    fn end_test(&mut self) {}
    fn end_global_progress(&mut self) {}
    fn log_event_evaluation(&mut self, _event: String) {}
}
