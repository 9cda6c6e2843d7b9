//! Draws the losses of runs against their steps, for the book.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use burn_zoo::train::METRICS_FILE;
use burn_zoo::train::log::{Line, read};
use clap::Parser;
use plotters::prelude::*;

/// Draw the losses of runs as an SVG.
#[derive(Parser)]
#[command(
    after_help = "Example:\n  curves docs/src/images/shakespeare.svg gpt2=runs/shakespeare-gpt2 llama=runs/shakespeare-llama --line 1.88"
)]
struct Args {
    /// The file to write
    out: PathBuf,
    /// Runs, each as NAME=DIRECTORY
    #[arg(required = true)]
    runs: Vec<String>,
    /// A loss to mark, such as a published one
    #[arg(long)]
    line: Option<f64>,
}

/// A run's curves: (step, nats per token).
struct Curves {
    name: String,
    train: Vec<(f64, f64)>,
    valid: Vec<(f64, f64)>,
}

/// Steps over which a training loss is averaged; single batches are noise.
const WINDOW: usize = 25;

fn main() -> Result<()> {
    let args = Args::parse();
    let runs: Vec<Curves> = args.runs.iter().map(|run| curves(run)).collect::<Result<_>>()?;
    draw(&args.out, &runs, args.line)
}

fn curves(run: &str) -> Result<Curves> {
    let (name, folder) = run.split_once('=').context("a run is given as NAME=DIRECTORY")?;
    let path = Path::new(folder).join(METRICS_FILE);
    let lines = read(&path).with_context(|| path.display().to_string())?;
    let mut curves = Curves { name: name.to_string(), train: Vec::new(), valid: Vec::new() };
    let mut window = Vec::new();
    for line in lines {
        match line {
            Line::Train { step, loss, .. } => {
                window.push(loss);
                if window.len() == WINDOW {
                    let mean = window.drain(..).sum::<f64>() / WINDOW as f64;
                    curves.train.push((step as f64 - WINDOW as f64 / 2.0, mean));
                }
            }
            Line::Valid { step, loss, .. } => curves.valid.push((step as f64, loss)),
        }
    }
    ensure!(!curves.valid.is_empty(), "{} has no validation yet", path.display());
    Ok(curves)
}

fn draw(out: &Path, runs: &[Curves], line: Option<f64>) -> Result<()> {
    let points = || runs.iter().flat_map(|run| run.train.iter().chain(&run.valid));
    let steps = points().map(|point| point.0).fold(0.0, f64::max);
    let low = points().map(|point| point.1).chain(line).fold(f64::INFINITY, f64::min);
    let high = points().map(|point| point.1).fold(0.0, f64::max);
    if let Some(folder) = out.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let root = SVGBackend::new(out, (760, 440)).into_drawing_area();
    root.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&root)
        .margin(16)
        .x_label_area_size(44)
        .y_label_area_size(56)
        .build_cartesian_2d(0.0..steps, (low - 0.05)..(high + 0.05))?;
    chart
        .configure_mesh()
        .x_desc("step")
        .y_desc("loss, nats per token")
        .light_line_style(WHITE)
        .x_label_formatter(&|step| format!("{step:.0}"))
        .y_label_formatter(&|loss| format!("{loss:.1}"))
        .draw()?;
    for (index, run) in runs.iter().enumerate() {
        let color = Palette99::pick(index).to_rgba();
        let train = LineSeries::new(run.train.iter().copied(), color.mix(0.35));
        chart
            .draw_series(train)?
            .label(format!("{}, training (mean of {WINDOW} steps)", run.name))
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], color.mix(0.35)));
        let valid = LineSeries::new(run.valid.iter().copied(), color.stroke_width(2));
        chart
            .draw_series(valid)?
            .label(format!("{}, validation", run.name))
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], color.stroke_width(2)));
        chart.draw_series(run.valid.iter().map(|&point| Circle::new(point, 3, color.filled())))?;
    }
    if let Some(loss) = line {
        chart
            .draw_series(DashedLineSeries::new([(0.0, loss), (steps, loss)], 5, 4, BLACK.into()))?
            .label(format!("published: {loss}"))
            .legend(|(x, y)| PathElement::new([(x, y), (x + 18, y)], BLACK));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperRight)
        .background_style(WHITE.mix(0.85))
        .border_style(BLACK.mix(0.3))
        .draw()?;
    root.present()?;
    Ok(())
}
