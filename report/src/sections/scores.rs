//! Scores with their intervals, and the tests between them.

use super::labels::metric_label;
use super::shown::{Shown, has_candidates};
use crate::chart::{Axis, Dots, Row, Rule};
use crate::number;
use crate::page::{Cell, Figure, Group, Groups, Item, Mark, Section, Table};
use crate::study::{Candidate, Outcome, Study, Task, Tested};
use crate::verdict::{ALPHA, Ranking, Runs, Standing, standings};

pub(super) fn section(shown: &Shown<'_>) -> Option<Section> {
    let study = shown.study;
    let tasks: Vec<&Task> = study.tasks.iter().filter(|t| has_candidates(study, t)).collect();
    if tasks.is_empty() {
        return None;
    }
    let standings = standings(study, &shown.verdicts);
    let heading = heading(&standings, tasks.len());
    let charts = tasks.iter().map(|task| dots(shown, task)).collect();
    let dots = Group { label: String::new(), charts, tables: Vec::new() };
    let mut items = vec![
        Item::Table(scores(shown, &standings, &tasks)),
        Item::Groups(Groups {
            id: "dots",
            caption: "Markers are means, bars their 95 % confidence intervals (with an arrow where an interval \
                      extends beyond the axis), ticks single runs. Rows are ordered by rank; architectures with \
                      unfinished runs come last."
                .into(),
            groups: vec![dots],
        }),
    ];
    items.extend(tasks.iter().filter_map(|task| tests(study, task)).map(Item::Table));
    items.extend(tasks.iter().filter_map(|task| secondary(study, task)).map(Item::Table));
    Some(Section {
        id: "scores",
        name: "Scores",
        heading,
        text: vec![format!(
            "{}: the best mean of the architectures that finished all runs; {}: not significantly different \
             from it; {}: a run failed or diverged, and the mean is over the other runs, or the architecture is \
             still at chance. Intervals are Student's over the seeds; those of percentages are of the logit and \
             those of losses of the logarithm, so that they stay within the possible scores.",
            Mark::Best.sign(),
            Mark::Tied.sign(),
            Mark::Warn.sign()
        )],
        items,
    })
}

/// A heading: the architecture with the best mean rank over all tasks.
fn heading(standings: &[Standing], tasks: usize) -> String {
    let complete = standings.iter().filter(|s| s.complete == tasks);
    let ranks: Vec<(String, &str)> =
        complete.filter_map(|s| Some((number::fixed(s.rank?, 1), s.name.as_str()))).collect();
    let least = ranks.iter().min_by(|a, b| {
        let value = |rank: &str| rank.parse::<f64>().unwrap_or(f64::INFINITY);
        value(&a.0).total_cmp(&value(&b.0))
    });
    match least {
        Some((rank, _)) if tasks > 1 && standings.len() > 1 => {
            let names: Vec<&str> =
                ranks.iter().filter(|(own, _)| own == rank).map(|(_, name)| *name).collect();
            let verb = if names.len() == 1 { "has" } else { "have" };
            format!("{} {verb} the best mean rank: {rank}", number::short_list(&names, 3))
        }
        _ => "Test scores".into(),
    }
}

