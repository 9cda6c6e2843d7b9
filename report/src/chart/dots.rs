//! Dot plots with intervals, one row per architecture.

use super::axis::Axis;
use super::look::Look;
use super::svg::{Anchor, Svg, fitting, point, width};

/// A row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Row {
    /// The architecture.
    pub(crate) name: String,
    /// Its color and marker shape.
    pub(crate) look: Look,
    /// The mean; `None` where no run finished.
    pub(crate) mean: Option<f64>,
    /// The ends of the interval.
    pub(crate) interval: Option<(f64, f64)>,
    /// The values of the runs.
    pub(crate) runs: Vec<f64>,
    /// The label at the end of the row.
    pub(crate) label: String,
}

/// A reference value: a line across the chart.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Rule {
    /// The value.
    pub(crate) at: f64,
    /// Its label.
    pub(crate) label: String,
}

/// A dot plot.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Dots {
    /// The title for screen readers.
    pub(crate) title: String,
    /// The description for screen readers.
    pub(crate) description: String,
    /// The axis of the values.
    pub(crate) axis: Axis,
    /// The rows, from top to bottom.
    pub(crate) rows: Vec<Row>,
    /// The reference values.
    pub(crate) rules: Vec<Rule>,
}

const WIDTH: f64 = 430.0;
const ROW: f64 = 25.0;
const LINE: f64 = 15.0;

impl Dots {
    /// Draws the chart as SVG.
    pub(crate) fn draw(&self) -> String {
        let widest = |texts: &mut dyn Iterator<Item = &String>, most: f64| {
            texts.map(|text| width(text)).fold(30.0, f64::max).min(most)
        };
        let left = widest(&mut self.rows.iter().map(|row| &row.name), 150.0) + 14.0;
        let right = WIDTH - widest(&mut self.rows.iter().map(|row| &row.label), 110.0) - 12.0;
        let rules: Vec<&Rule> = self.rules.iter().filter(|r| self.axis.shows(r.at)).collect();
        // Each reference value's label has a line of its own, so that labels do not overlap.
        let top = 6.0 + LINE * rules.len() as f64;
        let bottom = top + ROW * self.rows.len() as f64;
        let x = |value: f64| left + self.axis.place(value) * (right - left);
        let mut svg = Svg::new(WIDTH, bottom + 42.0, &self.title, &self.description);
        for tick in self.axis.ticks_over(right - left) {
            svg.line("grid", point(x(tick.at), top), point(x(tick.at), bottom));
            svg.label("tick", point(x(tick.at), bottom + 16.0), Anchor::Middle, &tick.label);
        }
        svg.label(
            "axis",
            point((left + right) / 2.0, bottom + 35.0),
            Anchor::Middle,
            &self.axis.label,
        );
        for (index, rule) in rules.iter().enumerate() {
            let (at, y) = (x(rule.at), LINE * (index as f64 + 0.8));
            svg.line("rule", point(at, y + 3.0), point(at, bottom));
            let label = fitting(&rule.label, 240.0);
            let half = width(&label) / 2.0;
            let at = at.clamp(half, WIDTH - half);
            svg.label("tick", point(at, y), Anchor::Middle, &label);
        }
        for (index, row) in self.rows.iter().enumerate() {
            let y = top + ROW * (index as f64 + 0.5);
            let name = fitting(&row.name, left - 14.0);
            svg.label("name", point(left - 12.0, y + 4.0), Anchor::End, &name);
            let label = fitting(&row.label, WIDTH - right - 8.0);
            svg.label("value", point(WIDTH, y + 4.0), Anchor::End, &label);
            let class = row.look.class();
            if let Some((low, high)) = row.interval {
                let ends = [low, high].map(|end| x(end).clamp(left, right));
                svg.line(&format!("whisker {class}"), point(ends[0], y), point(ends[1], y));
                // An interval that extends beyond the axis ends in an arrow.
                for (end, at, back) in [(low, ends[0], 5.0), (high, ends[1], -5.0)] {
                    if !self.axis.shows(end) {
                        let tip =
                            [point(at + back, y - 5.0), point(at, y), point(at + back, y + 5.0)];
                        svg.polyline(&format!("whisker {class}"), &tip);
                    }
                }
            }
            for run in row.runs.iter().filter(|run| self.axis.shows(**run)) {
                svg.line(&format!("run {class}"), point(x(*run), y - 6.0), point(x(*run), y + 6.0));
            }
            if let Some(mean) = row.mean.filter(|mean| self.axis.shows(*mean)) {
                row.look.marker(&mut svg, point(x(mean), y), 4.6);
            }
        }
        svg.finish()
    }
}
