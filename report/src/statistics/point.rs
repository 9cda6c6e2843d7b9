//! A result and its cost.

/// One run: its cost and its result.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Point {
    /// The cost, on the horizontal axis: FLOPs, parameters or a length; above 0.
    pub x: f64,
    /// The result: a loss, or seconds; above 0.
    pub y: f64,
}
