//! Charts as inline SVG. Each has a title and a description, and its values are also in a table.
//!
//! Colors are the classes `s0` to `s7`, which the style sheet defines for light and dark mode. Each
//! color is paired with a marker shape, so that the charts do not depend on color.

mod axis;
mod dots;
mod lines;
mod look;
mod svg;

pub use axis::{Axis, Scale, Tick, linear_ticks, log_ticks};
pub use dots::{Dots, Row, Rule};
pub use lines::{BandPoint, Chart, Line};
pub use look::Look;
pub use svg::{Anchor, ChartPoint, Svg, escape};
