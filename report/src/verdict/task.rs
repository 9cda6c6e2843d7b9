//! The verdict on a task.

use super::rank::{Ranking, Runs};
use crate::number;
use crate::study::{BackboneKind, Better, Candidate, Interval, Study, Task, Tested};

/// The significance level of the tests.
pub const ALPHA: f64 = 0.05;

/// The verdict on a task.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// The kind of verdict.
    pub decision: Decision,
    /// The complete candidate with the best mean, and those that no test separates from it.
    pub leaders: Vec<String>,
    /// The verdict as a heading.
    pub heading: String,
    /// The numbers and the limitations of the verdict, one or two sentences each.
    pub text: Vec<String>,
}

/// The kind of verdict on a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// One architecture is significantly ahead of all others.
    Winner,
    /// The tests do not separate the leading architectures.
    Tie,
    /// The leading architectures could not be tested.
    Untested,
    /// There is only one architecture to rank.
    Alone,
    /// No architecture finished all its runs.
    Nothing,
}

/// The test of the first of two architectures against the second: positive is better.
#[derive(Debug, Clone, PartialEq)]
pub enum Difference {
    /// The test was made.
    Tested {
        /// The lead of the first architecture.
        gain: f64,
        /// The confidence interval of the lead.
        interval: Interval,
        /// The corrected p-value.
        corrected: f64,
    },
    /// The test was not possible.
    NotTested {
        /// The reason.
        because: String,
    },
}

impl Difference {
    /// Whether the first architecture is significantly ahead.
    pub fn is_ahead(&self) -> bool {
        matches!(self, Self::Tested { gain, corrected, .. } if *gain > 0.0 && *corrected < ALPHA)
    }

    /// A phrase such as `by 0.021 (95 % interval 0.009 to 0.033 before correction, p = 0.012
    /// after)`.
    fn phrase(&self, unit: &str) -> String {
        match self {
            Self::Tested { gain, interval, corrected } => format!(
                "by {} (95\u{a0}% interval {} before correction, {} after)",
                number::with_unit(&number::value(*gain, Some(*interval)), points(unit)),
                number::range(*interval),
                number::p_value(*corrected),
            ),
            Self::NotTested { because } => format!("not testable, because {because}"),
        }
    }
}

/// Differences of percentages are in percentage points.
fn points(unit: &str) -> &str {
    if unit == "%" { "points" } else { unit }
}

/// The study's test of `a` against `b`.
pub fn difference(study: &Study, task: &Task, a: &str, b: &str) -> Difference {
    match study.comparison(&task.name, a, b) {
        None => Difference::NotTested { because: "no test was made".into() },
        Some(found) => match &found.comparison.tested {
            Tested::NotTestable { because } => Difference::NotTested { because: because.clone() },
            Tested::Test { difference, interval, corrected, .. } => {
                let negate = found.is_reversed != (task.metric.better == Better::Lower);
                let (gain, interval) = match negate {
                    true => (-difference, interval.negated()),
                    false => (*difference, *interval),
                };
                Difference::Tested { gain, interval, corrected: *corrected }
            }
        },
    }
}

/// The test of the best architecture against another.
type Test<'a> = (&'a str, Difference);

