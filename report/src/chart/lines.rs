//! Line charts.

use super::axis::Axis;
use super::dots::Rule;
use super::look::Look;
use super::svg::{Anchor, ChartPoint, Svg, fitting, point};

/// A line.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Line {
    /// Its color and marker shape.
    pub(crate) look: Look,
    /// Its points.
    pub(crate) points: Vec<ChartPoint>,
    /// The thin lines that this line summarizes.
    pub(crate) parts: Vec<Vec<ChartPoint>>,
    /// The maximum number of markers, evenly spaced along the points.
    pub(crate) markers: usize,
    /// The last points of runs that ended early, marked with a cross.
    pub(crate) broken: Vec<ChartPoint>,
    /// The chosen points, marked with a ring.
    pub(crate) chosen: Vec<ChartPoint>,
    /// The confidence band, from left to right; empty for none.
    pub(crate) band: Vec<BandPoint>,
}

/// A confidence band at one x.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct BandPoint {
    /// The x.
    pub(crate) x: f64,
    /// The lower bound of y.
    pub(crate) low: f64,
    /// The upper bound of y.
    pub(crate) high: f64,
}

impl Line {
    /// A line with a marker at every point.
    pub(crate) fn new(look: Look, points: Vec<ChartPoint>) -> Self {
        let markers = points.len();
        Self { look, points, parts: vec![], markers, broken: vec![], chosen: vec![], band: vec![] }
    }
}

/// A line chart.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Chart {
    /// The title for screen readers.
    pub(crate) title: String,
    /// The description for screen readers.
    pub(crate) description: String,
    /// The horizontal axis.
    pub(crate) x: Axis,
    /// The vertical axis.
    pub(crate) y: Axis,
    /// The lines.
    pub(crate) lines: Vec<Line>,
    /// The compute-optimal front: a dashed line in the text color; empty for none.
    pub(crate) front: Vec<ChartPoint>,
    /// Reference values, as horizontal lines.
    pub(crate) rules: Vec<Rule>,
}

const WIDTH: f64 = 410.0;
const HEIGHT: f64 = 280.0;
const LEFT: f64 = 54.0;
const RIGHT: f64 = WIDTH - 12.0;
const TOP: f64 = 26.0;
const BOTTOM: f64 = HEIGHT - 40.0;

impl Chart {
    /// Draws the chart as SVG.
    pub(crate) fn draw(&self) -> String {
        let mut svg = Svg::new(WIDTH, HEIGHT, &self.title, &self.description);
        self.frame(&mut svg);
        for line in self.lines.iter().filter(|line| !line.band.is_empty()) {
            let there = line.band.iter().map(|at| point(at.x, at.low));
            let back = line.band.iter().rev().map(|at| point(at.x, at.high));
            let around: Vec<ChartPoint> = there.chain(back).collect();
            svg.polygon(&format!("band {}", line.look.class()), &self.at_all(&around));
        }
        for line in &self.lines {
            for part in line.parts.iter().filter(|part| part.len() > 1) {
                svg.polyline(&format!("thin {}", line.look.class()), &self.at_all(part));
            }
        }
        for line in &self.lines {
            let points = self.at_all(&line.points);
            if points.len() > 1 {
                svg.polyline(&format!("line {}", line.look.class()), &points);
            }
        }
        if self.front.len() > 1 {
            svg.polyline("front", &self.at_all(&self.front));
        }
        let count = self.lines.len().max(1) as f64;
        for (index, line) in self.lines.iter().enumerate() {
            let shift = index as f64 / count;
            for at in spread(&self.at_all(&line.points), line.markers, shift) {
                line.look.marker(&mut svg, at, 3.8);
            }
            for at in self.at_all(&line.chosen) {
                svg.circle(&format!("ring {}", line.look.class()), at, 7.5);
            }
            for at in line.broken.iter().map(|point| self.at(*point)) {
                // The last point of a diverged run may be outside of the axes: its cross is drawn
                // at the edge.
                let (x, y) = (at.x.clamp(LEFT, RIGHT), at.y.clamp(TOP, BOTTOM));
                let cross = format!("M{} {}l9 9m0 -9l-9 9", (x - 4.5).round(), (y - 4.5).round());
                svg.path(&format!("cross {}", line.look.class()), &cross);
            }
        }
        svg.finish()
    }

    fn frame(&self, svg: &mut Svg) {
        let (left, bottom) = (LEFT, BOTTOM);
        for tick in &self.y.ticks {
            let y = self.y_of(tick.at);
            svg.line("grid", point(left, y), point(RIGHT, y));
            svg.label("tick", point(left - 8.0, y + 4.0), Anchor::End, &tick.label);
        }
        for tick in self.x.ticks_over(RIGHT - left) {
            let x = left + self.x.place(tick.at) * (RIGHT - left);
            svg.line("axis-line", point(x, bottom), point(x, bottom + 4.0));
            svg.label("tick", point(x, bottom + 18.0), Anchor::Middle, &tick.label);
        }
        svg.line("axis-line", point(left, bottom), point(RIGHT, bottom));
        let (title, middle) = (fitting(&self.y.label, WIDTH), (left + RIGHT) / 2.0);
        svg.label("axis", point(0.0, 12.0), Anchor::Start, &title);
        svg.label("axis", point(middle, HEIGHT - 4.0), Anchor::Middle, &self.x.label);
        for rule in self.rules.iter().filter(|rule| self.y.shows(rule.at)) {
            let y = self.y_of(rule.at);
            svg.line("rule", point(left, y), point(RIGHT, y));
            let above = if y - TOP > 14.0 { y - 4.0 } else { y + 13.0 };
            svg.label("tick", point(RIGHT, above), Anchor::End, &fitting(&rule.label, 200.0));
        }
    }

    /// The points within the axes, in drawing units.
    fn at_all(&self, points: &[ChartPoint]) -> Vec<ChartPoint> {
        let shown = points.iter().filter(|point| self.x.shows(point.x) && self.y.shows(point.y));
        shown.map(|point| self.at(*point)).collect()
    }

    /// A point in drawing units, from its values on the axes.
    fn at(&self, values: ChartPoint) -> ChartPoint {
        point(LEFT + self.x.place(values.x) * (RIGHT - LEFT), self.y_of(values.y))
    }

    /// The vertical coordinate of a value, in drawing units.
    fn y_of(&self, value: f64) -> f64 {
        BOTTOM - self.y.place(value) * (BOTTOM - TOP)
    }
}

/// At most `most` of the points, evenly spaced and shifted by a share of their distance, so that
/// the markers of overlapping lines do not overlap.
fn spread(points: &[ChartPoint], most: usize, shift: f64) -> Vec<ChartPoint> {
    if points.len() <= most {
        return points.to_vec();
    }
    let distance = points.len() as f64 / most.max(1) as f64;
    let at = |n: usize| points[((n as f64 + shift) * distance) as usize];
    (0..most).map(at).collect()
}
