//! Draws the loss differences of the same run on several backends, for the book.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use burn_zoo::train::log::LogLine;
use clap::Parser;
use plotters::prelude::*;
use zoo_bench::figure::{Area, Run, canvas, draw_legend, draw_mark, stroke};

/// Draw the losses of the same run on several backends, and their differences, as an SVG.
#[derive(Parser)]
#[command(
    after_help = "Example:\n  backends docs/src/images/backends.svg flex=runs/a ndarray=runs/b tch=runs/c"
)]
struct Args {
    /// The file to write
    out: PathBuf,
    /// Runs of the same settings, each as NAME=DIRECTORY; the first is the reference
    #[arg(required = true, num_args = 2..)]
    runs: Vec<String>,
}

/// The training steps of a run, from 1 on.
struct LossCurve {
    name: String,
    steps: BTreeMap<usize, Step>,
}

struct Step {
    tokens: u64,
    lr: f64,
    loss: f64,
}

/// Differences of a run's losses from the reference's.
struct Differences {
    points: Vec<(f64, f64)>,
    largest: f64,
    /// The first step with the largest difference.
    step: usize,
}

/// The largest accepted difference, in nats per token.
const LIMIT: f64 = 1e-3;

/// The height at which smaller differences and 0 are drawn: a log axis has no 0.
const FLOOR: f64 = 1e-8;

fn main() -> Result<()> {
    let args = Args::parse();
    let runs: Vec<LossCurve> =
        args.runs.iter().map(|run| loss_curve(run)).collect::<Result<_>>()?;
    let (reference, others) = runs.split_first().context("no runs")?;
    let compared: Vec<Differences> =
        others.iter().map(|run| differences(run, reference)).collect::<Result<_>>()?;
    draw(&args.out, &runs, &compared)?;
    println!("{}: {} steps, the reference", reference.name, reference.steps.len());
    for (LossCurve { name, steps }, Differences { largest, step, .. }) in
        others.iter().zip(&compared)
    {
        println!("{name}: {} steps, largest difference {largest:.2e} at step {step}", steps.len());
    }
    Ok(())
}

fn loss_curve(given: &str) -> Result<LossCurve> {
    let run = Run::read(given)?;
    let steps: BTreeMap<usize, Step> = run
        .lines
        .into_iter()
        .filter_map(|line| match line {
            LogLine::Train { step, tokens, lr, loss, .. } => {
                Some((step, Step { tokens, lr, loss }))
            }
            LogLine::Valid { .. } => None,
        })
        .collect();
    ensure!(!steps.is_empty(), "{} has no training step yet", run.path.display());
    Ok(LossCurve { name: run.name, steps })
}

/// |loss - loss of the reference| of each common step.
///
/// # Errors
///
/// The settings differ: the tokens or the learning rate of a step.
fn differences(run: &LossCurve, reference: &LossCurve) -> Result<Differences> {
    let (name, other_name) = (&run.name, &reference.name);
    let mut points = Vec::new();
    let (mut largest, mut at) = (0.0, None);
    for (&step, own) in &run.steps {
        let Some(other) = reference.steps.get(&step) else { continue };
        ensure!(
            own.tokens == other.tokens,
            "at step {step}, {name} has trained on {} tokens and {other_name} on {}; \
             give both the same --batch-size, --context and --accumulate",
            own.tokens,
            other.tokens,
        );
        // The last bits of a cosine may differ between machines.
        ensure!(
            (own.lr - other.lr).abs() <= 1e-9 * other.lr.abs(),
            "at step {step}, the learning rate of {name} is {} and that of {other_name} {}; \
             give both the same --lr, --min-lr, --warmup and --steps (for a shorter run, stop it \
             early: fewer --steps are another schedule)",
            own.lr,
            other.lr,
        );
        let difference = (own.loss - other.loss).abs();
        points.push((step as f64, difference.max(FLOOR)));
        if at.is_none() || difference > largest {
            (largest, at) = (difference, Some(step));
        }
    }
    let step = at.with_context(|| format!("{name} and {other_name} have no step in common"))?;
    Ok(Differences { points, largest, step })
}

fn draw(out: &Path, runs: &[LossCurve], compared: &[Differences]) -> Result<()> {
    let last = runs.iter().filter_map(|run| run.steps.keys().next_back()).max();
    let steps = *last.context("no steps")? as f64;
    let root = canvas(out, (760, 640))?;
    let (above, below) = root.split_vertically(320);
    draw_losses(&above, runs, steps)?;
    draw_differences(&below, &runs[0].name, compared, steps)?;
    root.present()?;
    Ok(())
}

/// A run's color in both panels. Skips the third color of the palette, a yellow that is faint on
/// white.
fn color(run: usize) -> PaletteColor<Palette99> {
    Palette99::pick(if run < 2 { run } else { run + 1 })
}

