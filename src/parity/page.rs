//! The parity page of the book.

use std::fmt::Write;

use super::{Check, EXCEPTIONS, ParityRun, ParityVerdict};
use crate::models::families::FAMILIES;

/// Devices that always have a column, even without a run.
const EXPECTED: [&str; 7] = [
    "ndarray",
    "tch",
    "wgpu, fused",
    "wgpu, unfused",
    "cuda, fused",
    "cuda, unfused",
    "metal, fused",
];

/// The page in Markdown, with a table of families and devices for every check.
pub fn page(runs: &[ParityRun]) -> String {
    let mut titles: Vec<String> = EXPECTED.map(String::from).to_vec();
    titles
        .extend(runs.iter().map(|run| run.of.title()).filter(|t| !EXPECTED.contains(&t.as_str())));
    let columns: Vec<(String, Option<&ParityRun>)> = titles
        .into_iter()
        .map(|title| (title.clone(), runs.iter().find(|run| run.of.title() == title)))
        .collect();
    let mut text = String::from(HEAD);
    text.push_str("| device | run on | date | models | beyond a limit |\n|---|---|---|---|---|\n");
    for (title, run) in &columns {
        text.push_str(&match run {
            Some(run) => format!(
                "| {title} | {} | {} | {} | {} |\n",
                run.of.hardware,
                run.of.date,
                run.cases.len(),
                faults(run),
            ),
            None => format!("| {title} | not run yet | never | 0 | unknown |\n"),
        });
    }
    for check in Check::ALL {
        let _ = write!(text, "\n## {}\n\n{}\n\n| family |", heading(check), explanation(check));
        for (title, _) in &columns {
            let _ = write!(text, " {title} |");
        }
        let _ = writeln!(text, "\n|---{}|", "|---".repeat(columns.len()));
        for family in FAMILIES {
            let _ = write!(text, "| {} |", family.name());
            for (_, run) in &columns {
                let _ = write!(text, " {} |", cell(*run, family.name(), check));
            }
            text.push('\n');
        }
    }
    text.push_str("\n## Exceptions\n\n");
    if EXCEPTIONS.is_empty() {
        text.push_str("None. Every model that was run is held to the limits above.\n");
        return text;
    }
    text.push_str(
        "| device | family | check | limit | why | reported |\n|---|---|---|---|---|---|\n",
    );
    for exception in EXCEPTIONS {
        let _ = writeln!(
            text,
            "| {} | {} | {} | {:.0e} | {} | {} |",
            exception.backend,
            exception.family,
            exception.check.name(),
            exception.limit,
            exception.reason,
            exception.issue,
        );
    }
    text
}

/// The number of models that exceed a limit.
fn faults(run: &ParityRun) -> usize {
    let device = &run.of.device;
    run.cases.iter().filter(|(name, verdict)| !verdict.problems(device, name).is_empty()).count()
}

/// The largest error of a family's models.
fn cell(run: Option<&ParityRun>, family: &str, check: Check) -> String {
    let Some(run) = run else { return "not run".into() };
    let of_family = |name: &&String| name.split('/').next() == Some(family);
    let mut verdicts = run.cases.keys().filter(of_family).map(|name| &run.cases[name]).peekable();
    if verdicts.peek().is_none() {
        return "not run".into();
    }
    let mut worst: Option<f64> = None;
    for verdict in verdicts {
        match verdict {
            ParityVerdict::Fault(_) => return "**fails**".into(),
            ParityVerdict::Errors(errors) => {
                if let Some(error) = check.error(errors) {
                    worst = Some(worst.map_or(error, |worst| worst.max(error)));
                }
            }
        }
    }
    match worst {
        Some(0.0) => "0".into(),
        Some(error) => format!("{error:.0e}"),
        None => "no cache".into(),
    }
}

fn heading(check: Check) -> &'static str {
    match check {
        Check::Forward => "Forward",
        Check::Gradients => "Gradients",
        Check::Steps => "20 steps",
        Check::Decoding => "Cached decoding",
    }
}

fn explanation(check: Check) -> &'static str {
    match check {
        Check::Forward => {
            "All outputs at token positions: a batch of three right-padded rows, the same rows left-padded, and the same\n\
             with a fully padded second row, whose outputs must be finite. Limit 1e-5 on a CPU, 1e-4 on a GPU."
        }
        Check::Gradients => {
            "The loss and the gradient of every parameter at the first step: the larger of the largest difference and a\n\
             tenth of the relative difference of a whole gradient. Limit 1e-5 on a CPU, 1e-4 on a GPU."
        }
        Check::Steps => {
            "The losses of 20 steps of AdamW (10 of T5's token classifier) at a learning rate of 1e-3, clipped at a norm of 1. Limit 1e-4."
        }
        Check::Decoding => {
            "The logits of a prompt and of the next eight tokens, decoded one at a time with the cache, in a left-padded\n\
             batch. Models that do not generate text have no cache. Limit 1e-5 on a CPU, 1e-4 on a GPU."
        }
    }
}

const HEAD: &str = "\
# Parity

A backend should only change the speed. This page shows how far that holds: for every family, the error of
each device relative to `flex`, Burn's pure-Rust backend, which itself is within 1e-5 of `transformers` (see
[Families](families.md)). An error is the largest absolute difference, divided by the larger of 1 and the
largest absolute value of `flex`; a cell is the largest error of the family's models that were run.

The models are small (two blocks of 32 features), with seeded weights, in f32. CPU backends are compared on
every class of every family; the other devices on the first class of each family, and on every head once. This
page is generated by `zoo parity --page` from the files in `docs/parity`, which these commands write:

```sh
zoo parity --device tch --all --save docs/parity
zoo parity --device wgpu --save docs/parity
zoo parity --device wgpu --no-fusion --save docs/parity
```

The same commands fill the columns of `cuda` and `metal`, in a binary with those features.

";
