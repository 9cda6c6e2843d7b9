//! Axes: the position of values, and their ticks.

use super::svg::width;
use crate::number;

/// The scale of an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scale {
    /// Equal differences have equal lengths.
    Linear,
    /// Equal ratios have equal lengths.
    Log,
}

/// A tick.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tick {
    /// The value.
    pub(crate) at: f64,
    /// Its label.
    pub(crate) label: String,
}

/// An axis.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Axis {
    /// The quantity and its unit.
    pub(crate) label: String,
    scale: Scale,
    low: f64,
    high: f64,
    /// The ticks.
    pub(crate) ticks: Vec<Tick>,
}

impl Axis {
    /// A linear axis over values, with a margin.
    pub(crate) fn linear(label: &str, values: impl IntoIterator<Item = f64>) -> Self {
        let (low, high) = bounds(values).unwrap_or((0.0, 1.0));
        let room = match high - low {
            span if span > 0.0 => span * 0.05,
            _ => (low.abs() * 0.1).max(0.1),
        };
        // The margin does not extend below 0 for values that are never negative.
        let start = if low >= 0.0 { (low - room).max(0.0) } else { low - room };
        Self::over(label, Scale::Linear, start, high + room)
    }

    /// A logarithmic axis over the positive values.
    pub(crate) fn log(label: &str, values: impl IntoIterator<Item = f64>) -> Self {
        let positive = values.into_iter().filter(|value| *value > 0.0);
        let (low, high) = bounds(positive).unwrap_or((1.0, 10.0));
        let room = match high / low {
            span if span > 1.0 => span.powf(0.05),
            _ => 2.0,
        };
        Self::over(label, Scale::Log, low / room, high * room)
    }

    /// A logarithmic axis with ticks at exactly these values.
    pub(crate) fn named(label: &str, values: &[f64]) -> Self {
        let mut axis = Self::log(label, values.iter().copied());
        axis.ticks = values.iter().map(|v| Tick { at: *v, label: v.to_string() }).collect();
        axis
    }

    /// A linear axis from 0.
    pub(crate) fn from_zero(label: &str, values: impl IntoIterator<Item = f64>) -> Self {
        let high = bounds(values).map_or(1.0, |(_, high)| high);
        Self::over(label, Scale::Linear, 0.0, if high > 0.0 { high * 1.03 } else { 1.0 })
    }

    fn over(label: &str, scale: Scale, low: f64, high: f64) -> Self {
        let ticks = match scale {
            Scale::Linear => linear_ticks(low, high, 5),
            Scale::Log => log_ticks(low, high, 5),
        };
        Self { label: label.to_string(), scale, low, high, ticks }
    }

    /// The relative position of a value, from 0 at the start of the axis to 1 at its end.
    pub(crate) fn place(&self, value: f64) -> f64 {
        match self.scale {
            Scale::Linear => (value - self.low) / (self.high - self.low),
            Scale::Log => (value / self.low).ln() / (self.high / self.low).ln(),
        }
    }

    /// Whether a value is within the axis.
    pub(crate) fn shows(&self, value: f64) -> bool {
        let place = self.place(value);
        place.is_finite() && (-1e-9..=1.0 + 1e-9).contains(&place)
    }

    /// The ticks whose labels do not overlap on an axis of this length, in drawing units.
    pub(crate) fn ticks_over(&self, length: f64) -> Vec<&Tick> {
        let mut shown: Vec<&Tick> = Vec::new();
        let mut end = f64::NEG_INFINITY;
        for tick in &self.ticks {
            let middle = self.place(tick.at) * length;
            let half = width(&tick.label) / 2.0;
            if middle - half > end + 6.0 {
                end = middle + half;
                shown.push(tick);
            }
        }
        shown
    }
}

/// The smallest and the largest of the finite values.
fn bounds(values: impl IntoIterator<Item = f64>) -> Option<(f64, f64)> {
    values.into_iter().filter(|value| value.is_finite()).fold(None, |found, value| match found {
        None => Some((value, value)),
        Some((low, high)) => Some((low.min(value), high.max(value))),
    })
}

/// Ticks at multiples of 1, 2 or 5 times a power of ten, at most `most`.
pub(crate) fn linear_ticks(low: f64, high: f64, most: usize) -> Vec<Tick> {
    let span = high - low;
    if !span.is_finite() || span <= 0.0 || most == 0 {
        return Vec::new();
    }
    let least = span / most as f64;
    let power = 10f64.powf(least.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].iter().map(|m| m * power).find(|step| *step >= least * 0.999);
    let step = step.unwrap_or(10.0 * power);
    let places = (-step.log10().floor()).clamp(0.0, 9.0) as usize;
    let (first, last) = ((low / step - 1e-9).ceil() as i64, (high / step + 1e-9).floor() as i64);
    let label =
        |at: f64| if at.abs() >= 1e4 { number::compact(at) } else { number::fixed(at, places) };
    (first..=last).map(|n| n as f64 * step).map(|at| Tick { at, label: label(at) }).collect()
}

/// Ticks at powers of ten; also at their multiples by 2 and 5 if there would be fewer than three
/// ticks, and at equal steps if there still would be.
pub(crate) fn log_ticks(low: f64, high: f64, most: usize) -> Vec<Tick> {
    if !(low > 0.0 && high > low && high.is_finite()) || most == 0 {
        return Vec::new();
    }
    let tick = |at: f64| Tick { at, label: number::compact(at) };
    let (first, last) = (low.log10().floor() as i32, high.log10().ceil() as i32);
    let inside = |at: &f64| (low * 0.9999..=high * 1.0001).contains(at);
    let decades: Vec<f64> = (first..=last).map(|e| 10f64.powi(e)).filter(inside).collect();
    if decades.len() >= 3 {
        let stride = decades.len().div_ceil(most);
        return decades.into_iter().step_by(stride).map(tick).collect();
    }
    let fine = (first..=last).flat_map(|e| [1.0, 2.0, 5.0].map(|m| m * 10f64.powi(e)));
    let fine: Vec<f64> = fine.filter(inside).collect();
    match fine.len() {
        n if n >= 3 => fine.into_iter().map(tick).collect(),
        _ => linear_ticks(low, high, most),
    }
}
