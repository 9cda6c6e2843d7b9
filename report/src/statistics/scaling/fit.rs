//! The best curve, and what it predicts.

use super::estimate::Estimate;
use super::region::{CurveLoss, Region};
use crate::statistics::errors::{check_points, sizes};
use crate::statistics::student::critical;
use crate::statistics::{Bounds, Point, StatisticsError};

/// A fitted scaling law.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct ScalingFit {
    /// The factor, in units of the loss at x = 1.
    pub a: Estimate,
    /// The exponent. If its interval begins at 0, the points are consistent with a constant loss.
    pub b: Estimate,
    /// The irreducible loss.
    pub c: Estimate,
    /// Relative standard deviation of the losses around the curve: 0.01 is one percent.
    pub noise: f64,
    /// The number of fitted points.
    pub points: usize,
    #[serde(skip)]
    region: Region,
}

/// A prediction of the fitted law at another x.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct ScalingPrediction {
    /// The loss on the curve.
    pub loss: f64,
    /// 95 % confidence interval of the curve: the mean over many runs.
    pub curve: Bounds,
    /// 95 % prediction interval of one new run.
    pub run: Bounds,
}

/// The minimum number of sizes: one more than the parameters of the curve.
const SIZES: usize = 4;

/// Fits a scaling law to points of x (compute, parameters or tokens) and y (the loss).
///
/// # Errors
///
/// [`StatisticsError`] if a coordinate is not a finite number above 0, there are fewer than four
/// distinct x, the loss does not fall, or it falls only after the smallest x.
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
    /// The prediction at `x`.
    ///
    /// Extrapolation beyond the points assumes that the law still holds there; the intervals do not
    /// cover a change of the law.
    ///
    /// # Errors
    ///
    /// [`StatisticsError`] if `x` is not a finite number above 0, or the interval at `x` overflows
    /// `f64`.
    pub fn predict(&self, x: f64) -> Result<ScalingPrediction, StatisticsError> {
        if !x.is_finite() {
            return Err(StatisticsError::NotFinite { index: 0, value: x });
        }
        if x <= 0.0 {
            return Err(StatisticsError::NotPositive { index: 0, value: x });
        }
        let CurveLoss { loss, bounds: curve } = self.region.curve(x)?;
        let noise = critical(self.points - 3)? * self.noise * loss;
        let low = loss - (loss - curve.low).hypot(noise);
        let run = Bounds { low: low.max(0.0), high: loss + (curve.high - loss).hypot(noise) };
        Ok(ScalingPrediction { loss, curve, run })
    }
}