/// The verdict on a task.
pub fn verdict(study: &Study, task: &Task) -> Verdict {
    let ranking = Ranking::of(study, task);
    let Some((best, others)) = ranking.complete.split_first() else {
        return nothing(study, task, &ranking);
    };
    let tests: Vec<Test<'_>> = others
        .iter()
        .map(|other| {
            let name = other.architecture.as_str();
            (name, difference(study, task, &best.architecture, name))
        })
        .collect();
    let name = best.architecture.as_str();
    let unit = &task.metric.unit;
    let (behind, level): (Vec<&Test<'_>>, Vec<&Test<'_>>) =
        tests.iter().partition(|(_, difference)| difference.is_ahead());
    let behind: Vec<&str> = behind.iter().map(|(name, _)| *name).collect();
    let is_tested = |test: &&&Test<'_>| matches!(test.1, Difference::Tested { .. });
    let tested: Vec<&Test<'_>> = level.iter().filter(is_tested).copied().collect();
    let is_all = others.is_empty() && ranking.partial.is_empty() && ranking.none.is_empty();
    let metric = &task.metric.name;
    let equal: Vec<&str> = ranking.equal_to_best().collect();
    let mut text = vec![match equal.as_slice() {
        _ if is_all => reaches(best, task, &format!("has a mean {metric} of")),
        [] => reaches(best, task, &format!("has the best mean {metric}:")),
        others => {
            let others = number::list(others);
            reaches(best, task, &format!("and {others} share the best mean {metric}:"))
        }
    }];
    let (decision, heading) = match (tests.first(), tested.split_first()) {
        (None, _) if is_all => (Decision::Alone, format!("{name} is the only architecture")),
        (None, _) => {
            text.push(
                "No other architecture finished all its runs, so there is nothing to compare."
                    .into(),
            );
            (Decision::Alone, format!("Only {name} finished all its runs"))
        }
        (Some((next, first)), _) if level.is_empty() => {
            let lead = first.phrase(unit);
            text.push(format!("It is significantly ahead of {next}, the second best, {lead}."));
            if behind.len() > 1 {
                text.push(format!("It is significantly ahead of all {} others.", behind.len()));
            }
            (Decision::Winner, format!("{name} is best"))
        }
        (Some(_), None) => {
            let heading = match equal.as_slice() {
                [] => format!("{name} has the best score, but the differences could not be tested"),
                others => {
                    let names = number::list(&[&[name], others].concat());
                    format!("{names} share the best score, but the differences could not be tested")
                }
            };
            (Decision::Untested, heading)
        }
        (Some(_), Some(((next, first), others))) => {
            let lead = first.phrase(unit);
            let lead = lead.trim_start_matches("by ");
            text.push(format!("Its lead over {next} is not significant: {lead}."));
            if !others.is_empty() {
                let names: Vec<&str> = others.iter().map(|(name, _)| *name).collect();
                let leads = if names.len() == 1 { "is its lead" } else { "are its leads" };
                text.push(format!("Nor {leads} over {} significant.", number::list(&names)));
            }
            let seeds = number::of(best.summary.finished, "seed");
            let group: Vec<&str> =
                [name].into_iter().chain(level.iter().map(|(name, _)| *name)).collect();
            (Decision::Tie, tie_heading(&group, &behind, &seeds))
        }
    };
    text.extend(untested(&level));
    if !behind.is_empty() && decision != Decision::Winner {
        text.push(format!("It is significantly ahead of {}.", number::list(&behind)));
    }
    text.extend(remarks(study, task, &ranking));
    let level = level.iter().map(|(name, _)| *name);
    let leaders = [name].into_iter().chain(level).map(String::from).collect();
    Verdict { decision, leaders, heading, text }
}

/// A sentence on the architectures that could not be tested, with the reason if they share one.
fn untested(level: &[&Test<'_>]) -> Option<String> {
    let reason = |test: &&Test<'_>| match &test.1 {
        Difference::NotTested { because } => Some((test.0.to_string(), because.clone())),
        Difference::Tested { .. } => None,
    };
    let (names, reasons): (Vec<String>, Vec<String>) = level.iter().filter_map(reason).unzip();
    let first = reasons.first()?;
    let because = match reasons.iter().all(|reason| reason == first) {
        true => format!("because {first}"),
        false => "for the reasons in the table of tests".into(),
    };
    let names = number::short_list(&names, 7);
    Some(format!("Its lead over {names} could not be tested, {because}."))
}

fn tie_heading(group: &[&str], behind: &[&str], seeds: &str) -> String {
    match behind {
        [] => format!("No significant difference with {seeds}; {} has the best mean", group[0]),
        _ => {
            let names = number::short_list(group, 3);
            format!("{names} lead, without a significant difference with {seeds}")
        }
    }
}

