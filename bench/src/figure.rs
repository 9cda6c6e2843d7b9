//! What the figures of the book share: the runs that they read, and how they look.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use burn_zoo::train::METRICS_FILE;
use burn_zoo::train::log::{Line, read};
use plotters::coord::{CoordTranslate, Shift};
use plotters::prelude::*;

/// A picture, or a part of one.
pub type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// A run to draw.
#[derive(Debug)]
pub struct Run {
    /// What the legend calls it.
    pub name: String,
    /// Where its log is.
    pub path: PathBuf,
    /// Its log.
    pub lines: Vec<Line>,
}

impl Run {
    /// Reads a run that is given as NAME=DIRECTORY.
    ///
    /// # Errors
    ///
    /// It is not given so; its log cannot be read.
    pub fn read(given: &str) -> Result<Self> {
        let (name, folder) = given
            .split_once('=')
            .filter(|(name, folder)| !name.is_empty() && !folder.is_empty())
            .with_context(|| format!("a run is given as NAME=DIRECTORY, not as {given:?}"))?;
        let path = Path::new(folder).join(METRICS_FILE);
        let lines = read(&path).with_context(|| path.display().to_string())?;
        Ok(Self { name: name.to_string(), path, lines })
    }
}

/// A white picture of so many pixels; its folder is made.
///
/// # Errors
///
/// The folder cannot be made.
pub fn canvas(out: &Path, size: (u32, u32)) -> Result<Area<'_>> {
    if let Some(folder) = out.parent() {
        std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    }
    let root = SVGBackend::new(out, size).into_drawing_area();
    root.fill(&WHITE)?;
    Ok(root)
}

/// The stroke beside a name in the legend.
pub fn stroke(style: impl Into<ShapeStyle>) -> impl Fn((i32, i32)) -> PathElement<(i32, i32)> {
    let style = style.into();
    move |(x, y)| PathElement::new([(x, y), (x + 18, y)], style)
}

/// Draws a dashed line at a height, over so many steps.
///
/// # Errors
///
/// The picture cannot be drawn.
pub fn draw_mark<C: CoordTranslate<From = (f64, f64)>>(
    chart: &mut ChartContext<'_, SVGBackend<'_>, C>,
    (height, label): (f64, String),
    steps: f64,
) -> Result<()> {
    let line = DashedLineSeries::new([(0.0, height), (steps, height)], 5, 4, BLACK.into());
    chart.draw_series(line)?.label(label).legend(stroke(BLACK));
    Ok(())
}

/// Draws the legend.
///
/// # Errors
///
/// The picture cannot be drawn.
pub fn draw_legend<'chart, 'out: 'chart, C: CoordTranslate>(
    chart: &mut ChartContext<'chart, SVGBackend<'out>, C>,
    position: SeriesLabelPosition,
) -> Result<()> {
    chart
        .configure_series_labels()
        .position(position)
        .background_style(WHITE.mix(0.85))
        .border_style(BLACK.mix(0.3))
        .draw()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_a_name_and_a_directory() {
        for given in ["runs/a", "flex=", "=runs/a"] {
            let error = Run::read(given).unwrap_err().to_string();
            assert_eq!(error, format!("a run is given as NAME=DIRECTORY, not as {given:?}"));
        }
    }

    #[test]
    fn a_log_that_is_not_there_is_named() {
        let error = Run::read("flex=runs/nowhere").unwrap_err().to_string();
        assert!(error.contains("metrics.jsonl"), "{error}");
    }
}
