//! The confidence region: all curves that fit nearly as well as the best.

use super::estimate::Estimate;
use super::search::{edge, minimum};
use super::slice::{Curve, Linear, Measured, Slice};
use crate::statistics::errors::finite;
use crate::statistics::{Bounds, Point, StatisticsError};

/// The number of exponents on the grid, before the best is refined.
const TRIED: usize = 400;

/// The best curve, and the limit on the squares of other curves.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Region {
    points: Vec<Measured>,
    /// The first loss, the unit of the others, so that no square overflows.
    unit: f64,
    /// ln x₀, where x₀ is the smallest x.
    log_start: f64,
    /// The tried exponents, ascending, including the best.
    exponents: Vec<f64>,
    best: f64,
    /// The largest sum of squares of a curve in the region.
    limit: f64,
    exponent: Estimate,
}

/// The loss of the best curve at one x, and the range of the losses of all curves in the region.
pub(super) struct CurveLoss {
    pub(super) loss: f64,
    pub(super) bounds: Bounds,
}

impl Region {
    /// `sizes` are the distinct x; `t` is the critical value of Student's distribution.
    pub(super) fn new(points: &[Point], sizes: &[f64], t: f64) -> Result<Self, StatisticsError> {
        let log_start = sizes[0].ln();
        let unit = points[0].y;
        let degrees = (points.len() - 3) as f64;
        let measured: Vec<Measured> = points
            .iter()
            .map(|point| Measured { log: (point.x / sizes[0]).ln(), loss: point.y / unit })
            .collect();
        let span = (sizes[sizes.len() - 1] / sizes[0]).ln();
        let step = (sizes[1] / sizes[0]).ln();
        // Below the range, the whole curve falls by less than 1e-4 of itself; above the range, less
        // than 1e-6 of its drop is left at the second size.
        let (least, most) = (1e-4 / span, 1e6_f64.ln() / step);
        if !(least.is_finite() && most.is_finite() && least > 0.0) {
            return Err(StatisticsError::OutOfRange);
        }
        let at = |i: usize| least * (most / least).powf(i as f64 / (TRIED - 1) as f64);
        let mut exponents: Vec<f64> = (0..TRIED).map(at).collect();
        let squares = |b: f64| Slice::new(&measured, b).best(&measured, b).squares;
        let place = lowest(&exponents, squares);
        let best = match place {
            0 => return Err(StatisticsError::NotFalling),
            _ if place == TRIED - 1 => return Err(StatisticsError::OneStep),
            _ => minimum(exponents[place - 1], exponents[place + 1], squares),
        };
        let curve = Slice::new(&measured, best).best(&measured, best);
        if curve.drop <= 0.0 {
            return Err(StatisticsError::NotFalling);
        }
        // Losses have at least their own rounding error.
        let rounding = points.len() as f64 * (4.0 * f64::EPSILON).powi(2);
        let limit = finite(curve.squares.max(rounding) * (1.0 + t * t / degrees))?;
        let is_inside = |b: f64| squares(b) <= limit;
        exponents.push(best);
        exponents.sort_by(f64::total_cmp);
        let exponent = inside(&exponents, best, is_inside);
        Ok(Self { points: measured, unit, log_start, exponents, best, limit, exponent })
    }

    pub(super) fn best(&self) -> Curve {
        Slice::new(&self.points, self.best).best(&self.points, self.best)
    }

    /// b, with its interval.
    pub(super) fn exponent(&self) -> Estimate {
        self.exponent
    }

