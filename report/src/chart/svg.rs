//! The SVG elements of the charts.

use std::fmt::{Display, Write};

/// An SVG drawing under construction.
#[derive(Debug, Clone)]
pub(crate) struct Svg {
    text: String,
}

/// The alignment of a text at its point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Anchor {
    /// The text starts at the point.
    Start,
    /// The text is centered at the point.
    Middle,
    /// The text ends at the point.
    End,
}

/// A point of a chart, in drawing units or as values of the axes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct ChartPoint {
    /// The horizontal coordinate.
    pub(crate) x: f64,
    /// The vertical coordinate.
    pub(crate) y: f64,
}

impl ChartPoint {
    /// A point with these coordinates.
    pub(crate) const fn new(x: f64, y: f64) -> Self {
        Self { x, y }
    }
}

/// Short for [`ChartPoint::new`].
pub(super) const fn point(x: f64, y: f64) -> ChartPoint {
    ChartPoint { x, y }
}

impl Svg {
    /// A drawing of this width and height in units, with a title and a description for screen
    /// readers.
    pub(crate) fn new(width: f64, height: f64, title: &str, description: &str) -> Self {
        let mut text = String::new();
        let _ = write!(
            text,
            r#"<svg viewBox="0 0 {} {}" role="img"><title>{}</title><desc>{}</desc>"#,
            short(width),
            short(height),
            escape(title),
            escape(description),
        );
        Self { text }
    }

    /// A small drawing that is hidden from screen readers, because text next to it has its content.
    pub(crate) fn decoration(width: f64, height: f64) -> Self {
        let text = format!(
            r#"<svg viewBox="0 0 {w} {h}" width="{w}" height="{h}" aria-hidden="true">"#,
            w = short(width),
            h = short(height),
        );
        Self { text }
    }

    /// A straight line.
    pub(crate) fn line(&mut self, class: &str, from: ChartPoint, to: ChartPoint) {
        let path = format!("M{} {}L{} {}", short(from.x), short(from.y), short(to.x), short(to.y));
        self.path(class, &path);
    }

    /// A path in SVG path syntax.
    pub(crate) fn path(&mut self, class: &str, path: &str) {
        let _ = write!(self.text, r#"<path class="{}" d="{}"/>"#, escape(class), escape(path));
    }

    /// A line through points.
    pub(crate) fn polyline(&mut self, class: &str, points: &[ChartPoint]) {
        self.path(class, &through(points));
    }

    /// A filled polygon.
    pub(crate) fn polygon(&mut self, class: &str, points: &[ChartPoint]) {
        self.path(class, &(through(points) + "Z"));
    }

    /// A circle.
    pub(crate) fn circle(&mut self, class: &str, at: ChartPoint, radius: f64) {
        let _ = write!(
            self.text,
            r#"<circle class="{}" cx="{}" cy="{}" r="{}"/>"#,
            escape(class),
            short(at.x),
            short(at.y),
            short(radius),
        );
    }

    /// A text label.
    pub(crate) fn label(&mut self, class: &str, at: ChartPoint, anchor: Anchor, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let _ = write!(
            self.text,
            r#"<text class="{}" x="{}" y="{}" text-anchor="{anchor}">{}</text>"#,
            escape(class),
            short(at.x),
            short(at.y),
            escape(text),
        );
    }

    /// The finished SVG.
    pub(crate) fn finish(mut self) -> String {
        self.text.push_str("</svg>");
        self.text
    }
}

fn through(points: &[ChartPoint]) -> String {
    let mut path = String::new();
    for (index, point) in points.iter().enumerate() {
        let command = if index == 0 { 'M' } else { 'L' };
        let _ = write!(path, "{command}{} {}", short(point.x), short(point.y));
    }
    path
}

/// A coordinate rounded to a tenth: finer detail is invisible, and charts stay small.
fn short(value: f64) -> impl Display {
    (value * 10.0).round() / 10.0
}

/// Text escaped for XML, in content and in attributes.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            // Control characters are not allowed in XML, even escaped.
            c if c.is_control() && !matches!(c, '\n' | '\t') => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}

/// The approximate width of a text, in units, at label size.
pub(super) fn width(text: &str) -> f64 {
    // Digits and lowercase letters of common fonts are a little wider than half of their height.
    text.chars().count() as f64 * 7.2
}

/// A text of at most this width. A longer text has an ellipsis in the middle, because names differ
/// in their ends.
pub(super) fn fitting(text: &str, most: f64) -> String {
    if width(text) <= most {
        return text.to_string();
    }
    let keep = ((most / 7.2).floor() as usize).saturating_sub(1);
    let skip = text.chars().count() - keep / 2;
    text.chars().take(keep - keep / 2).chain(['…']).chain(text.chars().skip(skip)).collect()
}
