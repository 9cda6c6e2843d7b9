//! Charts as inline SVG. Each has a title and a description, and its values are also in a table.
//!
//! Colors are the classes `s0` to `s7`, which the style sheet defines for light and dark mode. Each
//! color is paired with a marker shape, so that the charts do not depend on color.

mod axis;
mod dots;
mod lines;
mod look;
mod svg;

#[cfg(test)]
mod tests;

pub(crate) use axis::Axis;
pub(crate) use dots::{Dots, Row, Rule};
pub(crate) use lines::{BandPoint, Chart, Line};
pub(crate) use look::Look;
pub(crate) use svg::ChartPoint;
