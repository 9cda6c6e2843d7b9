//! The whole report: findings, facts and sections.

use super::labels::budget;
use super::shown::{Shown, has_candidates};
use super::{costs, curves, lengths, rates, runs, scaling, scores, setup};
use crate::number;
use crate::page::{Fact, Finding, Page, Section};
use crate::study::Study;
use crate::verdict::{Verdict, overall, verdict};

/// The report of a study.
pub fn page(study: &Study) -> Page {
    let verdicts: Vec<Verdict> = study.tasks.iter().map(|task| verdict(study, task)).collect();
    let shown = Shown { study, names: study.architectures(), verdicts };
    let mut findings: Vec<Finding> = overall(study, &shown.verdicts).into_iter().collect();
    findings.extend(shown.tasks().filter(|(task, _)| has_candidates(study, task)).map(
        |(task, verdict)| Finding {
            task: task.name.clone(),
            heading: verdict.heading.clone(),
            text: verdict.text.clone(),
        },
    ));
    findings.extend(scaling::findings(&shown));
    let sections: [fn(&Shown<'_>) -> Option<Section>; 8] = [
        scores::section,
        curves::section,
        costs::section,
        lengths::section,
        scaling::section,
        rates::section,
        runs::section,
        setup::section,
    ];
    Page {
        kind: match study.candidates.is_empty() {
            true => "Scaling with size",
            false => "Comparison of architectures",
        },
        title: study.title.clone(),
        lead: lead(&shown),
        facts: facts(study),
        findings,
        sections: sections.iter().filter_map(|section| section(&shown)).collect(),
    }
}

fn lead(shown: &Shown<'_>) -> String {
    let study = shown.study;
    let seeds = number::of(study.seeds.len(), "seed");
    format!(
        "{} on {}, {seeds} each. {}",
        number::of(shown.names.len(), "architecture"),
        number::of(study.tasks.len(), "task"),
        budget(study.budget),
    )
}

fn facts(study: &Study) -> Vec<Fact> {
    let seeds: Vec<String> = study.seeds.iter().map(u64::to_string).collect();
    let tests = match study.comparisons.is_empty() {
        true => "none".into(),
        false => format!("{}, {} correction", study.settings.test, study.settings.correction),
    };
    [
        ("Device", study.device.description.clone()),
        ("Started", study.started.clone()),
        ("Total run time", number::duration(study.seconds)),
        ("Seeds", seeds.join(", ")),
        ("Tests", tests),
        ("Version", format!("zoo {}, Burn {}", study.versions.zoo, study.versions.burn)),
    ]
    .into_iter()
    .map(|(label, value)| Fact { label, value })
    .collect()
}
