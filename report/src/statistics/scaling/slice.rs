//! All curves with one exponent.
//!
//! With w = 1 − (x / x₀)^−b, where x₀ is the smallest x, a curve is
//!
//! ```text
//! level − drop · (w − mean of w)      c = level − drop · (1 − mean of w)      a = drop · x₀ᵇ
//! ```
//!
//! and its sum of squares is the minimum plus W (level − L)² + S (drop − D)²: an axis-aligned
//! ellipse, because `level` and `drop` are independent. No precision is lost for small exponents,
//! where powers and constants are nearly collinear.

/// A measured loss.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Measured {
    /// ln (x / x₀), at least 0.
    pub(super) log: f64,
    pub(super) loss: f64,
}

/// The least-squares problem for one exponent.
pub(super) struct Slice {
    /// Sum of the weights 1 / loss².
    weight: f64,
    /// Weighted mean of w.
    mean: f64,
    /// Weighted sum of squares of w around its mean.
    scatter: f64,
    /// Best level and drop, without constraints on their signs, and their sum of squares.
    level: f64,
    drop: f64,
    least: f64,
}

/// A curve, by its level and drop, and its sum of squares.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Curve {
    pub(super) level: f64,
    pub(super) drop: f64,
    pub(super) squares: f64,
}

/// A linear function of a curve: level · `level` + drop · `drop`.
#[derive(Clone, Copy)]
pub(super) struct Linear {
    pub(super) level: f64,
    pub(super) drop: f64,
}

impl Slice {
    pub(super) fn new(points: &[Measured], b: f64) -> Self {
        let (mut weight, mut mean, mut level) = (0.0, 0.0, 0.0);
        for point in points {
            let one = point.loss.powi(-2);
            weight += one;
            mean += one * fallen(b, point.log);
            level += one * point.loss;
        }
        (mean, level) = (mean / weight, level / weight);
        let (mut scatter, mut together) = (0.0, 0.0);
        for point in points {
            let (one, w) = (point.loss.powi(-2), fallen(b, point.log) - mean);
            scatter += one * w * w;
            together += one * w * (point.loss - level);
        }
        let drop = -together / scatter;
        let mut slice = Self { weight, mean, scatter, level, drop, least: 0.0 };
        slice.least = slice.squares(points, b, level, drop);
        slice
    }

    fn squares(&self, points: &[Measured], b: f64, level: f64, drop: f64) -> f64 {
        let error = |point: &Measured| {
            let fit = level - drop * (fallen(b, point.log) - self.mean);
            (fit - point.loss) / point.loss
        };
        points.iter().map(|point| error(point).powi(2)).sum()
    }

    /// The best curve that does not rise and has c ≥ 0.
    pub(super) fn best(&self, points: &[Measured], b: f64) -> Curve {
        let (level, drop) = if self.drop <= 0.0 {
            (self.level, 0.0)
        } else if self.level < self.drop * (1.0 - self.mean) {
            // The c of the unconstrained optimum is negative: the best curve with c = 0.
            let sums = points.iter().fold((0.0, 0.0), |(with_loss, alone), point| {
                let power = (1.0 - fallen(b, point.log)) / point.loss;
                (with_loss + power, alone + power * power)
            });
            let drop = sums.0 / sums.1;
            (drop * (1.0 - self.mean), drop)
        } else {
            (self.level, self.drop)
        };
        Curve { level, drop, squares: self.squares(points, b, level, drop) }
    }

    /// The value of c, as a function of the curve.
    pub(super) fn offset(&self) -> Linear {
        Linear { level: 1.0, drop: self.mean - 1.0 }
    }

    /// The loss where ln (x / x₀) is `log`, as a function of the curve.
    pub(super) fn loss_at(&self, b: f64, log: f64) -> Linear {
        Linear { level: 1.0, drop: self.mean - fallen(b, log) }
    }

