//! A study that looks like a real one: eight architectures on four tasks with three seeds.
//!
//! Its numbers are made up by formulas. One run diverged, one failed.

use burn_zoo::compare::study::*;

/// Architectures with their skeletons and how well they learn, from 0 to 1.
const ARCHITECTURES: [(&str, Skeleton, f64); 8] = [
    ("bert", Skeleton::Encoder, 0.80),
    ("modernbert", Skeleton::Encoder, 0.86),
    ("gpt2", Skeleton::Decoder, 0.78),
    ("llama", Skeleton::Decoder, 0.90),
    ("t5", Skeleton::EncoderDecoder, 0.84),
    ("bart", Skeleton::EncoderDecoder, 0.79),
    ("lstm", Skeleton::Recurrent, 0.62),
    ("gru", Skeleton::Recurrent, 0.60),
];

/// A number from 0 to 1 that looks like chance and is always the same.
pub(crate) fn noise(key: &[&str], seed: u64) -> f64 {
    let mut state = 0xcbf2_9ce4_8422_2325_u64 ^ seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    for byte in key.iter().flat_map(|part| part.bytes()) {
        state = (state ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    state ^= state >> 33;
    state = state.wrapping_mul(0xff51_afd7_ed55_8ccd);
    state ^= state >> 33;
    (state >> 11) as f64 / (1_u64 << 53) as f64
}

/// Mean, deviation and interval, with Student's t for two to four values.
pub(crate) fn summary(values: &[f64]) -> Summary {
    let n = values.len() as f64;
    if values.is_empty() {
        return Summary::default();
    }
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0);
    let t = [0.0, 0.0, 12.706, 4.303, 3.182][values.len().min(4)];
    let half = t * (variance / n).sqrt();
    let many = values.len() > 1;
    Summary {
        finished: values.len(),
        mean: Some(mean),
        deviation: many.then(|| variance.sqrt()),
        interval: many.then_some(Interval { low: mean - half, high: mean + half }),
    }
}

/// A task without references.
pub(crate) fn task(name: &str, metric: Metric) -> Task {
    Task {
        name: name.into(),
        about: "What a program of nested operators on lists of digits gives.".into(),
        need: Need::Classification,
        metric,
        data_hash: "3f0a377ba0a4a460ecb616f6507ce0d8cfa3e704025d4fda3ed0c5ca05468728".into(),
        splits: ["train", "validation", "test"]
            .map(|part| DataSplit { name: part.into(), examples: 96_000, tokens: Some(9_100_000) })
            .into(),
        lengths: (24, 512),
        references: Vec::new(),
        secondary: Vec::new(),
    }
}

/// Percent, higher is better.
pub(crate) fn accuracy() -> Metric {
    Metric {
        name: "accuracy".into(),
        unit: "%".into(),
        better: Better::Higher,
        chance: Some(10.0),
        best: Some(100.0),
    }
}

/// Lower is better.
pub(crate) fn bits() -> Metric {
    Metric {
        name: "bits per character".into(),
        unit: String::new(),
        better: Better::Lower,
        chance: Some(6.02),
        best: None,
    }
}

fn tasks() -> Vec<Task> {
    let mut listops = task("listops", accuracy());
    listops.references = vec![Reference {
        what: "Transformer, Long Range Arena".into(),
        score: 36.4,
        source: "Tay et al. 2021, https://arxiv.org/abs/2011.04006".into(),
    }];
    let mut recall = task("recall", accuracy());
    recall.about = "Which value stood beside a key, for many keys.".into();
    let mut characters = task("tinyshakespeare", bits());
    characters.need = Need::Language;
    characters.about = "The next character of plays.".into();
    let mut dates = task("dates", Metric { name: "exact match".into(), ..accuracy() });
    dates.need = Need::Transduction;
    dates.about = "A date in words, as 2026-11-22.".into();
    let chrf = Secondary { name: "chrF".into(), unit: String::new(), better: Better::Higher };
    dates.secondary = vec![chrf];
    vec![listops, recall, characters, dates]
}

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

fn curve(task: &Task, last: f64, cost: f64, seed: u64) -> Vec<Point> {
    let start = task.metric.chance.unwrap_or(0.0);
    let point = |n: usize| {
        let share = n as f64 / 40.0;
        let learnt = 1.0 - (-5.0 * share).exp();
        let wobble = (noise(&[&task.name], seed * 100 + n as u64) - 0.5) * 0.03;
        Point {
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

fn run(task: &Task, index: usize, seed: u64) -> Run {
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
        outcome,
        curve,
        seconds: cost / 8e4,
        speed,
    }
}

fn contestant(task: &Task, index: usize, runs: &[Run]) -> Contestant {
    let (name, skeleton, skill) = ARCHITECTURES[index];
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
    let recurrent = skeleton == Skeleton::Recurrent;
    let deviation = (noise(&[name], 7) - 0.5) * 3.6;
    let body = (1e6 * (1.0 + deviation / 100.0)) as u64;
    Contestant {
        architecture: name.into(),
        task: task.name.clone(),
        skeleton,
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
        training: Training { steps: 1000, tokens: 8_192_000 },
        summary: summary(&tests),
        secondary: vec![summary(&tests); task.secondary.len()],
    }
}

fn comparisons(task: &Task, runs: &[Run]) -> Vec<Comparison> {
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

fn costs(index: usize) -> CostCurve {
    let (name, skeleton, _) = ARCHITECTURES[index];
    let quadratic = skeleton != Skeleton::Recurrent;
    let at = |length: usize| {
        let l = length as f64;
        let slow = 1.0 + if quadratic { l / 900.0 } else { 0.0 };
        let base = 9000.0 - 600.0 * index as f64;
        CostAt {
            length,
            train_tokens: Some(base / slow),
            train_bytes: Some((2e5 * l * slow) as u64 + 60_000_000),
            forward_tokens: Some(base * 3.4 / slow),
            decode_tokens: (index > 1).then_some(base / 10.0 / slow.sqrt()),
            decode_bytes: (index > 1)
                .then_some(30_000_000 + if quadratic { 2000 * length as u64 } else { 0 }),
        }
    };
    let (lengths, limit): (&[usize], _) = match name {
        "bert" => (
            &[512],
            Some(Limit { length: 1024, reason: LimitReason::PositionsEnd { positions: 512 } }),
        ),
        "bart" => {
            (&[512, 1024, 2048], Some(Limit { length: 4096, reason: LimitReason::OutOfMemory }))
        }
        _ => (&[512, 1024, 2048, 4096], None),
    };
    let growth = |exponent: f64| match lengths.len() {
        1 => Growth::NotFitted { because: "one point".into() },
        _ => Growth::Power {
            exponent,
            interval: Some(Interval { low: exponent - 0.07, high: exponent + 0.07 }),
        },
    };
    let exponent = if quadratic { 1.55 + 0.02 * index as f64 } else { 1.01 };
    CostCurve {
        architecture: name.into(),
        points: lengths.iter().map(|length| at(*length)).collect(),
        train_time: growth(exponent),
        train_memory: growth(exponent + 0.1),
        limit,
    }
}

fn scaling(index: usize) -> Scaling {
    let (name, _, skill) = ARCHITECTURES[index];
    let (a, b, c) = (60.0 / skill, 0.17 * skill, 1.15);
    let law = |flops: f64| a * flops.powf(-b) + c;
    let sizes = [("30k", 3e4), ("100k", 1e5), ("300k", 3e5), ("1M", 1e6), ("3M", 3e6)];
    let points = sizes.map(|(size, parameters)| {
        let flops = parameters * parameters * 120.0;
        let loss = law(flops) * (1.0 + 0.02 * (noise(&[name, size], 1) - 0.5));
        ScalingPoint { size: size.into(), parameters: parameters as u64, flops, loss }
    });
    let band = (0..=20).map(|n| {
        let flops = points[0].flops * (points[4].flops / points[0].flops).powf(f64::from(n) / 20.0);
        let half = 0.02 + 0.002 * (f64::from(n) - 10.0).abs();
        (flops, Interval { low: law(flops) - half, high: law(flops) + half })
    });
    let near = |value: f64| Fitted {
        value,
        interval: Some(Interval { low: value * 0.93, high: value * 1.07 }),
    };
    let fit = Fit { a: near(a), b: near(b), c: near(c), band: band.collect() };
    let front = points.iter().map(|p| Front {
        flops: p.flops,
        loss: p.loss,
        size: p.size.clone(),
        parameters: p.parameters,
    });
    Scaling {
        architecture: name.into(),
        task: "tinyshakespeare".into(),
        fit: match name {
            "gru" => FitResult::NotFitted { because: "the losses do not fall steadily".into() },
            _ => FitResult::Fit(fit),
        },
        front: front.collect(),
        points: points.into(),
    }
}

/// The study.
pub(crate) fn study() -> Study {
    let tasks = tasks();
    let seeds = vec![1, 2, 3];
    let runs: Vec<Run> = tasks
        .iter()
        .flat_map(|task| (0..8).map(move |index| (task, index)))
        .flat_map(|(task, index)| [1, 2, 3].map(|seed| run(task, index, seed)))
        .collect();
    let contestants = tasks
        .iter()
        .flat_map(|task| (0..8).map(move |index| (task, index)))
        .map(|(task, index)| contestant(task, index, &runs))
        .collect();
    let comparisons = tasks.iter().flat_map(|task| comparisons(task, &runs)).collect();
    Study { tasks, seeds, runs, contestants, comparisons, ..empty() }
}

/// The study without tasks, contestants and runs.
pub(crate) fn empty() -> Study {
    Study {
        schema: SCHEMA,
        title: "Eight architectures at a million parameters".into(),
        command: "zoo compare bert modernbert gpt2 llama t5 bart lstm gru --task listops,recall,tinyshakespeare,dates --match params --size 1M --seeds 3".into(),
        toml: "families = [\"bert\", \"modernbert\", \"gpt2\", \"llama\", \"t5\", \"bart\", \"lstm\", \"gru\"]\ntasks = [\"listops\", \"recall\", \"tinyshakespeare\", \"dates\"]\n\n[budget]\nmatch = \"params\"\nsize = \"1M\"\n\nseeds = 3\n".into(),
        versions: Versions {
            zoo: "0.1.0".into(),
            burn: "0.22.1".into(),
            rustc: "1.95.0".into(),
            features: vec!["flex".into(), "fusion".into()],
        },
        device: Device {
            name: "flex".into(),
            description: "Flex on a CPU of 2 cores".into(),
            cores: Some(2),
            memory: Some(8 << 30),
        },
        started: "2026-11-22 09:30 UTC".into(),
        seconds: 7421.0,
        budget: Match::Params(1_000_000),
        seeds: Vec::new(),
        settings: Settings {
            optimizer: "AdamW, betas 0.9 and 0.95, clipped at 1".into(),
            schedule: "warm-up over 50 steps, then cosine to a tenth".into(),
            batch: 32,
            dropout: 0.1,
            weight_decay: 0.1,
            length: "1000 steps".into(),
            evaluation: "every 25 steps; the test part once, at the end".into(),
            test: "paired t-test".into(),
            correction: "Holm".into(),
        },
        tasks: Vec::new(),
        contestants: Vec::new(),
        runs: Vec::new(),
        comparisons: Vec::new(),
        costs: (0..8).map(costs).collect(),
        scaling: (0..8).map(scaling).collect(),
    }
}
