//! Shared code of the book's figures: reading runs, and styling.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use burn_zoo::train::METRICS_FILE;
use burn_zoo::train::log::{LogLine, read};
use plotters::coord::{CoordTranslate, Shift};
use plotters::prelude::*;

/// A drawing area: a picture or a part of one.
pub type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// A run to draw.
#[derive(Debug)]
pub struct Run {
    /// Its name in the legend.
    pub name: String,
    /// The path of its log.
    pub path: PathBuf,
    /// The lines of its log.
    pub lines: Vec<LogLine>,
}

impl Run {
    /// Reads a run specified as NAME=DIRECTORY.
    ///
    /// # Errors
    ///
    /// The argument has another form, or the log cannot be read.
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

/// Creates a white picture of this size in pixels, and its folder.
///
/// # Errors
///
/// The folder cannot be created.
pub fn canvas(out: &Path, size: (u32, u32)) -> Result<Area<'_>> {
    if let Some(folder) = out.parent() {
        std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    }
    let root = SVGBackend::new(out, size).into_drawing_area();
    root.fill(&WHITE)?;
    Ok(root)
}

/// The stroke next to a name in the legend.
pub fn stroke(style: impl Into<ShapeStyle>) -> impl Fn((i32, i32)) -> PathElement<(i32, i32)> {
    let style = style.into();
    move |(x, y)| PathElement::new([(x, y), (x + 18, y)], style)
}

/// Draws a dashed horizontal line at a height, from step 0 to `steps`.
///
/// # Errors
///
/// The picture cannot be drawn.
pub fn draw_mark<C: CoordTranslate<From = (f64, f64)>>(
    chart: &mut ChartContext<'_, SVGBackend<'_>, C>,
    height: f64,
    label: String,
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
    fn a_missing_log_is_named() {
        let error = Run::read("flex=runs/nowhere").unwrap_err().to_string();
        assert!(error.contains("metrics.jsonl"), "{error}");
    }
}
