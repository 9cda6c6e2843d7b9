//! The verdict over all tasks.

use super::decision::{Decision, Verdict};
use super::rank::Ranking;
use crate::number;
use crate::page::Finding;
use crate::study::Study;

/// The standing of an architecture over all tasks.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    /// The architecture.
    pub name: String,
    /// The number of tasks on which it is best and significantly ahead of all others.
    pub won: usize,
    /// The number of tasks on which no test separates it from the best mean, including the tasks
    /// that it won.
    pub leading: usize,
    /// The number of tasks on which all its runs finished and it is not at chance.
    pub complete: usize,
    /// The number of tasks on which it is still at chance.
    pub at_chance: usize,
    /// Its mean rank over the complete tasks; `None` where there are none.
    pub rank: Option<f64>,
}

/// The standings of the architectures, best first: by tasks led, then won, then by mean rank.
pub fn standings(study: &Study, verdicts: &[Verdict]) -> Vec<Standing> {
    let rankings: Vec<Ranking<'_>> = study.tasks.iter().map(|t| Ranking::of(study, t)).collect();
    let standing = |name: &str| {
        let ranks: Vec<usize> = rankings
            .iter()
            .filter_map(|r| r.complete.iter().position(|c| c.architecture == name))
            .map(|index| index + 1)
            .collect();
        let leads = |v: &&Verdict| v.leaders.iter().any(|leader| leader == name);
        let won = |v: &&Verdict| v.decision == Decision::Winner && leads(v);
        Standing {
            name: name.to_string(),
            won: verdicts.iter().filter(won).count(),
            leading: verdicts.iter().filter(leads).count(),
            complete: ranks.len(),
            at_chance: study
                .candidates
                .iter()
                .filter(|c| c.architecture == name && c.is_at_chance)
                .count(),
            rank: (!ranks.is_empty())
                .then(|| ranks.iter().sum::<usize>() as f64 / ranks.len() as f64),
        }
    };
    let candidates = study.architectures().into_iter();
    let compared =
        candidates.filter(|name| study.candidates.iter().any(|c| c.architecture == *name));
    let mut standings: Vec<Standing> = compared.map(standing).collect();
    let rank = |s: &Standing| s.rank.unwrap_or(f64::INFINITY);
    standings.sort_by(|a, b| {
        (b.leading, b.won).cmp(&(a.leading, a.won)).then(rank(a).total_cmp(&rank(b)))
    });
    standings
}

/// The verdict over all tasks; `None` where there is only one task or one architecture.
pub fn overall(study: &Study, verdicts: &[Verdict]) -> Option<Finding> {
    let standings = standings(study, verdicts);
    let tasks = verdicts.len();
    if tasks < 2 || standings.len() < 2 {
        return None;
    }
    let (first, rest) = standings.split_first()?;
    let mut text = Vec::new();
    let decided = verdicts.iter().filter(|v| v.decision == Decision::Winner).count();
    let heading = match first.leading {
        0 => "No verdict over all tasks: no architecture is trained on any task by all its runs"
            .to_string(),
        n => {
            let level: Vec<&Standing> = rest.iter().filter(|s| s.leading == n).collect();
            let how = if decided == 0 { "shares the lead" } else { "leads or shares the lead" };
            let on = if n == tasks {
                format!("all {tasks} tasks")
            } else {
                format!("{n} of {tasks} tasks")
            };
            match level.as_slice() {
                [] => format!("{} {how} on {on}, more than any other", first.name),
                [one] => {
                    format!("{} and {} each lead or share the lead on {on}", first.name, one.name)
                }
                more => format!(
                    "No architecture stands out: {} and {} others each lead or share the lead on {on}",
                    first.name,
                    more.len()
                ),
            }
        }
    };
    text.push(match decided {
        0 => format!(
            "On none of the {tasks} tasks is one architecture significantly ahead of all others."
        ),
        n => format!(
            "On {n} of {tasks} tasks one architecture is significantly ahead of all others."
        ),
    });
    text.push(format!(
        "An architecture shares the lead where its difference from the best mean is not significant with {}; more \
         seeds can separate them.",
        number::of(study.seeds.len(), "seed"),
    ));
    let lost: Vec<&str> = standings
        .iter()
        .filter(|s| s.complete + s.at_chance < tasks)
        .map(|s| s.name.as_str())
        .collect();
    if !lost.is_empty() {
        text.push(format!("{} did not finish all runs of every task.", number::list(&lost)));
    }
    let at_chance: Vec<String> = standings
        .iter()
        .filter(|s| s.at_chance > 0)
        .map(|s| format!("{} on {}", s.name, number::of(s.at_chance, "task")))
        .collect();
    if !at_chance.is_empty() {
        text.push(format!(
            "Not trained yet, and without a rank there: {}.",
            number::list(&at_chance)
        ));
    }
    Some(Finding { task: String::new(), heading, text })
}
