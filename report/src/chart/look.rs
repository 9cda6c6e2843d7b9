//! The color and marker shape of each architecture.

use super::svg::{ChartPoint, Svg, point};
use crate::page::{Legend, Swatch};

/// The number of palette colors and of marker shapes.
const KINDS: usize = 8;

/// A color and a marker shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Look {
    colour: usize,
    shape: usize,
}

impl Look {
    /// The look of the nth architecture; there are 64 different ones.
    pub(crate) fn nth(index: usize) -> Self {
        Self { colour: index % KINDS, shape: (index + index / KINDS) % KINDS }
    }

    /// The CSS class of its color.
    pub(crate) fn class(self) -> String {
        format!("s{}", self.colour)
    }

    /// Draws its marker.
    pub(crate) fn marker(self, svg: &mut Svg, at: ChartPoint, size: f64) {
        let r = size;
        let class = format!("mark s{}", self.colour);
        let points = |points: &[(f64, f64)]| -> Vec<ChartPoint> {
            points.iter().map(|(dx, dy)| point(at.x + dx * r, at.y + dy * r)).collect()
        };
        match self.shape {
            0 => svg.circle(&class, at, r),
            1 => {
                svg.polygon(&class, &points(&[(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)]))
            }
            2 => svg.polygon(&class, &points(&[(0.0, -1.2), (1.1, 0.9), (-1.1, 0.9)])),
            3 => svg.polygon(&class, &points(&[(0.0, -1.3), (1.3, 0.0), (0.0, 1.3), (-1.3, 0.0)])),
            4 => svg.polygon(&class, &points(&[(0.0, 1.2), (1.1, -0.9), (-1.1, -0.9)])),
            5 => svg.polygon(&class, &points(&PLUS)),
            6 => svg.polygon(&class, &points(&[(-1.2, 0.0), (0.9, -1.1), (0.9, 1.1)])),
            _ => svg.polygon(&class, &points(&PENTAGON)),
        }
    }

    /// The entries of a legend, for the architectures in their order.
    pub(crate) fn legend(names: &[&str]) -> Legend {
        let swatch = |(index, name): (usize, &&str)| {
            let look = Self::nth(index);
            let mut svg = Svg::decoration(26.0, 12.0);
            svg.line(&format!("line {}", look.class()), point(1.0, 6.0), point(25.0, 6.0));
            look.marker(&mut svg, point(13.0, 6.0), 4.0);
            Swatch { name: (*name).to_string(), svg: svg.finish() }
        };
        Legend { entries: names.iter().enumerate().map(swatch).collect() }
    }
}

const PLUS: [(f64, f64); 12] = [
    (-0.4, -1.2),
    (0.4, -1.2),
    (0.4, -0.4),
    (1.2, -0.4),
    (1.2, 0.4),
    (0.4, 0.4),
    (0.4, 1.2),
    (-0.4, 1.2),
    (-0.4, 0.4),
    (-1.2, 0.4),
    (-1.2, -0.4),
    (-0.4, -0.4),
];

const PENTAGON: [(f64, f64); 5] =
    [(0.0, -1.2), (1.14, -0.37), (0.71, 0.97), (-0.71, 0.97), (-1.14, -0.37)];
