//! The learning-rate trials.

use super::labels::metric_label;
use super::shown::Shown;
use crate::chart::{Axis, Chart, ChartPoint, Line, Look};
use crate::number;
use crate::page::{Cell, Figure, Group, Groups, Item, Mark, Section, Table};
use crate::study::{Candidate, RateOutcome, RateTrial, Study, Task};

pub(super) fn section(shown: &Shown<'_>) -> Option<Section> {
    let study = shown.study;
    let tasks: Vec<&Task> = study
        .tasks
        .iter()
        .filter(|task| study.candidates_on(&task.name).any(|c| !c.rates.is_empty()))
        .collect();
    if tasks.is_empty() {
        return None;
    }
    let charts = tasks.iter().filter_map(|task| figure(shown, task)).collect();
    let mut items = vec![
        Item::Groups(Groups {
            id: "rates",
            caption: format!(
                "The {} for each learning rate; a ring marks the chosen one. Rates that diverged or failed are in \
                 the tables.",
                if is_by_loss(study) { "validation loss" } else { "score on the validation split" }
            ),
            groups: vec![Group { label: String::new(), charts, tables: Vec::new() }],
        }),
        Item::Legend(Look::legend(&shown.names)),
    ];
    items.extend(tasks.iter().map(|task| Item::Table(table(study, task))));
    let ends: Vec<&Candidate> = study.candidates.iter().filter(|c| at_an_end(c)).collect();
    let (heading, text) = match ends.len() {
        0 => (
            "Every chosen learning rate lies inside the tested range".to_string(),
            tested(study).to_string(),
        ),
        n => {
            let names: Vec<String> =
                ends.iter().map(|c| format!("{} on {}", c.architecture, c.task)).collect();
            (
                format!(
                    "{n} of {} chosen learning rates are at an end of the tested range",
                    study.candidates.len()
                ),
                format!(
                    "{} A wider range could improve the scores of {}.",
                    tested(study),
                    number::list(&names)
                ),
            )
        }
    };
    Some(Section { id: "rates", name: "Learning rates", heading, text: vec![text], items })
}

/// Whether the rates were chosen by loss, rather than by score.
fn is_by_loss(study: &Study) -> bool {
    let mut trials = study.candidates.iter().flat_map(|candidate| &candidate.rates);
    trials.any(|trial| matches!(trial.outcome, RateOutcome::Loss(_)))
}

/// The rates of a study, in a sentence or two.
fn tested(study: &Study) -> &'static str {
    match is_by_loss(study) {
        true => {
            "The search starts with the two rates in the middle, and goes on in the direction of the lower validation \
             loss until it rises, up to three rates beyond the given ones."
        }
        false => "The same rates were tested for every architecture.",
    }
}

/// Whether the chosen rate is the smallest or the largest one that was tried.
fn at_an_end(of: &Candidate) -> bool {
    let smaller = of.rates.iter().any(|trial| trial.rate < of.learning_rate);
    // A larger rate that diverged bounds the sweep like a worse score.
    let greater = of.rates.iter().any(|trial| trial.rate > of.learning_rate);
    of.rates.len() > 1 && !(smaller && greater)
}

fn figure(shown: &Shown<'_>, task: &Task) -> Option<Figure> {
    let mut rates = Vec::new();
    let mut lines = Vec::new();
    for of in shown.study.candidates_on(&task.name) {
        let score = |outcome: &RateOutcome| match outcome {
            RateOutcome::Loss(value) | RateOutcome::Score(value) => Some(*value),
            RateOutcome::Diverged { .. } | RateOutcome::Failed { .. } => None,
        };
        rates.extend(of.rates.iter().map(|trial| trial.rate));
        let scored = |t: &RateTrial| Some(ChartPoint::new(t.rate, score(&t.outcome)?));
        let mut points: Vec<ChartPoint> = of.rates.iter().filter_map(scored).collect();
        points.sort_by(|a, b| a.x.total_cmp(&b.x));
        let chosen = points.iter().copied().filter(|point| point.x == of.learning_rate).collect();
        lines.push(Line { chosen, ..Line::new(shown.look(&of.architecture), points) });
    }
    lines.retain(|line| !line.points.is_empty());
    let values: Vec<f64> = lines.iter().flat_map(|l| &l.points).map(|point| point.y).collect();
    if values.is_empty() {
        return None;
    }
    rates.sort_by(f64::total_cmp);
    rates.dedup();
    let mut x = Axis::named("learning rate", &rates);
    for tick in &mut x.ticks {
        tick.label = number::rate(tick.at);
    }
    let label = match is_by_loss(shown.study) {
        true => "validation loss (nats), lower is better".to_string(),
        false => metric_label(task),
    };
    let chart = Chart {
        title: format!("Learning rates on {}", task.name),
        description: format!(
            "Validation {} by learning rate; the numbers are in the table below.",
            if is_by_loss(shown.study) { "loss" } else { "score" }
        ),
        x,
        y: Axis::linear(&label, values),
        lines,
        front: Vec::new(),
        rules: Vec::new(),
    };
    Some(Figure { heading: task.name.clone(), svg: chart.draw() })
}

fn table(study: &Study, task: &Task) -> Table {
    let mut rates: Vec<f64> =
        study.candidates_on(&task.name).flat_map(|c| &c.rates).map(|trial| trial.rate).collect();
    rates.sort_by(f64::total_cmp);
    rates.dedup();
    let caption = format!(
        "{}: validation {} by learning rate; {} marks the chosen rate",
        task.name,
        if is_by_loss(study) { "loss" } else { "score" },
        Mark::Best.sign()
    );
    let mut table = Table::new(caption, &["architecture"]).folded();
    for rate in &rates {
        table = table.numbers(number::rate(*rate));
    }
    table = table.numbers("chosen");
    for of in study.candidates_on(&task.name) {
        let mut row = vec![Cell::new(&of.architecture)];
        for rate in &rates {
            let trial = of.rates.iter().find(|trial| trial.rate == *rate);
            let cell = match trial.map(|trial| &trial.outcome) {
                None => Cell::new("–"),
                Some(RateOutcome::Loss(value) | RateOutcome::Score(value)) => {
                    Cell::new(number::value(*value, None))
                }
                Some(RateOutcome::Diverged { step }) => {
                    Cell::new("diverged").note(format!("at step {step}")).mark(Mark::Warn)
                }
                Some(RateOutcome::Failed { reason }) => {
                    Cell::new("failed").note(reason).mark(Mark::Warn)
                }
            };
            row.push(if *rate == of.learning_rate { cell.mark(Mark::Best) } else { cell });
        }
        row.push(Cell::new(number::rate(of.learning_rate)));
        table.rows.push(row);
    }
    table
}