    /// The smallest and the largest value of `target` over all curves whose sum of squares is at
    /// most `limit`, which do not rise and have c ≥ 0; `None` where there is no such curve.
    // A linear function over a convex region: the extremes are on the ellipse if those points are
    // allowed, and otherwise at the intersections of the ellipse with the constraints.
    pub(super) fn range(&self, target: Linear, limit: f64) -> Option<(f64, f64)> {
        let room = limit - self.least;
        if room < 0.0 {
            return None;
        }
        let rest = 1.0 - self.mean;
        let (along, across) = (target.level / self.weight, target.drop / self.scatter);
        let reach = (room / (target.level * along + target.drop * across)).sqrt();
        let mut corners = vec![
            (self.level - reach * along, self.drop - reach * across),
            (self.level + reach * along, self.drop + reach * across),
        ];
        corners.retain(|&(level, drop)| drop >= 0.0 && level >= drop * rest);
        // Zero drop: c = level.
        let flat = (room - self.scatter * self.drop.powi(2)) / self.weight;
        if flat >= 0.0 {
            corners.extend([flat.sqrt(), -flat.sqrt()].map(|step| (self.level + step, 0.0)));
        }
        // Zero c: level = drop · rest.
        let square = self.weight * rest * rest + self.scatter;
        let middle = (self.weight * rest * self.level + self.scatter * self.drop) / square;
        let least = self.weight * (middle * rest - self.level).powi(2)
            + self.scatter * (middle - self.drop).powi(2);
        let half = (room - least) / square;
        if half >= 0.0 {
            let drops = [half.sqrt(), -half.sqrt()].map(|step| middle + step);
            corners.extend(drops.map(|drop| (drop * rest, drop)));
        }
        // Both zero: reached only where every loss is within its noise of 0.
        if self.weight * self.level.powi(2) + self.scatter * self.drop.powi(2) <= room {
            corners.push((0.0, 0.0));
        }
        corners.retain(|&(level, drop)| drop >= 0.0 && level >= 0.0);
        let values = corners.iter().map(|(level, drop)| target.level * level + target.drop * drop);
        values.fold(None, |range, value| match range {
            None => Some((value, value)),
            Some((low, high)) => Some((value.min(low), value.max(high))),
        })
    }
}

/// w: the share of the drop that has happened.
pub(super) fn fallen(b: f64, log: f64) -> f64 {
    -(-b * log).exp_m1()
}

#[cfg(test)]
mod tests {
    use super::{Linear, Measured, Slice};

    /// The range of a target over a grid of curves, restricted to those in the region.
    fn sampled(slice: &Slice, points: &[Measured], target: Linear, limit: f64) -> (f64, f64) {
        let (b, steps, room) = (0.5, 600, limit - slice.least);
        let reach = ((room / slice.weight).sqrt(), (room / slice.scatter).sqrt());
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for (i, j) in (0..=steps).flat_map(|i| (0..=steps).map(move |j| (i, j))) {
            let at = |step: i32| f64::from(2 * step - steps) / f64::from(steps);
            let level = slice.level + at(i) * reach.0;
            let drop = (slice.drop + at(j) * reach.1).max(0.0);
            let level = level.max(drop * (1.0 - slice.mean));
            if slice.squares(points, b, level, drop) <= limit {
                let value = target.level * level + target.drop * drop;
                (low, high) = (low.min(value), high.max(value));
            }
        }
        (low, high)
    }

    #[test]
    fn ranges_are_those_of_all_curves() {
        let logs = [0.0, 1.0, 2.0, 3.0];
        // Falling to a floor, falling to nearly nothing, hardly falling, and rising.
        for losses in [
            [3.0, 2.2, 1.7, 1.4],
            [1.0, 0.62, 0.36, 0.21],
            [2.0, 2.02, 1.97, 1.95],
            [2.0, 2.01, 2.02, 2.05],
        ] {
            let points: Vec<Measured> =
                logs.iter().zip(losses).map(|(&log, loss)| Measured { log, loss }).collect();
            let slice = Slice::new(&points, 0.5);
            let best = slice.best(&points, 0.5).squares;
            assert!(slice.range(slice.offset(), slice.least * 0.99).is_none());
            let drop = Linear { level: 0.0, drop: 1.0 };
            for target in [slice.offset(), drop, slice.loss_at(0.5, -1.0), slice.loss_at(0.5, 9.0)]
            {
                for limit in [best * 1.5, best * 4.0, best + 0.01, best + 0.5] {
                    let (low, high) = slice.range(target, limit).unwrap();
                    let found = sampled(&slice, &points, target, limit);
                    let near = 0.02 * (high - low);
                    let is_near = |a: f64, b: f64| -1e-9 <= a - b && a - b <= near + 1e-9;
                    let is_range = is_near(found.0, low) && is_near(high, found.1);
                    assert!(is_range, "{losses:?}, {limit}: {low} to {high}, sampled {found:?}");
                }
            }
        }
    }
}
