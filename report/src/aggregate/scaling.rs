//! Scaling of the loss with model size, for each architecture.

use std::f64::consts::LN_2;

use crate::statistics::{self, Estimate, Point, StatisticsError, fit_scaling};
use crate::study::{
    BandAt, Fit, FitResult, Fitted, Front, Interval, Outcome, Run, Scaling, ScalingPoint,
};

/// Intervals between the points of a fitted curve's confidence band.
const BAND_STEPS: u32 = 20;

/// One size of an architecture in a sweep.
#[derive(Debug, Clone, PartialEq)]
pub struct SweptSize {
    /// The family's name.
    pub architecture: String,
    /// The task's name.
    pub task: String,
    /// The size, as the command takes it and as its runs have it.
    pub size: String,
    /// Parameters without embeddings.
    pub parameters: u64,
    /// The learning rate that was chosen for this size.
    pub learning_rate: f64,
}

/// One result per architecture and task of a sweep, whose sizes are adjacent.
///
/// The runs are scored in bits per token on the validation split.
///
/// # Errors
///
/// A loss is NaN or infinite.
pub fn scaling(sizes: &[SweptSize], runs: &[Run]) -> Result<Vec<Scaling>, StatisticsError> {
    let is_same =
        |a: &SweptSize, b: &SweptSize| a.task == b.task && a.architecture == b.architecture;
    sizes.chunk_by(is_same).map(|sizes| sweep(sizes, runs)).collect()
}

fn sweep(sizes: &[SweptSize], runs: &[Run]) -> Result<Scaling, StatisticsError> {
    let SweptSize { architecture, task, .. } = &sizes[0];
    let points: Vec<ScalingPoint> = sizes.iter().flat_map(|of| ends(of, runs)).collect();
    let ends: Vec<Point> = points.iter().map(|p| Point { x: p.flops, y: p.loss }).collect();
    Ok(Scaling {
        architecture: architecture.clone(),
        task: task.clone(),
        fit: fit(&ends),
        front: front(sizes, runs)?,
        points,
    })
}

/// The last points of the runs that finished.
fn ends(of: &SweptSize, runs: &[Run]) -> Vec<ScalingPoint> {
    let end = |run: &Run| {
        let (flops, loss) = moments(run).last()?;
        Some(ScalingPoint {
            size: of.size.clone(),
            parameters: of.parameters,
            seed: run.seed,
            learning_rate: of.learning_rate,
            flops,
            loss,
        })
    };
    finished(of, runs).filter_map(end).collect()
}

/// The finished runs of a size.
fn finished<'a>(of: &'a SweptSize, runs: &'a [Run]) -> impl Iterator<Item = &'a Run> {
    runs.iter().filter(|run| {
        run.architecture == of.architecture
            && run.task == of.task
            && run.size.as_ref() == Some(&of.size)
            && matches!(run.outcome, Outcome::Finished { .. })
    })
}

/// FLOPs spent and loss in nats per token, at each evaluation; scores are in bits.
fn moments(run: &Run) -> impl DoubleEndedIterator<Item = (f64, f64)> {
    let curve = run.curve.iter();
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
        Some(BandAt { flops, loss: Interval { low: curve.low, high: curve.high } })
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
fn front(sizes: &[SweptSize], runs: &[Run]) -> Result<Vec<Front>, StatisticsError> {
    let of_run = |of: &SweptSize, run: &Run| -> Vec<Front> {
        let moment =
            |(flops, loss)| Front { flops, loss, size: of.size.clone(), parameters: of.parameters };
        moments(run).map(moment).collect()
    };
    let moments: Vec<Front> =
        sizes.iter().flat_map(|of| finished(of, runs).flat_map(|run| of_run(of, run))).collect();
    if moments.is_empty() {
        return Ok(Vec::new());
    }
    let points: Vec<Point> = moments.iter().map(|m| Point { x: m.flops, y: m.loss }).collect();
    let best = statistics::front(&points)?;
    Ok(best.into_iter().map(|index| moments[index].clone()).collect())
}