/// A sentence on the best architecture, such as
/// `gpt2 has the best mean accuracy: 83.4 % (95 % interval 82.1 to 84.7, 3 seeds).`
fn reaches(best: &Candidate, task: &Task, what: &str) -> String {
    let summary = best.summary;
    let score = number::score(summary.mean.unwrap_or(f64::NAN), summary.interval, &task.metric);
    let spread = match summary.interval {
        Some(interval) => format!(
            "95\u{a0}% interval {}, {}",
            number::range(interval),
            number::of(summary.finished, "seed")
        ),
        None => "one seed, so the spread is unknown".into(),
    };
    format!("{} {what} {score} ({spread}).", best.architecture)
}

fn nothing(study: &Study, task: &Task, ranking: &Ranking<'_>) -> Verdict {
    let mut text = Vec::new();
    if let Some(first) = ranking.partial.first() {
        text.push(format!(
            "The best of the others is {}, {} over {}.",
            first.architecture,
            number::score(first.summary.mean.unwrap_or(f64::NAN), None, &task.metric),
            Runs::of(study, first).remark(),
        ));
    }
    for candidate in &ranking.none {
        let remark = Runs::of(study, candidate).remark();
        text.push(format!("{}: {remark}.", candidate.architecture));
    }
    if ranking.all().next().is_none() {
        text.push("No architecture was run on this task.".into());
    }
    let heading = "No verdict: no architecture finished all its runs".into();
    Verdict { decision: Decision::Nothing, leaders: Vec::new(), heading, text }
}

/// Further remarks: random guessing, attention against recurrence, unfinished runs.
fn remarks(study: &Study, task: &Task, ranking: &Ranking<'_>) -> Vec<String> {
    let mut remarks = Vec::new();
    let best = ranking.complete[0];
    if let (Some(chance), Some(mean)) = (task.metric.chance, best.summary.mean) {
        let within = best.summary.interval.is_some_and(|interval| interval.contains(chance));
        if within || task.metric.better.gain(mean - chance) <= 0.0 {
            let chance = number::score(chance, None, &task.metric);
            remarks.push(format!(
                "{} is not significantly better than random guessing, which scores {chance}.",
                best.architecture
            ));
        }
    }
    remarks.extend(families(study, task, ranking));
    for candidate in ranking.partial.iter().chain(&ranking.none) {
        let name = &candidate.architecture;
        let runs = Runs::of(study, candidate).remark();
        let higher = match (candidate.summary.mean, best.summary.mean) {
            (Some(own), Some(best)) if task.metric.better.gain(own - best) > 0.0 => {
                "Its finished runs have a better mean, but it ranks below the architectures that finished all runs."
            }
            _ => "It ranks below the architectures that finished all runs.",
        };
        remarks.push(format!("{name} finished {runs}. {higher}"));
    }
    remarks
}

/// The best architecture with attention against the best one without.
fn families(study: &Study, task: &Task, ranking: &Ranking<'_>) -> Option<String> {
    let recurrent = |c: &&&Candidate| c.backbone == BackboneKind::Recurrent;
    let without = ranking.complete.iter().find(recurrent)?;
    let with = ranking.complete.iter().find(|c| !recurrent(c))?;
    let (a, b) = (with.architecture.as_str(), without.architecture.as_str());
    let found = difference(study, task, a, b);
    let lead = |first: &str, second: &str, found: &Difference| {
        let verb = if found.is_ahead() { "is significantly ahead of" } else { "leads" };
        let rest = if found.is_ahead() { "" } else { ", which is not significant" };
        format!("{first} {verb} {second} {}{rest}", found.phrase(&task.metric.unit))
    };
    let sentence = match &found {
        Difference::NotTested { because } => {
            format!("the difference of {a} and {b} could not be tested, because {because}")
        }
        Difference::Tested { gain, .. } if *gain >= 0.0 => lead(a, b, &found),
        Difference::Tested { .. } => lead(b, a, &difference(study, task, b, a)),
    };
    Some(format!("The best architecture with attention against the best without: {sentence}."))
}
