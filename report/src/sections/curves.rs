//! Scores and losses during training.

use super::labels::metric_label;
use super::shown::Shown;
use crate::chart::{Axis, Chart, ChartPoint, Line, Look, Rule};
use crate::number;
use crate::page::{Cell, Figure, Group, Groups, Item, Section, Table};
use crate::study::{Better, Candidate, CurvePoint, Outcome, Run, Study, Task};

/// The maximum number of drawn points per curve; more would not be visible.
const POINTS: usize = 120;

/// The share of all values, the worst ones, that an axis leaves out.
const WORST: f64 = 0.08;

/// The axes of a group of charts.
struct View {
    label: &'static str,
    axis: &'static str,
    x: fn(&CurvePoint) -> f64,
    y: fn(&CurvePoint) -> Option<f64>,
}

const VIEWS: [View; 4] = [
    View { label: "score by tokens", axis: "tokens", x: |p| p.tokens as f64, y: |p| p.validation },
    View { label: "by FLOPs", axis: "training FLOPs", x: |p| p.flops, y: |p| p.validation },
    View {
        label: "by seconds",
        axis: "seconds of training",
        x: |p| p.seconds,
        y: |p| p.validation,
    },
    View {
        label: "training loss by tokens",
        axis: "tokens",
        x: |p| p.tokens as f64,
        y: |p| p.train_loss,
    },
];

pub(super) fn section(shown: &Shown<'_>) -> Option<Section> {
    let study = shown.study;
    let groups: Vec<Group> = VIEWS
        .iter()
        .map(|view| Group {
            label: view.label.into(),
            charts: study.tasks.iter().filter_map(|task| figure(shown, task, view)).collect(),
            tables: Vec::new(),
        })
        .filter(|group| !group.charts.is_empty())
        .collect();
    if groups.is_empty() {
        return None;
    }
    let mut items = vec![
        Item::Groups(Groups {
            id: "curves",
            caption: "Thick lines are means of the finished runs, thin lines single runs, crosses the ends of diverged \
                      runs. The axes omit the steep start."
                .into(),
            groups,
        }),
        Item::Legend(Look::legend(&shown.names)),
    ];
    items.extend(study.tasks.iter().filter_map(|task| numbers(study, task)).map(Item::Table));
    Some(Section {
        id: "curves",
        name: "Curves",
        heading: "Learning curves by tokens, by FLOPs and by time".into(),
        text: vec![
            "The same runs over three axes: an architecture that learns more per token may learn less per FLOP or per \
             second."
                .into(),
        ],
        items,
    })
}

fn figure(shown: &Shown<'_>, task: &Task, view: &View) -> Option<Figure> {
    let study = shown.study;
    let lines: Vec<Line> = study
        .candidates_on(&task.name)
        .map(|of| line(study, of, view, shown.look(&of.architecture)))
        .filter(|line| !line.points.is_empty() || !line.parts.is_empty())
        .collect();
    let all =
        || lines.iter().flat_map(|line| line.points.iter().chain(line.parts.iter().flatten()));
    all().next()?;
    let is_loss = view.label.contains("loss");
    let label = if is_loss { "training loss (nats)".into() } else { metric_label(task) };
    let better = if is_loss { Better::Lower } else { task.metric.better };
    let low_high = sane(all().map(|point| point.y).collect(), better);
    let rules = match task.metric.chance {
        Some(chance) if !is_loss => vec![Rule { at: chance, label: "random guessing".to_string() }],
        _ => Vec::new(),
    };
    let chart = Chart {
        title: format!("{} on {}: {}", label, task.name, view.label),
        description: format!(
            "{} over {}; the numbers are in the table below.",
            number::of(lines.len(), "line"),
            view.axis
        ),
        x: Axis::from_zero(view.axis, all().map(|point| point.x)),
        y: Axis::linear(&label, low_high),
        lines,
        front: Vec::new(),
        rules,
    };
    Some(Figure { heading: task.name.clone(), svg: chart.draw() })
}

