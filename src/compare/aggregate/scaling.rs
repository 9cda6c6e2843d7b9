//! How the loss of each architecture falls with its size.

use std::f64::consts::LN_2;

use super::Ran;
use crate::compare::job::Record;
use crate::compare::plan::{Candidate, Plan};
use crate::compare::statistics::{self, Estimate, Point, StatisticsError, fit_scaling};
use crate::compare::study::{
    Fit, FitResult, Fitted, Front, Interval, Outcome, Scaling, ScalingPoint,
};

/// Places of a fitted curve's band.
const PLACES: u32 = 20;

/// One for each architecture and task of a sweep.
pub(super) fn scaling(plan: &Plan, ran: &[Ran]) -> Result<Vec<Scaling>, StatisticsError> {
    let all: Vec<(&Candidate, &Ran)> = plan.candidates.iter().zip(ran).collect();
    let is_same =
        |a: &Candidate, b: &Candidate| a.task == b.task && a.family.name() == b.family.name();
    // The sizes of one architecture on one task stand together.
    let sweeps = all.chunk_by(|(a, _), (b, _)| is_same(a, b));
    sweeps.map(|sizes| sweep(plan, sizes)).collect()
}

fn sweep(plan: &Plan, sizes: &[(&Candidate, &Ran)]) -> Result<Scaling, StatisticsError> {
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

/// The ends of the runs that came there.
fn ends(of: &Candidate, ran: &Ran) -> Vec<ScalingPoint> {
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

/// Operations and nats for a token, at each moment that was scored; scores are in bits.
fn moments(record: &Record) -> impl DoubleEndedIterator<Item = (f64, f64)> {
    let curve = record.curve.iter();
    curve.filter_map(|point| Some((point.flops, point.validation? * LN_2)))
}

fn fit(points: &[Point]) -> FitResult {
    let fitted = |of: Estimate| Fitted {
        value: of.value,
        // An interval that is open above is none.
        interval: of.high.map(|high| Interval { low: of.low, high }),
    };
    let law = match fit_scaling(points) {
        Ok(law) => law,
        Err(error) => return FitResult::NotFitted { because: error.to_string() },
    };
    let least = points.iter().map(|point| point.x).fold(f64::INFINITY, f64::min);
    let most = points.iter().map(|point| point.x).fold(0.0, f64::max);
    let place = |place| least * (most / least).powf(f64::from(place) / f64::from(PLACES));
    let band = (0..=PLACES).map(place).filter_map(|flops| {
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

/// What no other moment of any run beats in both operations and loss.
fn front(sizes: &[(&Candidate, &Ran)]) -> Result<Vec<Front>, StatisticsError> {
    let of_run = |of: &Candidate, record: &Record| -> Vec<Front> {
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