/// The losses nearly coincide: the reference is thick and pale, so that it is visible behind the
/// others.
fn draw_losses(area: &Area<'_>, runs: &[LossCurve], steps: f64) -> Result<()> {
    let losses = || runs.iter().flat_map(|run| run.steps.values()).map(|step| step.loss);
    let low = losses().fold(f64::INFINITY, f64::min);
    let high = losses().fold(0.0, f64::max);
    let mut chart = ChartBuilder::on(area)
        .margin(16)
        .margin_bottom(8)
        .y_label_area_size(56)
        .build_cartesian_2d(0.0..steps, (low - 0.05)..(high + 0.05))?;
    chart
        .configure_mesh()
        .y_desc("training loss, nats per token")
        .light_line_style(WHITE)
        .y_label_formatter(&|loss| format!("{loss:.1}"))
        .draw()?;
    for (index, run) in runs.iter().enumerate() {
        let color = color(index);
        let (label, style) = match index {
            0 => (format!("{}, the reference", run.name), color.mix(0.35).stroke_width(6)),
            _ => (run.name.clone(), color.stroke_width(1)),
        };
        let points = run.steps.iter().map(|(step, Step { loss, .. })| (*step as f64, *loss));
        chart.draw_series(LineSeries::new(points, style))?.label(label).legend(stroke(style));
    }
    draw_legend(&mut chart, SeriesLabelPosition::UpperRight)
}

/// The colors are those of the losses, whose legend names them.
fn draw_differences(
    area: &Area<'_>,
    reference: &str,
    compared: &[Differences],
    steps: f64,
) -> Result<()> {
    let high = compared.iter().map(|run| run.largest).fold(10.0 * LIMIT, f64::max);
    let mut chart = ChartBuilder::on(area)
        .margin(16)
        .margin_top(8)
        .x_label_area_size(44)
        .y_label_area_size(56)
        .build_cartesian_2d(0.0..steps, (FLOOR / 2.0..2.0 * high).log_scale())?;
    chart
        .configure_mesh()
        .x_desc("step")
        .y_desc(format!("difference from {reference}, nats per token"))
        .light_line_style(WHITE)
        .x_label_formatter(&|step| format!("{step:.0}"))
        .y_label_formatter(&|difference| {
            let or_less = if *difference < 2.0 * FLOOR { "≤ " } else { "" };
            format!("{or_less}{difference:.0e}")
        })
        .draw()?;
    for (index, run) in compared.iter().enumerate() {
        let points = run.points.iter().copied();
        chart.draw_series(LineSeries::new(points, color(index + 1)))?;
    }
    draw_mark(&mut chart, LIMIT, format!("limit: {LIMIT:e}"), steps)?;
    draw_legend(&mut chart, SeriesLabelPosition::UpperRight)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run<const N: usize>(name: &str, losses: [f64; N]) -> LossCurve {
        let step = |(index, loss)| (index + 1, Step { tokens: 768, lr: 1e-3, loss });
        let steps = losses.into_iter().enumerate().map(step).collect();
        LossCurve { name: name.to_string(), steps }
    }

    #[test]
    fn differences_are_of_common_steps() {
        let found = differences(&run("b", [4.0, 3.5]), &run("a", [4.0, 3.25, 3.0])).unwrap();
        assert_eq!(found.points, [(1.0, FLOOR), (2.0, 0.25)]);
        assert_eq!((found.largest, found.step), (0.25, 2));
    }

    #[test]
    fn equal_runs_have_no_difference() {
        let found = differences(&run("b", [4.0, 3.5]), &run("a", [4.0, 3.5])).unwrap();
        assert_eq!((found.largest, found.step), (0.0, 1));
    }

    #[test]
    fn another_batch_is_refused() {
        let mut other = run("b", [4.0]);
        other.steps.insert(1, Step { tokens: 512, lr: 1e-3, loss: 4.0 });
        let error = differences(&other, &run("a", [4.0])).err().unwrap().to_string();
        assert!(
            error.starts_with("at step 1, b has trained on 512 tokens and a on 768"),
            "{error}"
        );
    }

    #[test]
    fn another_schedule_is_refused() {
        let mut other = run("b", [4.0]);
        other.steps.insert(1, Step { tokens: 768, lr: 2e-3, loss: 4.0 });
        let error = differences(&other, &run("a", [4.0])).err().unwrap().to_string();
        assert!(error.contains("the learning rate of b is 0.002 and that of a 0.001"), "{error}");
    }

    #[test]
    fn runs_without_a_common_step_are_refused() {
        let mut other = run("b", [4.0, 3.5]);
        other.steps.remove(&1);
        assert!(differences(&other, &run("a", [4.0])).is_err());
    }
}
