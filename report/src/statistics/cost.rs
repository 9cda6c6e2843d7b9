//! Growth of a cost with length or size: the exponent of a power law.
//!
//! ```text
//! ln cost = ln k + q · ln length
//! ```
//!
//! by least squares, with the interval of the slope of a regression line. An exponent of 1 is
//! linear growth, of 2 quadratic. An exponent in between is most often a sum of a linear and a
//! quadratic term, whose exponent grows with length.

use super::errors::{check_points, finite, sizes};
use super::student::critical;
use super::{Bounds, Point, StatisticsError};

/// A cost that grows as `factor` · xᵉˣᵖᵒⁿᵉⁿᵗ.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct CostGrowth {
    /// The cost at x = 1.
    pub factor: f64,
    /// The exponent.
    pub exponent: f64,
    /// 95 % confidence interval of the exponent; `None` for two points, and for points exactly on
    /// the line, which have no residual to estimate the error from.
    pub interval: Option<Bounds>,
}

/// Fits a power law to points of x (a length) and y (its cost).
///
/// # Errors
///
/// [`StatisticsError`] if a coordinate is not a finite number above 0, or there are fewer than two
/// distinct x.
pub fn cost_growth(points: &[Point]) -> Result<CostGrowth, StatisticsError> {
    check_points(points)?;
    sizes(points, 2)?;
    let n = points.len() as f64;
    let logs: Vec<(f64, f64)> = points.iter().map(|point| (point.x.ln(), point.y.ln())).collect();
    let mean_x = logs.iter().map(|(x, _)| x).sum::<f64>() / n;
    let mean_y = logs.iter().map(|(_, y)| y).sum::<f64>() / n;
    let squares: f64 = logs.iter().map(|(x, _)| (x - mean_x).powi(2)).sum();
    let products: f64 = logs.iter().map(|(x, y)| (x - mean_x) * (y - mean_y)).sum();
    let exponent = finite(products / squares)?;
    let factor = finite((mean_y - exponent * mean_x).exp())?;
    let residual = |(x, y): &(f64, f64)| y - mean_y - exponent * (x - mean_x);
    let residuals: f64 = logs.iter().map(|log| residual(log).powi(2)).sum();
    // The residuals of exact points are rounding errors, relative to the size of the logarithms.
    let size = logs.iter().fold(1.0_f64, |size, (x, y)| size.max(x.abs()).max(y.abs()));
    let is_exact = residuals <= n * (4.0 * f64::EPSILON * size).powi(2);
    let interval = if points.len() == 2 || is_exact {
        None
    } else {
        let degrees = points.len() - 2;
        let error = (residuals / degrees as f64 / squares).sqrt();
        let half = finite(critical(degrees)? * error)?;
        Some(Bounds { low: exponent - half, high: exponent + half })
    };
    Ok(CostGrowth { factor, exponent, interval })
}