/// A table with architectures as rows and tasks as columns.
fn scores(shown: &Shown<'_>, standings: &[Standing], tasks: &[&Task]) -> Table {
    let study = shown.study;
    let mut table = Table::new("Test scores: mean and 95 % confidence interval", &["architecture"]);
    for task in tasks {
        table = table.numbers(format!("{}: {}", task.name, metric_label(task)));
    }
    let ranks = tasks.len() > 1;
    if ranks {
        table = table.numbers("mean rank");
    }
    for standing in standings {
        let is_pretrained = study
            .candidates
            .iter()
            .any(|c| c.architecture == standing.name && c.pretrained.is_some());
        let name = Cell::new(&standing.name);
        let mut row = vec![if is_pretrained { name.note("pretrained") } else { name }];
        for (task, verdict) in shown.tasks().filter(|(t, _)| has_candidates(study, t)) {
            let of = study.candidates_on(&task.name).find(|c| c.architecture == standing.name);
            let place = verdict.leaders.iter().position(|leader| *leader == standing.name);
            let mark = match place {
                Some(0) => Mark::Best,
                Some(_) => Mark::Tied,
                None => Mark::None,
            };
            row.push(of.map_or_else(|| Cell::new("–"), |of| score(study, task, of).mark_if(mark)));
        }
        if !ranks {
            table.rows.push(row);
            continue;
        }
        let rank = Cell::or_dash(standing.rank, |rank| number::fixed(rank, 1));
        let missed = tasks.len() - standing.complete.min(tasks.len());
        row.push(match missed {
            0 => rank,
            _ => rank.note(format!("of {}", number::of(standing.complete, "task"))),
        });
        table.rows.push(row);
    }
    let fixed = |label: &str, of: &dyn Fn(&Task) -> Option<f64>| -> Option<Vec<Cell>> {
        tasks.iter().any(|task| of(task).is_some()).then(|| {
            let cells = tasks.iter().map(|t| Cell::or_dash(of(t), |v| number::value(v, None)));
            [Cell::new(label)]
                .into_iter()
                .chain(cells)
                .chain(ranks.then(|| Cell::new("")))
                .collect()
        })
    };
    table.rows.extend(fixed("(random guessing)", &|task| task.metric.chance));
    table.rows.extend(fixed("(best possible)", &|task| task.metric.best));
    table
}

/// A cell with a candidate's score and a remark on unfinished runs.
fn score(study: &Study, task: &Task, of: &Candidate) -> Cell {
    let runs = Runs::of(study, of);
    let summary = of.summary;
    let text = summary.mean.map(|mean| number::value(mean, summary.interval));
    let cell = Cell::or_dash(text, |text| text);
    let cell = match of.is_at_chance {
        true => cell.mark(Mark::Warn),
        false => cell,
    };
    match summary.interval {
        _ if of.is_at_chance && runs.complete() => cell.note("not trained yet"),
        _ if !runs.complete() => cell.note(runs.remark()).mark(Mark::Warn),
        Some(interval) => cell.note(number::range(interval)),
        None if task.metric.name.is_empty() => cell,
        None => cell.note("one run"),
    }
}

impl Cell {
    /// The cell with a mark, unless it has one already.
    fn mark_if(self, mark: Mark) -> Self {
        if self.mark == Mark::None { self.mark(mark) } else { self }
    }
}

fn dots(shown: &Shown<'_>, task: &Task) -> Figure {
    let study = shown.study;
    let ranking = Ranking::of(study, task);
    let rows: Vec<Row> = ranking
        .all()
        .map(|of| {
            let runs = Runs::of(study, of);
            let finished = study.runs_of(of).filter_map(|run| match run.outcome {
                Outcome::Finished { test, .. } => Some(test),
                _ => None,
            });
            let mean = of.summary.mean.map(|mean| number::value(mean, of.summary.interval));
            Row {
                name: of.architecture.clone(),
                look: shown.look(&of.architecture),
                mean: of.summary.mean,
                interval: of.summary.interval.map(|i| (i.low, i.high)),
                runs: finished.collect(),
                label: match (mean, runs.complete()) {
                    (Some(mean), true) if of.is_at_chance => format!("{mean} (not trained yet)"),
                    (Some(mean), true) => mean,
                    (Some(mean), false) => format!("{mean} ({}/{})", runs.finished, runs.expected),
                    (None, _) => "no run".into(),
                },
            }
        })
        .collect();
    let values: Vec<f64> = rows.iter().flat_map(|row| row.runs.clone()).collect();
    let mut shown_values = values.clone();
    shown_values.extend(rows.iter().filter_map(|row| row.mean));
    let ends = rows.iter().filter_map(|row| row.interval).flat_map(|(low, high)| [low, high]);
    // The axis follows the runs, because the interval of three runs may extend far beyond possible
    // scores.
    let (low, high) = span(&values);
    let room = (high - low).max(1e-9);
    let possible = |end: &f64| match task.metric.best {
        Some(best) => task.metric.better.gain(best - end) >= 0.0,
        None => true,
    };
    let near = |end: &f64| (low - room..=high + room).contains(end);
    shown_values.extend(ends.filter(|end| near(end) && possible(end)));
    let mut rules: Vec<Rule> = Vec::new();
    let known = [("random guessing", task.metric.chance), ("best possible", task.metric.best)];
    rules.extend(
        known.iter().filter_map(|(label, at)| Some(Rule { at: (*at)?, label: (*label).into() })),
    );
    rules.extend(task.references.iter().map(|r| Rule { at: r.score, label: r.what.clone() }));
    rules.retain(|rule| (low - room * 0.7..=high + room * 0.7).contains(&rule.at));
    shown_values.extend(rules.iter().map(|rule| rule.at));
    let order: Vec<String> = rows.iter().map(|row| format!("{} {}", row.name, row.label)).collect();
    let chart = Dots {
        title: format!("Scores on {}", task.name),
        description: format!("{}. From the best: {}.", metric_label(task), order.join(", ")),
        axis: Axis::linear(&metric_label(task), shown_values),
        rows,
        rules,
    };
    Figure { heading: task.name.clone(), svg: chart.draw() }
}

