//! Growth of the costs with the length.

use super::shown::Shown;
use crate::chart::{Axis, Chart, ChartPoint, Line, Look};
use crate::number;
use crate::page::{Cell, Figure, Group, Groups, Item, Mark, Section, Table};
use crate::study::{CostAt, CostCurve, Growth, Limit, LimitReason};

/// The values of a chart.
struct View {
    heading: &'static str,
    axis: &'static str,
    of: fn(&CostAt) -> Option<f64>,
    show: fn(f64) -> String,
}

const VIEWS: [View; 5] = [
    View {
        heading: "Training, speed",
        axis: "tokens per second",
        of: |p| p.train_tokens,
        show: number::speed,
    },
    View {
        heading: "Training, peak memory",
        axis: "MiB",
        of: |p| p.train_bytes.map(mebibytes),
        show: |value| number::bytes((value * 1_048_576.0) as u64),
    },
    View {
        heading: "Forward, speed",
        axis: "tokens per second",
        of: |p| p.forward_tokens,
        show: number::speed,
    },
    View {
        heading: "Decoding, speed after a prompt",
        axis: "tokens per second",
        of: |p| p.decode_tokens,
        show: number::speed,
    },
    View {
        heading: "Decoding, peak memory",
        axis: "MiB",
        of: |p| p.decode_bytes.map(mebibytes),
        show: |value| number::bytes((value * 1_048_576.0) as u64),
    },
];

fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / 1_048_576.0
}

pub(super) fn section(shown: &Shown<'_>) -> Option<Section> {
    let curves = &shown.study.costs;
    let mut lengths: Vec<f64> =
        curves.iter().flat_map(|c| &c.points).map(|p| p.length as f64).collect();
    lengths.sort_by(f64::total_cmp);
    lengths.dedup();
    if lengths.is_empty() && curves.iter().all(|curve| curve.limit.is_none()) {
        return None;
    }
    let charts = VIEWS.iter().filter_map(|view| figure(shown, view, &lengths)).collect();
    let mut items = vec![Item::Table(growth(curves))];
    items.push(Item::Groups(Groups {
        id: "lengths",
        caption: "Both axes are logarithmic: a straight line is a power law. The table has the reason where a line \
                  ends early."
            .into(),
        groups: vec![Group { label: String::new(), charts, tables: Vec::new() }],
    }));
    let names: Vec<&str> = shown.names.clone();
    items.push(Item::Legend(Look::legend(&names)));
    items.extend(VIEWS.iter().filter_map(|view| numbers(curves, view, &lengths)).map(Item::Table));
    Some(Section {
        id: "lengths",
        name: "Length",
        heading: heading(curves),
        text: vec![
            "The time and memory of a training step as functions of the sequence length. Each measurement runs alone, \
             in a process of its own, with a batch size of 1; its memory excludes that of the process without a \
             model. The source and the target of an encoder-decoder have the same length, and both are counted; \
             decoding starts after a prompt of that length."
                .into(),
        ],
        items,
    })
}

fn heading(curves: &[CostCurve]) -> String {
    let mut found: Vec<(f64, &str)> = curves
        .iter()
        .filter_map(|curve| match &curve.train_time {
            Growth::Power { exponent, .. } => Some((*exponent, curve.architecture.as_str())),
            Growth::NotFitted { .. } => None,
        })
        .collect();
    found.sort_by(|a, b| a.0.total_cmp(&b.0));
    let power = |exponent: f64| number::fixed(exponent, 2);
    match found.as_slice() {
        [(least, name), .., (most, last)] => format!(
            "Training time grows with the length to the power of {} for {name}, {} for {last}",
            power(*least),
            power(*most)
        ),
        [(only, name)] => {
            format!(
                "Training time of {name} grows with the length to the power of {}",
                power(*only)
            )
        }
        [] => "Costs against length".into(),
    }
}

fn figure(shown: &Shown<'_>, view: &View, lengths: &[f64]) -> Option<Figure> {
    let lines: Vec<Line> = shown
        .study
        .costs
        .iter()
        .map(|curve| {
            let at = |p: &CostAt| Some(ChartPoint::new(p.length as f64, (view.of)(p)?));
            let points = curve.points.iter().filter_map(at).collect();
            Line::new(shown.look(&curve.architecture), points)
        })
        .filter(|line| !line.points.is_empty())
        .collect();
    if lines.is_empty() {
        return None;
    }
    let values: Vec<f64> = lines.iter().flat_map(|l| &l.points).map(|point| point.y).collect();
    let chart = Chart {
        title: format!("{} against length", view.heading),
        description: format!(
            "{} on log-log axes; the numbers are in the table below.",
            number::of(lines.len(), "line")
        ),
        x: Axis::named("length in tokens", lengths),
        y: Axis::log(view.axis, values),
        lines,
        front: Vec::new(),
        rules: Vec::new(),
    };
    Some(Figure { heading: view.heading.into(), svg: chart.draw() })
}

fn growth(curves: &[CostCurve]) -> Table {
    let columns = ["architecture", "#exponent of time", "#exponent of memory", "measured"];
    let mut table =
        Table::new("Growth in training, cost ∝ length^exponent, with 95 % intervals", &columns);
    for curve in curves {
        let end = match &curve.limit {
            None => Cell::new("all lengths"),
            Some(limit) => Cell::new(reason(limit)).mark(Mark::Warn),
        };
        table.rows.push(vec![
            Cell::new(&curve.architecture),
            power(&curve.train_time),
            power(&curve.train_memory),
            end,
        ]);
    }
    table
}

fn power(growth: &Growth) -> Cell {
    match growth {
        Growth::Power { exponent, interval } => {
            let cell = Cell::new(number::value(*exponent, *interval));
            match interval {
                Some(interval) => cell.note(number::range(*interval)),
                None => cell.note("no interval"),
            }
        }
        Growth::NotFitted { because } => Cell::new("–").note(because),
    }
}

fn reason(limit: &Limit) -> String {
    let length = limit.length;
    match &limit.reason {
        LimitReason::PositionsEnd { positions } => {
            format!("not at {length}: the model has {positions} positions")
        }
        LimitReason::OutOfMemory => format!("not at {length}: out of memory"),
        LimitReason::TooSlow { limit } => {
            format!("not at {length}: a step takes longer than {}", number::duration(*limit))
        }
        LimitReason::Other { reason } => format!("not at {length}: {reason}"),
    }
}

fn numbers(curves: &[CostCurve], view: &View, lengths: &[f64]) -> Option<Table> {
    if !curves.iter().flat_map(|curve| &curve.points).any(|point| (view.of)(point).is_some()) {
        return None;
    }
    let unit = if view.axis == "MiB" { String::new() } else { format!(" ({})", view.axis) };
    let mut table = Table::new(format!("{}{unit}, by length", view.heading), &["architecture"]);
    for length in lengths {
        table = table.numbers(length.to_string());
    }
    for curve in curves {
        let cells = lengths.iter().map(|length| {
            let point = curve.points.iter().find(|point| point.length as f64 == *length);
            Cell::or_dash(point.and_then(|point| (view.of)(point)), view.show)
        });
        table.rows.push([Cell::new(&curve.architecture)].into_iter().chain(cells).collect());
    }
    Some(table.folded())
}
