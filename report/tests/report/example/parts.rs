//! Candidates, runs and tests.

use zoo_report::study::*;

use super::{ARCHITECTURES, noise, summary};

fn score(task: &Task, skill: f64, key: &[&str], seed: u64) -> f64 {
    let luck = noise(key, seed) - 0.5;
    match task.name.as_str() {
        "tinyshakespeare" => 2.42 - 0.6 * skill.powi(3) + 0.03 * luck + 0.1 * (skill - 0.7).abs(),
        "recall" if skill < 0.7 => 21.0 + 6.0 * luck,
        "recall" => 97.0 + 2.0 * (skill - 0.8) + 1.6 * luck,
        "listops" => 30.0 + 9.0 * skill + 1.2 * luck,
        _ => 99.0 * skill.powf(0.25) + 2.0 * luck,
    }
}

fn curve(task: &Task, last: f64, cost: f64, seed: u64) -> Vec<CurvePoint> {
    let start = task.metric.chance.unwrap_or(0.0);
    let point = |n: usize| {
        let share = n as f64 / 40.0;
        let learnt = 1.0 - (-5.0 * share).exp();
        let wobble = (noise(&[&task.name], seed * 100 + n as u64) - 0.5) * 0.03;
        CurvePoint {
            step: n * 25,
            tokens: n as u64 * 204_800,
            flops: n as f64 * 204_800.0 * cost,
            seconds: share * cost / 8e4,
            train_loss: Some(4.2 * (1.0 - learnt) + 0.5 + wobble),
            validation: Some(start + (last - start) * (learnt + wobble).min(1.0)),
        }
    };
    (1..=40).map(point).collect()
}

pub(super) fn run(task: &Task, index: usize, seed: u64) -> Run {
    let (name, _, skill) = ARCHITECTURES[index];
    let test = score(task, skill, &[name, &task.name], seed);
    let cost = 6.0e6 * (1.0 + index as f64 * 0.12);
    let mut curve = curve(task, test, cost, seed);
    let outcome = match (name, task.name.as_str(), seed) {
        ("gru", "listops", 2) => {
            curve.truncate(16);
            Outcome::Diverged { step: 400, reason: "the loss was 31.2, ten times its least".into() }
        }
        ("t5", "dates", 1) => {
            curve.truncate(5);
            Outcome::Failed { reason: "out of memory: 3.1 GiB asked for, 2.4 GiB free".into() }
        }
        _ => Outcome::Finished {
            test,
            validation: test + 0.2,
            secondary: vec![test / 100.0; task.secondary.len()],
        },
    };
    let speed = Speed {
        train_tokens: Some(5.2e10 / cost * (1.0 + 0.1 * noise(&[name], seed))),
        train_bytes: Some(180_000_000 + index as u64 * 31_000_000),
        decode_tokens: (index > 1).then_some(900.0 - 60.0 * index as f64),
        decode_bytes: (index > 1).then_some(40_000_000 + index as u64 * 1_000_000),
    };
    Run {
        architecture: name.into(),
        task: task.name.clone(),
        seed,
        size: None,
        outcome,
        curve,
        seconds: cost / 8e4,
        speed,
    }
}

pub(super) fn candidate(task: &Task, index: usize, runs: &[Run]) -> Candidate {
    let (name, backbone, skill) = ARCHITECTURES[index];
    let own = runs.iter().filter(|run| run.architecture == name && run.task == task.name);
    let tests: Vec<f64> = own
        .filter_map(|run| match run.outcome {
            Outcome::Finished { test, .. } => Some(test),
            _ => None,
        })
        .collect();
    let rates = [1e-4, 3e-4, 1e-3, 3e-3].iter().enumerate().map(|(n, rate)| RateTrial {
        rate: *rate,
        outcome: match n {
            3 if index > 5 => RateOutcome::Diverged { step: 210 },
            _ => RateOutcome::Score(score(
                task,
                skill - 0.05 * (n as f64 - 1.6).abs(),
                &[name],
                n as u64,
            )),
        },
    });
    let recurrent = backbone == BackboneKind::Recurrent;
    let deviation = (noise(&[name], 7) - 0.5) * 3.6;
    let body = (1e6 * (1.0 + deviation / 100.0)) as u64;
    Candidate {
        architecture: name.into(),
        task: task.name.clone(),
        backbone,
        how: "Reads the text and classifies from the mean of its states.".into(),
        dimensions: Dimensions {
            d_model: 128 + 8 * index,
            n_layers: 5,
            n_heads: (!recurrent).then_some(4),
            d_ff: (!recurrent).then_some(512),
        },
        parameters: Parameters { body, embeddings: 21_504, total: body + 21_504 },
        deviation: Some(deviation),
        flops: Flops {
            forward: 2.0e6 * (1.0 + index as f64 * 0.12),
            train: 6.0e6 * (1.0 + index as f64 * 0.12),
        },
        rates: rates.collect(),
        learning_rate: 1e-3,
        training: TrainingLength { steps: 1000, tokens: 8_192_000 },
        summary: summary(&tests),
        secondary: vec![summary(&tests); task.secondary.len()],
        pretrained: None,
        is_at_chance: false,
    }
}

pub(super) fn comparisons(task: &Task, runs: &[Run]) -> Vec<Comparison> {
    let scores = |name: &str| -> Vec<f64> {
        let own = runs.iter().filter(|run| run.architecture == name && run.task == task.name);
        own.filter_map(|run| match run.outcome {
            Outcome::Finished { test, .. } => Some(test),
            _ => None,
        })
        .collect()
    };
    let mut found = Vec::new();
    for (n, (a, ..)) in ARCHITECTURES.iter().enumerate() {
        for (b, ..) in &ARCHITECTURES[n + 1..] {
            let (left, right) = (scores(a), scores(b));
            let tested = if left.len() < 3 || right.len() < 3 {
                Tested::NotTestable { because: "a run of one of them is lost".into() }
            } else {
                let pairs: Vec<f64> = left.iter().zip(&right).map(|(l, r)| l - r).collect();
                let of = summary(&pairs);
                let (mean, interval) = (of.mean.unwrap(), of.interval.unwrap());
                let p = (-1.6 * (mean / interval.half()).abs() - 0.7).exp();
                Tested::Test {
                    pairs: 3,
                    difference: mean,
                    interval,
                    p,
                    corrected: (p * 12.0).min(1.0),
                    seeds_needed: (p * 12.0 >= 0.05).then_some(9),
                }
            };
            found.push(Comparison {
                task: task.name.clone(),
                a: (*a).into(),
                b: (*b).into(),
                tested,
            });
        }
    }
    found
}
