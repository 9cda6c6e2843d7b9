//! The verdict on a task.

use super::decision::{Decision, Verdict};
use super::difference::{Difference, difference};
use super::rank::Ranking;
use super::remarks::{nothing, remarks};
use crate::number;
use crate::study::{Candidate, Study, Task};

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
    let is_all = ranking.all().nth(1).is_none();
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
        (None, _) if ranking.partial.is_empty() && ranking.none.is_empty() => {
            (Decision::Alone, format!("Only {name} is trained"))
        }
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
            text.push(first.power(name, next));
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
