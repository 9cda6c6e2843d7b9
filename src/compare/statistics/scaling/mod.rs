//! Scaling laws: how the loss falls with what is spent.
//!
//! ```text
//! loss = a · C^−b + c      a ≥ 0, b > 0, c ≥ 0
//! ```
//!
//! fitted by least squares of relative errors, Σ ((fit − loss) / loss)². For one b the rest is linear,
//! so that only b has to be searched for, and the best fit is found whatever the start. Hoffmann et
//! al. minimise a Huber loss of logarithms instead, which equals this for small errors and cares less
//! for outliers. Here there are few runs, each made for this purpose; none should lose its weight
//! silently, and intervals need a likelihood.
//!
//! An interval holds all values of a parameter with which some curve fits nearly as well as the best
//! (profile likelihood, with Student's t for the unknown noise):
//!
//! ```text
//! squares ≤ least squares · (1 + t(0.975; n − 3)² / (n − 3))
//! ```
//!
//! Unlike an error estimate at the best fit, it can lie to one side, end at 0, or be open: c is often
//! poorly known, and then the fit says so. Resampling the runs (bootstrap) is of no use with so few.
//!
//! Reference: Kaplan et al. 2020, <https://arxiv.org/abs/2001.08361>; Hoffmann et al. 2022, §3.3,
//! <https://arxiv.org/abs/2203.15556>; variable projection: Golub & Pereyra 1973,
//! <https://doi.org/10.1137/0710036>

mod region;
mod search;
mod slice;

use super::errors::{check_points, sizes};
use super::student::critical;
use super::{Interval, Point, StatisticsError};
use region::Region;

/// A parameter of a curve, with its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Estimate {
    /// The best fit's.
    pub value: f64,
    /// The smallest value that the points allow; 0 if they allow that there is no such term.
    pub low: f64,
    /// The largest one; none where the points allow any.
    pub high: Option<f64>,
}

/// A fitted scaling law.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct ScalingFit {
    /// The factor, in units of the loss at an x of 1.
    pub a: Estimate,
    /// The exponent. If its interval begins at 0, the points allow a loss that does not fall at all.
    pub b: Estimate,
    /// What is left however much is spent.
    pub c: Estimate,
    /// Relative standard deviation of the losses around the curve: 0.01 is one percent.
    pub noise: f64,
    /// How many points there were.
    pub points: usize,
    #[serde(skip)]
    region: Region,
}

/// What a fit expects elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Prediction {
    /// The curve's.
    pub loss: f64,
    /// 95 % interval of the curve: of the mean over many runs.
    pub curve: Interval,
    /// 95 % interval of one new run.
    pub run: Interval,
}

/// The least sizes: one more than the curve has parameters.
const SIZES: usize = 4;

/// The scaling law through points of x (compute, parameters or tokens) and y (the loss).
///
/// # Errors
///
/// [`StatisticsError`] where a coordinate is not a finite number above 0, with fewer than four
/// different x, where the loss does not fall, and where it falls only behind the smallest x.
pub fn fit_scaling(points: &[Point]) -> Result<ScalingFit, StatisticsError> {
    check_points(points)?;
    let sizes = sizes(points, SIZES)?;
    let degrees = points.len() - 3;
    let region = Region::new(points, &sizes, critical(degrees)?)?;
    let (b, best) = (region.exponent(), region.best());
    let noise = (best.squares / degrees as f64).sqrt();
    let (a, b, c) = (region.factor()?, b, region.offset());
    Ok(ScalingFit { a, b, c, noise, points: points.len(), region })
}

impl ScalingFit {
    /// What the law expects at `x`.
    ///
    /// Beyond the points it assumes that the law goes on: no interval knows whether it does.
    ///
    /// # Errors
    ///
    /// [`StatisticsError`] where `x` is not a finite number above 0, and where the points allow losses
    /// there that no 64-bit float can hold.
    pub fn predict(&self, x: f64) -> Result<Prediction, StatisticsError> {
        if !x.is_finite() {
            return Err(StatisticsError::NotFinite { index: 0, value: x });
        }
        if x <= 0.0 {
            return Err(StatisticsError::NotPositive { index: 0, value: x });
        }
        let (loss, curve) = self.region.curve(x)?;
        let noise = critical(self.points - 3)? * self.noise * loss;
        let low = loss - (loss - curve.low).hypot(noise);
        let run = Interval { low: low.max(0.0), high: loss + (curve.high - loss).hypot(noise) };
        Ok(Prediction { loss, curve, run })
    }
}