/// Drops the worst values: the steep start and diverged runs would flatten the rest of the curves.
fn sane(mut values: Vec<f64>, better: Better) -> Vec<f64> {
    values.retain(|value| value.is_finite());
    values.sort_by(|a, b| better.gain(*a).total_cmp(&better.gain(*b)));
    values.split_off((values.len() as f64 * WORST) as usize)
}

fn line(study: &Study, of: &Candidate, view: &View, look: Look) -> Line {
    let mut line = Line::new(look, Vec::new());
    let mut finished: Vec<&Run> = Vec::new();
    for run in study.runs_of(of) {
        let points = points(run, view);
        match run.outcome {
            Outcome::Finished { .. } => finished.push(run),
            Outcome::Diverged { .. } => line.broken.extend(points.last()),
            Outcome::Failed { .. } | Outcome::Missing => {}
        }
        line.parts.push(thinned(points));
    }
    line.points = thinned(mean(&finished, view));
    line.markers = 3;
    if finished.len() == 1 && line.parts.len() == 1 {
        line.parts.clear();
    }
    line
}

fn points(run: &Run, view: &View) -> Vec<ChartPoint> {
    run.curve
        .iter()
        .filter_map(|point| Some(ChartPoint::new((view.x)(point), (view.y)(point)?)))
        .collect()
}

/// The mean over runs at the steps that all runs share.
fn mean(runs: &[&Run], view: &View) -> Vec<ChartPoint> {
    let Some((first, others)) = runs.split_first() else { return Vec::new() };
    let count = runs.len() as f64;
    let mut means = Vec::new();
    for point in &first.curve {
        let same = |run: &&&Run| {
            let at = run.curve.binary_search_by_key(&point.step, |p| p.step).ok()?;
            let point = &run.curve[at];
            Some(ChartPoint::new((view.x)(point), (view.y)(point)?))
        };
        let Some(y) = (view.y)(point) else { continue };
        let rest: Vec<ChartPoint> = others.iter().filter_map(|run| same(&run)).collect();
        if rest.len() == others.len() {
            let x = (view.x)(point) + rest.iter().map(|point| point.x).sum::<f64>();
            let y = y + rest.iter().map(|point| point.y).sum::<f64>();
            means.push(ChartPoint::new(x / count, y / count));
        }
    }
    means
}

/// At most [`POINTS`] of the points, including the last one.
fn thinned(points: Vec<ChartPoint>) -> Vec<ChartPoint> {
    let stride = points.len().div_ceil(POINTS).max(1);
    let last = points.len().saturating_sub(1);
    let keep = |(index, _): &(usize, ChartPoint)| (last - index).is_multiple_of(stride);
    points.into_iter().enumerate().filter(keep).map(|(_, point)| point).collect()
}

/// A table of the mean curves at each quarter.
fn numbers(study: &Study, task: &Task) -> Option<Table> {
    let caption = format!("{}: mean validation score along the curves", task.name);
    let columns = ["architecture", "#first", "#at 25 %", "#at 50 %", "#at 75 %", "#last"];
    let mut table = Table::new(caption, &columns).folded();
    for of in study.candidates_on(&task.name) {
        let finished: Vec<&Run> = study
            .runs_of(of)
            .filter(|run| matches!(run.outcome, Outcome::Finished { .. }))
            .collect();
        let curve = mean(&finished, &VIEWS[0]);
        let Some(last) = curve.len().checked_sub(1) else { continue };
        let cells = [0.0, 0.25, 0.5, 0.75, 1.0].map(|share| {
            let ChartPoint { x: tokens, y: score } = curve[(last as f64 * share).round() as usize];
            Cell::new(number::value(score, None)).note(format!("{} tokens", number::si(tokens)))
        });
        table.rows.push([Cell::new(&of.architecture)].into_iter().chain(cells).collect());
    }
    (!table.rows.is_empty()).then_some(table)
}
