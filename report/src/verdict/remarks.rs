//! What a verdict says beside its decision.

use super::decision::{Decision, Verdict};
use super::difference::{Difference, difference};
use super::rank::{Ranking, Runs};
use crate::number;
use crate::study::{BackboneKind, Candidate, Study, Task};

/// The verdict on a task without a ranked architecture.
pub(super) fn nothing(study: &Study, task: &Task, ranking: &Ranking<'_>) -> Verdict {
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
    text.extend(untrained(task, ranking));
    text.extend(notes(task));
    if ranking.all().next().is_none() {
        text.push("No architecture was run on this task.".into());
    }
    let heading = match ranking.untrained.is_empty() {
        true => "No verdict: no architecture finished all its runs".into(),
        false => "No verdict: no architecture is trained yet".into(),
    };
    Verdict { decision: Decision::Nothing, leaders: Vec::new(), heading, text }
}

/// Further remarks: architectures at chance, attention against recurrence, unfinished runs.
pub(super) fn remarks(study: &Study, task: &Task, ranking: &Ranking<'_>) -> Vec<String> {
    let mut remarks = Vec::new();
    let best = ranking.complete[0];
    remarks.extend(untrained(task, ranking));
    remarks.extend(notes(task));
    remarks.extend(pretrained(ranking));
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

/// The notes on the data of a task, as sentences.
fn notes(task: &Task) -> impl Iterator<Item = String> {
    task.notes.iter().map(|note| format!("Note on the data: {note}."))
}

/// A sentence on the architectures that start from a checkpoint.
fn pretrained(ranking: &Ranking<'_>) -> Option<String> {
    let names: Vec<&str> = ranking
        .all()
        .filter(|candidate| candidate.pretrained.is_some())
        .map(|candidate| candidate.architecture.as_str())
        .collect();
    let (is, has) = match names.len() {
        0 => return None,
        1 => ("is pretrained", "it has its own size and tokenizer, and has seen other data"),
        _ => {
            ("are pretrained", "they have their own sizes and tokenizers, and have seen other data")
        }
    };
    let names = number::list(&names);
    Some(format!(
        "{names} {is}: {has}. Differences from the others are not of architectures alone."
    ))
}

/// A sentence on the architectures that are still at chance.
fn untrained(task: &Task, ranking: &Ranking<'_>) -> Option<String> {
    let names: Vec<&str> = ranking.untrained.iter().map(|c| c.architecture.as_str()).collect();
    let chance = number::score(task.metric.chance?, None, &task.metric);
    let (are, take, they) = match names.len() {
        0 => return None,
        1 => ("is", "takes", "its score does"),
        _ => ("are", "take", "their scores do"),
    };
    Some(format!(
        "{} {are} not trained yet and {take} no rank: {they} not differ from random guessing, \
         which scores {chance}. More steps or other learning rates may change that.",
        number::list(&names)
    ))
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
