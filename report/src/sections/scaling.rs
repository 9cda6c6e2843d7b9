//! Scaling of the loss with compute.

use super::median::median;
use super::shown::Shown;
use crate::chart::{Axis, BandPoint, Chart, ChartPoint, Line, Look};
use crate::number;
use crate::page::{Cell, Figure, Finding, Group, Groups, Item, Mark, Section, Table};
use crate::study::{BandAt, Fit, FitResult, Fitted, Run, Scaling, ScalingPoint, Study, Task};

/// The number of drawn points of a fitted curve.
const STEPS: usize = 40;

pub(super) fn section(shown: &Shown<'_>) -> Option<Section> {
    let study = shown.study;
    if study.scaling.is_empty() {
        return None;
    }
    let tasks = study.tasks.iter();
    let charts = tasks.filter_map(|task| figure(shown, task)).collect();
    let mut items = vec![
        Item::Groups(Groups {
            id: "scaling",
            caption: "Markers are trained models. Lines are loss = a · C⁻ᵇ + c with its 95 % band, where C is the \
                      compute in training FLOPs. The dashed line is the lowest loss at each amount of compute."
                .into(),
            groups: vec![Group { label: String::new(), charts, tables: Vec::new() }],
        }),
        Item::Legend(Look::legend(&shown.names)),
        Item::Table(fits(&study.scaling)),
    ];
    items.extend(costs(study).map(Item::Table));
    items.extend(front(&study.scaling).map(Item::Table));
    items.push(Item::Table(points(&study.scaling)));
    Some(Section {
        id: "scaling",
        name: "Scaling",
        heading: heading(&study.scaling),
        text: vec!["A fit holds for the trained range; beyond it, it is an extrapolation.".into()],
        items,
    })
}

/// The findings of a sweep over sizes, for studies without comparisons.
pub(super) fn findings(shown: &Shown<'_>) -> Vec<Finding> {
    let study = shown.study;
    let alone = |of: &&Scaling| study.candidates_on(&of.task).next().is_none();
    let finding = |of: &Scaling| {
        let least = of.points.iter().min_by(|a, b| a.loss.total_cmp(&b.loss))?;
        let reached = format!(
            "The lowest loss is {} nats per token, at size {} ({} parameters) with {} training FLOPs.",
            number::fixed(least.loss, 3),
            least.size,
            number::si(least.parameters as f64),
            number::si(least.flops)
        );
        let law = match &of.fit {
            FitResult::Fit(fit) => {
                let [a, b, c] = [fit.a, fit.b, fit.c].map(|v| number::value(v.value, v.interval));
                format!("loss = {a} · C⁻ᵇ + {c} with b = {b}{}", in_brackets(fit.b))
            }
            FitResult::NotFitted { because } => format!("no scaling law, because {because}"),
        };
        let heading = format!("{}: {law}", of.architecture);
        Some(Finding { task: of.task.clone(), heading, text: vec![reached] })
    };
    study.scaling.iter().filter(alone).filter_map(finding).collect()
}

fn in_brackets(of: Fitted) -> String {
    let range = of.interval.map(number::range);
    range.map_or_else(String::new, |range| format!(" (95\u{a0}% interval {range})"))
}

fn heading(scaling: &[Scaling]) -> String {
    let steepest = scaling
        .iter()
        .filter_map(|of| match &of.fit {
            FitResult::Fit(fit) => Some((fit.b, of)),
            FitResult::NotFitted { .. } => None,
        })
        .max_by(|a, b| a.0.value.total_cmp(&b.0.value));
    match steepest {
        Some((b, of)) => format!(
            "The loss of {} on {} falls with compute to the power of \u{2212}{}",
            of.architecture,
            of.task,
            number::value(b.value, b.interval)
        ),
        None => "No scaling law can be fitted to these points".into(),
    }
}

fn figure(shown: &Shown<'_>, task: &Task) -> Option<Figure> {
    let of_task: Vec<&Scaling> =
        shown.study.scaling.iter().filter(|of| of.task == task.name).collect();
    let points = || of_task.iter().flat_map(|of| &of.points);
    points().next()?;
    let mut lines = Vec::new();
    for of in &of_task {
        let look = shown.look(&of.architecture);
        for point in &of.points {
            lines.push(Line::new(look, vec![ChartPoint::new(point.flops, point.loss)]));
        }
        if let FitResult::Fit(fit) = &of.fit {
            lines.push(curve(of, fit, look));
        }
    }
    let front = of_task.iter().flat_map(|of| &of.front);
    let mut front: Vec<ChartPoint> = front.map(|f| ChartPoint::new(f.flops, f.loss)).collect();
    front.sort_by(|a, b| a.x.total_cmp(&b.x).then(a.y.total_cmp(&b.y)));
    let mut least = f64::INFINITY;
    front.retain(|point| {
        let better = point.y < least;
        least = least.min(point.y);
        better
    });
    let chart = Chart {
        title: format!("Loss on {} against compute", task.name),
        description: format!(
            "{} with {} on log-log axes; the numbers are in the tables below.",
            number::of(points().count(), "trained model"),
            number::of(of_task.len(), "architecture"),
        ),
        x: Axis::log("training FLOPs", points().map(|p| p.flops)),
        y: Axis::log("validation loss (nats per token)", points().map(|p| p.loss)),
        lines,
        front,
        rules: Vec::new(),
    };
    Some(Figure { heading: task.name.clone(), svg: chart.draw() })
}

