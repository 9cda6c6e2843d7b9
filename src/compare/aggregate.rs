//! Aggregates records into a study: means, intervals, tests.

mod settings;

use self::settings::settings;
use super::job::Record;
use super::measuring::Measured;
use super::plan::{Plan, PlannedCandidate};
use super::spec::{Amount, MatchBy};
use crate::datasets::task::{Context, Metric, Task, TaskKind};
use crate::report::aggregate::{SweptSize, aggregated, scaling};
use crate::report::statistics::StatisticsError;
use crate::report::study::{
    self, Better, CostCurve, DataSplit, Device, Match, Outcome, RateOutcome, RateTrial, Run, Speed,
    Study, Versions,
};

/// The environment that the runs were computed in.
#[derive(Debug, Clone)]
pub struct RunEnvironment {
    /// The command that was given.
    pub command: String,
    /// The start time.
    pub started: String,
    /// The device that the runs were computed on.
    pub device: Device,
    /// Versions of the software that affects the results.
    pub versions: Versions,
}

/// The runs of a candidate: the learning-rate trials and the runs that are reported.
#[derive(Debug, Clone)]
pub struct Ran {
    /// One trial per learning rate.
    pub trials: Vec<Record>,
    /// The learning rate that was chosen.
    pub rate: f64,
    /// One run per seed.
    pub runs: Vec<Record>,
    /// Speed and memory of generation; `None` where the model does not generate, or was not
    /// measured.
    pub writing: Option<Measured>,
}

/// The study of a plan whose runs have ended. `ran` is in the order of the plan's candidates.
///
/// # Errors
///
/// A score is NaN or infinite.
pub fn study(
    plan: &Plan,
    ran: &[Ran],
    costs: Vec<CostCurve>,
    environment: RunEnvironment,
) -> Result<Study, StatisticsError> {
    let is_sweep = plan.spec.is_sweep();
    let (mut candidates, mut swept) = (Vec::new(), Vec::new());
    let mut runs = Vec::new();
    for (candidate, ran) in plan.candidates.iter().zip(ran) {
        let task = plan.tasks[candidate.task].task.spec.to_string();
        // A candidate is one architecture on one task, regardless of the sizes of a sweep.
        if is_sweep {
            swept.push(SweptSize {
                architecture: candidate.name.clone(),
                task: task.clone(),
                size: candidate.size.to_string(),
                parameters: candidate.sized.parameters.body,
                learning_rate: ran.rate,
            });
        } else {
            candidates.push(described(plan, candidate, ran));
        }
        runs.extend(ran.runs.iter().map(|record| Run {
            architecture: candidate.name.clone(),
            task: task.clone(),
            size: is_sweep.then(|| candidate.size.to_string()),
            seed: record.job.seed,
            outcome: record.outcome.clone(),
            curve: record.curve.clone(),
            seconds: record.seconds,
            speed: speed(record, ran.writing.as_ref()),
        }));
    }
    let names: Vec<String> =
        plan.tasks.iter().map(|planned| planned.task.spec.to_string()).collect();
    let title = plan.spec.title.clone();
    aggregated(Study {
        schema: study::SCHEMA,
        title: title.unwrap_or_else(|| {
            format!("{} on {}", plan.spec.architectures.join(", "), names.join(", "))
        }),
        command: environment.command,
        toml: plan.spec.to_toml(),
        versions: environment.versions,
        device: environment.device,
        started: environment.started,
        seconds: ran
            .iter()
            .flat_map(|ran| ran.trials.iter().chain(&ran.runs))
            .map(|r| r.seconds)
            .sum(),
        budget: match (plan.spec.match_by, plan.spec.size) {
            _ if is_sweep => Match::Sizes,
            (MatchBy::Params, Amount::Count(count)) => Match::Params(count),
            (MatchBy::Flops, Amount::Count(count)) => Match::Flops(count),
            (_, Amount::Seconds(seconds)) => Match::Time(seconds),
            (MatchBy::Time, Amount::Count(_)) => Match::Sizes,
        },
        seeds: plan.seeds(),
        settings: settings(plan),
        tasks: plan.tasks.iter().map(|planned| task(&planned.task)).collect(),
        comparisons: Vec::new(),
        scaling: if is_sweep { scaling(&swept, &runs)? } else { Vec::new() },
        candidates,
        runs,
        costs,
    })
}

