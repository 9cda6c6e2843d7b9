//! Scaling of the loss with model size, for each architecture.

use std::f64::consts::LN_2;

use super::Ran;
use crate::compare::job::Record;
use crate::compare::plan::{Plan, PlannedCandidate};
use crate::compare::statistics::{self, Estimate, Point, StatisticsError, fit_scaling};
use crate::compare::study::{
    Fit, FitResult, Fitted, Front, Interval, Outcome, Scaling, ScalingPoint,
};

/// Intervals between the points of a fitted curve's confidence band.
const BAND_STEPS: u32 = 20;

/// One result per architecture and task of a sweep.
pub(super) fn scaling(plan: &Plan, ran: &[Ran]) -> Result<Vec<Scaling>, StatisticsError> {
    let all: Vec<(&PlannedCandidate, &Ran)> = plan.candidates.iter().zip(ran).collect();
    let is_same = |a: &PlannedCandidate, b: &PlannedCandidate| {
        a.task == b.task && a.family.name() == b.family.name()
    };
    // The sizes of one architecture on one task are adjacent.
    let sweeps = all.chunk_by(|(a, _), (b, _)| is_same(a, b));
    sweeps.map(|sizes| sweep(plan, sizes)).collect()
}

fn sweep(plan: &Plan, sizes: &[(&PlannedCandidate, &Ran)]) -> Result<Scaling, StatisticsError> {
    let (first, _) = sizes[0];
    let points: Vec<ScalingPoint> = sizes.iter().flat_map(|(of, ran)| ends(of, ran)).collect();
    let ends: Vec<Point> = points.iter().map(|p| Point { x: p.flops, y: p.loss }).collect();
    Ok(Scaling {
        architecture: first.family.name().to_string(),
        task: plan.tasks[first.task].task.spec.to_string(),
        fit: fit(&ends),
        front: front(sizes)?,
        points,
    })
}

/// The last points of the runs that finished.
fn ends(of: &PlannedCandidate, ran: &Ran) -> Vec<ScalingPoint> {
    let finished = finished(ran);
    let end = |record: &Record| {
        let (flops, loss) = moments(record).last()?;
        Some(ScalingPoint {
            size: of.size.to_string(),
            parameters: of.sized.parameters.body,
            seed: record.job.seed,
            learning_rate: ran.rate,
            flops,
            loss,
        })
    };
    finished.filter_map(end).collect()
}

fn finished(ran: &Ran) -> impl Iterator<Item = &Record> {
    ran.runs.iter().filter(|record| matches!(record.outcome, Outcome::Finished { .. }))
}

/// FLOPs spent and loss in nats per token, at each evaluation; scores are in bits.
fn moments(record: &Record) -> impl DoubleEndedIterator<Item = (f64, f64)> {
    let curve = record.curve.iter();
    curve.filter_map(|point| Some((point.flops, point.validation? * LN_2)))
}

fn fit(points: &[Point]) -> FitResult {
    let fitted = |of: Estimate| Fitted {
        value: of.value,
        // An interval without an upper end is omitted.
        interval: of.high.map(|high| Interval { low: of.low, high }),
    };
    let law = match fit_scaling(points) {
        Ok(law) => law,
        Err(error) => return FitResult::NotFitted { because: error.to_string() },
    };
    let least = points.iter().map(|point| point.x).fold(f64::INFINITY, f64::min);
    let most = points.iter().map(|point| point.x).fold(0.0, f64::max);
    let at = |step| least * (most / least).powf(f64::from(step) / f64::from(BAND_STEPS));
    let band = (0..=BAND_STEPS).map(at).filter_map(|flops| {
        let curve = law.predict(flops).ok()?.curve;
        Some((flops, Interval { low: curve.low, high: curve.high }))
    });
    FitResult::Fit(Fit {
        a: fitted(law.a),
        b: fitted(law.b),
        c: fitted(law.c),
        band: band.collect(),
    })
}

/// The Pareto front over the evaluations of all runs: no other evaluation has fewer FLOPs and a
/// lower loss.
fn front(sizes: &[(&PlannedCandidate, &Ran)]) -> Result<Vec<Front>, StatisticsError> {
    let of_run = |of: &PlannedCandidate, record: &Record| -> Vec<Front> {
        let moment = |(flops, loss)| Front {
            flops,
            loss,
            size: of.size.to_string(),
            parameters: of.sized.parameters.body,
        };
        moments(record).map(moment).collect()
    };
    let moments: Vec<Front> = sizes
        .iter()
        .flat_map(|(of, ran)| finished(ran).flat_map(|record| of_run(of, record)))
        .collect();
    if moments.is_empty() {
        return Ok(Vec::new());
    }
    let points: Vec<Point> = moments.iter().map(|m| Point { x: m.flops, y: m.loss }).collect();
    let best = statistics::front(&points)?;
    Ok(best.into_iter().map(|index| moments[index].clone()).collect())
}
