//! The sections of a report.

mod costs;
mod curves;
mod lengths;
mod rates;
mod runs;
mod scaling;
mod scores;
mod setup;

use super::chart::Look;
use super::number;
use super::page::{Fact, Finding, Page, Section};
use super::verdict::{Verdict, overall, verdict};
use crate::study::{BackboneKind, Match, Study, Task, TaskKind};

/// A study with its verdicts.
struct Shown<'a> {
    study: &'a Study,
    names: Vec<&'a str>,
    verdicts: Vec<Verdict>,
}

impl Shown<'_> {
    fn look(&self, name: &str) -> Look {
        Look::nth(self.names.iter().position(|known| *known == name).unwrap_or(0))
    }

    /// The tasks with their verdicts.
    fn tasks(&self) -> impl Iterator<Item = (&Task, &Verdict)> {
        self.study.tasks.iter().zip(&self.verdicts)
    }
}

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

fn has_candidates(study: &Study, task: &Task) -> bool {
    study.candidates_on(&task.name).next().is_some()
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

/// The matched budget, as a sentence.
fn budget(budget: Match) -> String {
    match budget {
        Match::Params(size) => format!(
            "All are sized to {} parameters, embeddings not counted.",
            number::compact(size as f64)
        ),
        Match::Flops(size) => {
            format!(
                "All are sized to {} operations for a token in training.",
                number::compact(size as f64)
            )
        }
        Match::Time(seconds) => format!("All train for {}.", number::duration(seconds)),
        Match::Sizes => "Sizes are swept.".into(),
    }
}

fn facts(study: &Study) -> Vec<Fact> {
    let seeds: Vec<String> = study.seeds.iter().map(u64::to_string).collect();
    let tests = match study.comparisons.is_empty() {
        true => "none".into(),
        false => format!("{}, {} correction", study.settings.test, study.settings.correction),
    };
    let fact = |label: &str, value| Fact { label: label.into(), value };
    vec![
        fact("Device", study.device.description.clone()),
        fact("Started", study.started.clone()),
        fact("Runs took", number::duration(study.seconds)),
        fact("Seeds", seeds.join(", ")),
        fact("Tests", tests),
        fact("Version", format!("zoo {}, Burn {}", study.versions.zoo, study.versions.burn)),
    ]
}

/// A label such as `accuracy (%), higher is better`.
fn metric_label(task: &Task) -> String {
    use crate::study::Better;
    let unit = match task.metric.unit.as_str() {
        "" => String::new(),
        unit => format!(" ({unit})"),
    };
    let way = match task.metric.better {
        Better::Higher => "higher",
        Better::Lower => "lower",
    };
    format!("{}{unit}, {way} is better", task.metric.name)
}

fn backbone(backbone: BackboneKind) -> &'static str {
    match backbone {
        BackboneKind::Encoder => "encoder",
        BackboneKind::Decoder => "decoder",
        BackboneKind::EncoderDecoder => "encoder-decoder",
        BackboneKind::Recurrent => "recurrent",
    }
}

fn kind(kind: TaskKind) -> &'static str {
    match kind {
        TaskKind::Language => "language modelling",
        TaskKind::Masked => "masked modelling",
        TaskKind::Classification => "classification",
        TaskKind::Tagging => "tagging",
        TaskKind::Transduction => "transduction",
    }
}

/// The median of the values; the lower one of two middle values.
fn median(mut values: Vec<f64>) -> Option<f64> {
    values.retain(|value| value.is_finite());
    values.sort_by(f64::total_cmp);
    values.get(values.len().checked_sub(1)? / 2).copied()
}