fn span(values: &[f64]) -> (f64, f64) {
    let values = values.iter().copied().filter(|value| value.is_finite());
    values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)))
}

fn tests(study: &Study, task: &Task) -> Option<Table> {
    let comparisons: Vec<_> = study.comparisons.iter().filter(|c| c.task == task.name).collect();
    let caption = format!(
        "{}: {} of the best architecture against the others, {} correction",
        task.name, study.settings.test, study.settings.correction
    );
    let columns = [
        "a",
        "b",
        "#a − b",
        "#95 % interval",
        "#p",
        "#corrected p",
        "#pairs",
        "#seeds for a power of 80 %",
    ];
    let mut table = Table::new(caption, &columns).folded();
    for c in &comparisons {
        let mut row = vec![Cell::new(&c.a), Cell::new(&c.b)];
        match &c.tested {
            Tested::Test { pairs, difference, interval, p, corrected, seeds_needed } => {
                row.extend([
                    Cell::new(number::value(*difference, Some(*interval))),
                    Cell::new(number::range(*interval)),
                    Cell::new(
                        number::p_value(*p).trim_start_matches("p = ").trim_start_matches("p "),
                    ),
                    Cell::new(
                        number::p_value(*corrected)
                            .trim_start_matches("p = ")
                            .trim_start_matches("p "),
                    ),
                    Cell::new(pairs.to_string()),
                    match seeds_needed {
                        Some(seeds) => Cell::new(number::grouped(*seeds as u64)),
                        None if *corrected < ALPHA => Cell::new("–"),
                        None => Cell::new("> 10,000"),
                    },
                ])
            }
            Tested::NotTestable { because } => {
                row.push(Cell::new("not testable").note(format!("because {because}")));
                row.extend((0..5).map(|_| Cell::new("–")));
            }
        }
        table.rows.push(row);
    }
    (!comparisons.is_empty()).then_some(table)
}

fn secondary(study: &Study, task: &Task) -> Option<Table> {
    let mut table =
        Table::new(format!("{}: secondary metrics", task.name), &["architecture"]).folded();
    for metric in &task.secondary {
        table = table.numbers(number::with_unit(&metric.name, &metric.unit));
    }
    for of in Ranking::of(study, task).all() {
        let cells = (0..task.secondary.len()).map(|index| {
            let summary = of.secondary.get(index).copied().unwrap_or_default();
            let cell = Cell::or_dash(summary.mean, |mean| number::value(mean, summary.interval));
            summary.interval.map(number::range).map_or(cell.clone(), |range| cell.note(range))
        });
        table.rows.push([Cell::new(&of.architecture)].into_iter().chain(cells).collect());
    }
    (!task.secondary.is_empty()).then_some(table)
}