    /// a, with its interval.
    pub(super) fn factor(&self) -> Result<Estimate, StatisticsError> {
        let drop = Linear { level: 0.0, drop: 1.0 };
        // In logarithms, because a is the loss at x = 1, far from all points.
        let unit = self.unit.ln();
        let log = |b: f64, drop: f64| drop.max(0.0).ln() + unit + b * self.log_start;
        let value = finite(log(self.best, self.best().drop).exp())?;
        let (low, high) = self.range(log(self.best, self.best().drop), |b, slice| {
            slice.range(drop, self.limit).map(|(low, high)| (log(b, low), log(b, high)))
        });
        let high = self.exponent.high.map(|_| high.exp()).filter(|high| high.is_finite());
        Ok(Estimate { value, low: low.exp(), high })
    }

    /// c, with its interval.
    pub(super) fn offset(&self) -> Estimate {
        let target = Slice::new(&self.points, self.best).offset();
        let value = value_of(target, self.best()).max(0.0);
        let (low, high) = self.range(value, |_, slice| slice.range(slice.offset(), self.limit));
        let [value, low, high] = [value, low.max(0.0), high].map(|c| c * self.unit);
        Estimate { value, low, high: Some(high) }
    }

    /// The loss at `x`, with its interval.
    pub(super) fn curve(&self, x: f64) -> Result<CurveLoss, StatisticsError> {
        let log = x.ln() - self.log_start;
        let target = Slice::new(&self.points, self.best).loss_at(self.best, log);
        let loss = value_of(target, self.best());
        let (low, high) =
            self.range(loss, |b, slice| slice.range(slice.loss_at(b, log), self.limit));
        let [loss, low, high] = [loss, low.max(0.0), high].map(|loss| loss * self.unit);
        let bounds = Bounds { low: finite(low)?, high: finite(high)? };
        Ok(CurveLoss { loss: finite(loss)?, bounds })
    }

    /// The range of `of` over the exponents in their interval, extended to include `value`.
    fn range(&self, value: f64, of: impl Fn(f64, &Slice) -> Option<(f64, f64)>) -> (f64, f64) {
        let first = self.exponent.low.max(self.exponents[0]);
        let last = self.exponent.high.unwrap_or(self.exponents[self.exponents.len() - 1]);
        let at = |i: usize| first * (last / first).powf(i as f64 / (TRIED - 1) as f64);
        let exponents: Vec<f64> = (0..TRIED).map(at).collect();
        let of = |b: f64| of(b, &Slice::new(&self.points, b)).unwrap_or((value, value));
        let low = |b: f64| of(b).0;
        let high = |b: f64| -of(b).1;
        let refined = |f: &dyn Fn(f64) -> f64| {
            let index = lowest(&exponents, f);
            let (before, after) = (index.saturating_sub(1), (index + 1).min(TRIED - 1));
            let between = minimum(exponents[before], exponents[after], f);
            f(between).min(f(exponents[index]))
        };
        (value.min(refined(&low)), value.max(-refined(&high)))
    }
}

/// The interval of the best exponent, with its ends refined between tried exponents.
fn inside(exponents: &[f64], best: f64, is_inside: impl Fn(f64) -> bool) -> Estimate {
    let is_in: Vec<bool> = exponents.iter().map(|&b| b == best || is_inside(b)).collect();
    let first = is_in.iter().position(|&is_in| is_in).unwrap_or(0);
    let last = is_in.iter().rposition(|&is_in| is_in).unwrap_or(exponents.len() - 1);
    let low = match first {
        0 => 0.0,
        _ => edge(exponents[first], exponents[first - 1], &is_inside),
    };
    let outside = exponents.get(last + 1);
    let high = outside.map(|&outside| edge(exponents[last], outside, &is_inside));
    Estimate { value: best, low, high }
}

fn value_of(target: Linear, curve: Curve) -> f64 {
    target.level * curve.level + target.drop * curve.drop
}

/// The index of the lowest value.
fn lowest(inputs: &[f64], f: impl Fn(f64) -> f64) -> usize {
    let values: Vec<f64> = inputs.iter().map(|&input| f(input)).collect();
    (0..inputs.len()).min_by(|&a, &b| values[a].total_cmp(&values[b])).unwrap_or(0)
}
