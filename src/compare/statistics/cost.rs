//! How a cost grows with length or size: the exponent of a power law.
//!
//! ```text
//! ln cost = ln k + q · ln length
//! ```
//!
//! by least squares, with the interval of the slope of a regression line. An exponent of 1 is linear,
//! of 2 quadratic. What is in between is most often a sum of both, whose exponent grows with length.

use super::errors::{check_points, finite, sizes};
use super::student::critical;
use super::{Interval, Point, StatisticsError};

/// A cost that grows as `factor` · xᵉˣᵖᵒⁿᵉⁿᵗ.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct CostGrowth {
    /// The cost at an x of 1.
    pub factor: f64,
    /// The exponent.
    pub exponent: f64,
    /// 95 % confidence interval of the exponent; none for two points, and for points that lie exactly
    /// on the line, which say nothing of the error.
    pub interval: Option<Interval>,
}

/// The power law through points of x (a length) and y (what it costs).
///
/// # Errors
///
/// [`StatisticsError`] where a coordinate is not a finite number above 0, and with fewer than two
/// different x.
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
    // Rounding of the logarithms, at their size.
    let size = logs.iter().fold(1.0_f64, |size, (x, y)| size.max(x.abs()).max(y.abs()));
    let is_exact = residuals <= n * (4.0 * f64::EPSILON * size).powi(2);
    let interval = if points.len() == 2 || is_exact {
        None
    } else {
        let degrees = points.len() - 2;
        let error = (residuals / degrees as f64 / squares).sqrt();
        let half = finite(critical(degrees)? * error)?;
        Some(Interval { low: exponent - half, high: exponent + half })
    };
    Ok(CostGrowth { factor, exponent, interval })
}
