//! Charts as inline SVG: every one has a title and a description, and its numbers stand in a table.
//!
//! Colours are classes `s0` to `s7`, which the style sheet gives a light and a dark value; a shape goes
//! with each, so that nothing depends on a colour.

mod axis;
mod dots;
mod lines;
mod look;
mod svg;

pub use axis::{Axis, Scale, Tick, linear_ticks, log_ticks};
pub use dots::{Dots, Row, Rule};
pub use lines::{Band, Chart, Line};
pub use look::Look;
pub use svg::{Anchor, Svg, escape};
