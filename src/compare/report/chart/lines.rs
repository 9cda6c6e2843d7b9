//! Line charts.

use super::axis::Axis;
use super::dots::Rule;
use super::look::Look;
use super::svg::{Anchor, Svg, fitting};

/// A line.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Its color and marker shape.
    pub look: Look,
    /// Its points.
    pub points: Vec<(f64, f64)>,
    /// The thin lines that this line summarizes.
    pub parts: Vec<Vec<(f64, f64)>>,
    /// The maximum number of markers, evenly spaced along the points.
    pub markers: usize,
    /// The last points of runs that ended early, marked with a cross.
    pub broken: Vec<(f64, f64)>,
    /// The chosen points, marked with a ring.
    pub chosen: Vec<(f64, f64)>,
    /// The confidence band, from left to right; empty for none.
    pub band: Vec<BandPoint>,
}

/// A confidence band at one x.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BandPoint {
    /// The x.
    pub x: f64,
    /// The lower bound of y.
    pub low: f64,
    /// The upper bound of y.
    pub high: f64,
}

impl Line {
    /// A line with a marker at every point.
    pub fn new(look: Look, points: Vec<(f64, f64)>) -> Self {
        let markers = points.len();
        Self { look, points, parts: vec![], markers, broken: vec![], chosen: vec![], band: vec![] }
    }
}

/// A line chart.
#[derive(Debug, Clone, PartialEq)]
pub struct Chart {
    /// The title for screen readers.
    pub title: String,
    /// The description for screen readers.
    pub description: String,
    /// The horizontal axis.
    pub x: Axis,
    /// The vertical axis.
    pub y: Axis,
    /// The lines.
    pub lines: Vec<Line>,
    /// The compute-optimal front: a dashed line in the text color; empty for none.
    pub front: Vec<(f64, f64)>,
    /// Reference values, as horizontal lines.
    pub rules: Vec<Rule>,
}

const WIDTH: f64 = 410.0;
const HEIGHT: f64 = 280.0;
const LEFT: f64 = 54.0;
const RIGHT: f64 = WIDTH - 12.0;
const TOP: f64 = 26.0;
const BOTTOM: f64 = HEIGHT - 40.0;

impl Chart {
    /// Draws the chart as SVG.
    pub fn draw(&self) -> String {
        let mut svg = Svg::new(WIDTH, HEIGHT, &self.title, &self.description);
        self.frame(&mut svg);
        for line in self.lines.iter().filter(|line| !line.band.is_empty()) {
            let there = line.band.iter().map(|at| (at.x, at.low));
            let back = line.band.iter().rev().map(|at| (at.x, at.high));
            let around: Vec<(f64, f64)> = there.chain(back).collect();
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
            for (x, y) in line.broken.iter().map(|(x, y)| self.at(*x, *y)) {
                // The last point of a diverged run may be outside of the axes: its cross is drawn
                // at the edge.
                let (x, y) = (x.clamp(LEFT, RIGHT), y.clamp(TOP, BOTTOM));
                let cross = format!("M{} {}l9 9m0 -9l-9 9", (x - 4.5).round(), (y - 4.5).round());
                svg.path(&format!("cross {}", line.look.class()), &cross);
            }
        }
        svg.finish()
    }

    fn frame(&self, svg: &mut Svg) {
        let (left, bottom) = (LEFT, BOTTOM);
        for tick in &self.y.ticks {
            let y = self.at(0.0, tick.at).1;
            svg.line("grid", (left, y), (RIGHT, y));
            svg.label("tick", (left - 8.0, y + 4.0), Anchor::End, &tick.label);
        }
        for tick in self.x.ticks_over(RIGHT - left) {
            let x = left + self.x.place(tick.at) * (RIGHT - left);
            svg.line("axis-line", (x, bottom), (x, bottom + 4.0));
            svg.label("tick", (x, bottom + 18.0), Anchor::Middle, &tick.label);
        }
        svg.line("axis-line", (left, bottom), (RIGHT, bottom));
        let (title, middle) = (fitting(&self.y.label, WIDTH), (left + RIGHT) / 2.0);
        svg.label("axis", (0.0, 12.0), Anchor::Start, &title);
        svg.label("axis", (middle, HEIGHT - 4.0), Anchor::Middle, &self.x.label);
        for rule in self.rules.iter().filter(|rule| self.y.shows(rule.at)) {
            let y = self.at(0.0, rule.at).1;
            svg.line("rule", (left, y), (RIGHT, y));
            let above = if y - TOP > 14.0 { y - 4.0 } else { y + 13.0 };
            svg.label("tick", (RIGHT, above), Anchor::End, &fitting(&rule.label, 200.0));
        }
    }

    /// The points within the axes, in drawing units.
    fn at_all(&self, points: &[(f64, f64)]) -> Vec<(f64, f64)> {
        let shown = points.iter().filter(|(x, y)| self.x.shows(*x) && self.y.shows(*y));
        shown.map(|(x, y)| self.at(*x, *y)).collect()
    }

    fn at(&self, x: f64, y: f64) -> (f64, f64) {
        let across = LEFT + self.x.place(x) * (RIGHT - LEFT);
        (across, BOTTOM - self.y.place(y) * (BOTTOM - TOP))
    }
}

/// At most `most` of the points, evenly spaced and shifted by a share of their distance, so that
/// the markers of overlapping lines do not overlap.
fn spread(points: &[(f64, f64)], most: usize, shift: f64) -> Vec<(f64, f64)> {
    if points.len() <= most {
        return points.to_vec();
    }
    let distance = points.len() as f64 / most.max(1) as f64;
    let at = |n: usize| points[((n as f64 + shift) * distance) as usize];
    (0..most).map(at).collect()
}
