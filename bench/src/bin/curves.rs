//! Draws the loss curves of runs, for the book.

use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use burn_zoo::train::log::LogLine;
use clap::Parser;
use plotters::prelude::*;
use zoo_bench::figure::{Run, canvas, draw_legend, draw_mark, stroke};

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

/// The number of steps over which the training loss is averaged, because single batches are noisy.
const WINDOW: usize = 25;

fn main() -> Result<()> {
    let args = Args::parse();
    let runs: Vec<Curves> = args.runs.iter().map(|run| curves(run)).collect::<Result<_>>()?;
    draw(&args.out, &runs, args.line)
}

fn curves(given: &str) -> Result<Curves> {
    let Run { name, path, lines } = Run::read(given)?;
    let mut curves = Curves { name, train: Vec::new(), valid: Vec::new() };
    let mut window = Vec::new();
    for line in lines {
        match line {
            LogLine::Train { step, loss, .. } => {
                window.push(loss);
                if window.len() == WINDOW {
                    let mean = window.drain(..).sum::<f64>() / WINDOW as f64;
                    curves.train.push((step as f64 - WINDOW as f64 / 2.0, mean));
                }
            }
            LogLine::Valid { step, loss, .. } => curves.valid.push((step as f64, loss)),
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
    let root = canvas(out, (760, 440))?;
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
            .legend(stroke(color.mix(0.35)));
        let valid = LineSeries::new(run.valid.iter().copied(), color.stroke_width(2));
        chart
            .draw_series(valid)?
            .label(format!("{}, validation", run.name))
            .legend(stroke(color.stroke_width(2)));
        chart.draw_series(run.valid.iter().map(|&point| Circle::new(point, 3, color.filled())))?;
    }
    if let Some(loss) = line {
        draw_mark(&mut chart, loss, format!("published: {loss}"), steps)?;
    }
    draw_legend(&mut chart, SeriesLabelPosition::UpperRight)?;
    root.present()?;
    Ok(())
}
