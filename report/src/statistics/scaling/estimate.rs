//! A fitted value.

/// A parameter of a curve, with its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Estimate {
    /// The value of the best fit.
    pub value: f64,
    /// The smallest value that is consistent with the points; 0 if the term may be absent.
    pub low: f64,
    /// The largest value that is consistent with the points; `None` where there is no upper bound.
    pub high: Option<f64>,
}
