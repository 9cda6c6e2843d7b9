//! The compute-optimal front: the runs that no other run dominates in cost and loss.
//!
//! Reference: Kaplan et al. 2020, §6.1, <https://arxiv.org/abs/2001.08361>; Hoffmann et al. 2022,
//! §3.1, <https://arxiv.org/abs/2203.15556>

use super::errors::check_finite;
use super::{Point, StatisticsError};

/// Indices of the points on the Pareto front, by increasing x.
///
/// A point is on the front unless another point has an x and a y that are both at most as large,
/// and one of them smaller. Equal points are therefore both on the front.
///
/// # Errors
///
/// [`StatisticsError`] if there are no points, or a coordinate is not finite.
pub fn front(points: &[Point]) -> Result<Vec<usize>, StatisticsError> {
    for value in [|point: &Point| point.x, |point: &Point| point.y] {
        check_finite(&points.iter().map(value).collect::<Vec<_>>())?;
    }
    let mut order: Vec<usize> = (0..points.len()).collect();
    let key = |index: usize| (points[index].x, points[index].y);
    order.sort_by(|&a, &b| key(a).0.total_cmp(&key(b).0).then(key(a).1.total_cmp(&key(b).1)));
    let mut front: Vec<usize> = Vec::new();
    for index in order {
        let is_better = front
            .last()
            .is_none_or(|&last| points[index].y < points[last].y || points[index] == points[last]);
        if is_better {
            front.push(index);
        }
    }
    Ok(front)
}