/// The fitted law over the range of the compute.
fn curve(of: &Scaling, fit: &Fit, look: Look) -> Line {
    let flops = || of.points.iter().map(|point| point.flops).filter(|flops| *flops > 0.0);
    let low = flops().fold(f64::INFINITY, f64::min);
    let high = flops().fold(0.0, f64::max);
    let at = |step: usize| low * (high / low).powf(step as f64 / STEPS as f64);
    let law = |c: f64| fit.a.value * c.powf(-fit.b.value) + fit.c.value;
    let points = (0..=STEPS).map(at).map(|c| ChartPoint::new(c, law(c))).collect();
    let bounds = |at: &BandAt| BandPoint { x: at.flops, low: at.loss.low, high: at.loss.high };
    let band = fit.band.iter().map(bounds).collect();
    Line { markers: 0, band, ..Line::new(look, points) }
}

fn fits(scaling: &[Scaling]) -> Table {
    let columns = ["architecture", "task", "#a", "#b", "#c (nats)", "#points"];
    let mut table = Table::new("loss = a · C⁻ᵇ + c, with 95 % intervals", &columns);
    for of in scaling {
        let mut row = vec![Cell::new(&of.architecture), Cell::new(&of.task)];
        match &of.fit {
            FitResult::Fit(fit) => row.extend([fit.a, fit.b, fit.c].map(fitted)),
            FitResult::NotFitted { because } => {
                row.push(Cell::new("no fit").note(because).mark(Mark::Warn));
                row.extend([Cell::new("–"), Cell::new("–")]);
            }
        }
        row.push(Cell::new(of.points.len().to_string()));
        table.rows.push(row);
    }
    table
}

fn fitted(of: Fitted) -> Cell {
    let cell = Cell::new(number::value(of.value, of.interval));
    of.interval.map(number::range).map_or(cell.clone(), |range| cell.note(range))
}

/// Table of costs per size.
fn costs(study: &Study) -> Option<Table> {
    let columns = [
        "architecture",
        "task",
        "size",
        "#parameters",
        "#training, tokens/s",
        "#training, peak memory",
        "#decoding, tokens/s",
        "#decoding, peak memory",
    ];
    let mut table = Table::new("Costs by size: medians over the runs", &columns);
    for of in &study.scaling {
        for sizes in of.points.chunk_by(|a, b| a.size == b.size) {
            let ScalingPoint { size, parameters, .. } = &sizes[0];
            let is_own = |run: &&Run| {
                run.architecture == of.architecture
                    && run.task == of.task
                    && run.size.as_ref() == Some(size)
            };
            let of_runs = |value: &dyn Fn(&Run) -> Option<f64>| {
                median(study.runs.iter().filter(is_own).filter_map(value).collect())
            };
            let bytes = |bytes: f64| number::bytes(bytes as u64);
            table.rows.push(vec![
                Cell::new(&of.architecture),
                Cell::new(&of.task),
                Cell::new(size),
                Cell::new(number::si(*parameters as f64)),
                Cell::or_dash(of_runs(&|run| run.speed.train_tokens), number::speed),
                Cell::or_dash(of_runs(&|run| run.speed.train_bytes.map(|n| n as f64)), bytes),
                Cell::or_dash(of_runs(&|run| run.speed.decode_tokens), number::speed),
                Cell::or_dash(of_runs(&|run| run.speed.decode_bytes.map(|n| n as f64)), bytes),
            ]);
        }
    }
    (!table.rows.is_empty()).then_some(table)
}

fn front(scaling: &[Scaling]) -> Option<Table> {
    let columns = ["architecture", "task", "#training FLOPs", "best size", "#parameters", "#loss"];
    let mut table = Table::new("The best size by compute", &columns);
    for of in scaling {
        for front in &of.front {
            table.rows.push(vec![
                Cell::new(&of.architecture),
                Cell::new(&of.task),
                Cell::new(number::si(front.flops)),
                Cell::new(&front.size),
                Cell::new(number::si(front.parameters as f64)),
                Cell::new(number::fixed(front.loss, 3)),
            ]);
        }
    }
    (!table.rows.is_empty()).then_some(table.folded())
}

fn points(scaling: &[Scaling]) -> Table {
    let columns = [
        "architecture",
        "task",
        "size",
        "#parameters",
        "#learning rate",
        "#seed",
        "#training FLOPs",
        "#loss",
    ];
    let mut table = Table::new("All trained models", &columns).folded();
    for of in scaling {
        for point in &of.points {
            table.rows.push(vec![
                Cell::new(&of.architecture),
                Cell::new(&of.task),
                Cell::new(&point.size),
                Cell::new(number::si(point.parameters as f64)),
                Cell::new(point.learning_rate.to_string()),
                Cell::new(point.seed.to_string()),
                Cell::new(number::si(point.flops)),
                Cell::new(number::fixed(point.loss, 4)),
            ]);
        }
    }
    table
}