/// The speed and memory of a run; generation is measured once for all runs of a candidate.
fn speed(record: &Record, writing: Option<&Measured>) -> Speed {
    let writing = writing.filter(|_| matches!(record.outcome, Outcome::Finished { .. }));
    Speed {
        decode_tokens: writing.map(|measured| measured.tokens),
        decode_bytes: writing.and_then(|measured| measured.bytes),
        ..record.speed
    }
}

fn task(task: &Task) -> study::Task {
    let tokens = |examples: &[crate::datasets::task::Example]| {
        Some(examples.iter().map(|example| example.input.len() as u64).sum())
    };
    let split = |name: &str, examples: &[_]| DataSplit {
        name: name.into(),
        examples: examples.len(),
        tokens: tokens(examples),
    };
    let mut splits = Vec::new();
    if let Some(size) = task.train_size() {
        splits.push(DataSplit { name: "train".into(), examples: size as usize, tokens: None });
    }
    splits.push(split("validation", &task.validation));
    splits.push(split("test", &task.test));
    let shortest =
        task.test.iter().chain(&task.validation).map(|example| example.input.len()).min();
    let (unit, better, best) = scale(task.score);
    study::Task {
        name: task.spec.to_string(),
        about: task.spec.info().about.to_string(),
        kind: match task.kind {
            TaskKind::Language => study::TaskKind::Language,
            TaskKind::Masked => study::TaskKind::Masked,
            TaskKind::Classification => study::TaskKind::Classification,
            TaskKind::Tagging(Context::Causal | Context::Bidirectional) => study::TaskKind::Tagging,
            TaskKind::Transduction => study::TaskKind::Transduction,
        },
        metric: study::Metric {
            name: task.score.to_string(),
            unit: unit.into(),
            better,
            chance: task.chance.is_finite().then_some(task.chance),
            best,
        },
        data_hash: task.data_hash.clone(),
        splits,
        lengths: (shortest.unwrap_or(0), task.lengths.input.max(task.lengths.target)),
        references: task
            .references
            .iter()
            .map(|reference| study::Reference {
                what: reference.what.into(),
                score: reference.score,
                source: reference.source.into(),
            })
            .collect(),
        secondary: task
            .also
            .iter()
            .map(|metric| {
                let (unit, better, best) = scale(*metric);
                study::Secondary { name: metric.to_string(), unit: unit.into(), better, best }
            })
            .collect(),
        notes: task.notes(),
    }
}

/// The unit of a metric, its better direction, and its best possible value.
fn scale(metric: Metric) -> (&'static str, Better, Option<f64>) {
    match metric {
        Metric::BitsPerCharacter => ("", Better::Lower, None),
        Metric::Bleu | Metric::ChrF => ("", Better::Higher, Some(100.0)),
        _ => ("%", Better::Higher, Some(100.0)),
    }
}

/// A candidate without the scores of its runs.
fn described(plan: &Plan, candidate: &PlannedCandidate, ran: &Ran) -> study::Candidate {
    let task = &plan.tasks[candidate.task].task;
    let last = ran.runs.iter().filter_map(|record| record.curve.last()).max_by_key(|p| p.step);
    let sized = &candidate.sized;
    study::Candidate {
        architecture: candidate.name.clone(),
        task: task.spec.to_string(),
        backbone: candidate.backbone,
        how: candidate.objective.sentence(task.kind).to_string(),
        dimensions: sized.dimensions.clone(),
        parameters: sized.parameters,
        deviation: candidate.pretrained.is_none().then_some(100.0 * sized.deviation),
        flops: sized.flops,
        rates: ran.trials.iter().map(trial).collect(),
        learning_rate: ran.rate,
        training: study::TrainingLength {
            steps: last.map_or(0, |point| point.step),
            tokens: last.map_or(0, |point| point.tokens),
        },
        summary: study::Summary::default(),
        secondary: Vec::new(),
        is_at_chance: false,
        pretrained: candidate
            .pretrained
            .as_ref()
            .map(|start| start.init_from.folder.display().to_string()),
    }
}

fn trial(record: &Record) -> RateTrial {
    RateTrial {
        rate: record.job.rate,
        outcome: match &record.outcome {
            Outcome::Finished { validation, .. } => RateOutcome::Loss(*validation),
            Outcome::Diverged { step, .. } => RateOutcome::Diverged { step: *step },
            Outcome::Failed { reason } => RateOutcome::Failed { reason: reason.clone() },
            Outcome::Missing => RateOutcome::Failed { reason: "it did not run".into() },
        },
    }
}
