//! A realistic study: eight architectures on four tasks with three seeds.
//!
//! Its results are synthetic. One run diverged, one failed.

mod growth;
mod parts;

use zoo_report::study::*;

use growth::{costs, scaling};
use parts::{candidate, comparisons, run};

/// Architectures with their backbones and learning ability, from 0 to 1.
const ARCHITECTURES: [(&str, BackboneKind, f64); 8] = [
    ("bert", BackboneKind::Encoder, 0.80),
    ("modernbert", BackboneKind::Encoder, 0.86),
    ("gpt2", BackboneKind::Decoder, 0.78),
    ("llama", BackboneKind::Decoder, 0.90),
    ("t5", BackboneKind::EncoderDecoder, 0.84),
    ("bart", BackboneKind::EncoderDecoder, 0.79),
    ("lstm", BackboneKind::Recurrent, 0.62),
    ("gru", BackboneKind::Recurrent, 0.60),
];

/// A deterministic pseudorandom number from 0 to 1.
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
        kind: TaskKind::Classification,
        metric,
        data_hash: "3f0a377ba0a4a460ecb616f6507ce0d8cfa3e704025d4fda3ed0c5ca05468728".into(),
        splits: ["train", "validation", "test"]
            .map(|part| DataSplit { name: part.into(), examples: 96_000, tokens: Some(9_100_000) })
            .into(),
        lengths: (24, 512),
        references: Vec::new(),
        secondary: Vec::new(),
        notes: Vec::new(),
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
    characters.kind = TaskKind::Language;
    characters.about = "The next character of plays.".into();
    let mut dates = task("dates", Metric { name: "exact match".into(), ..accuracy() });
    dates.kind = TaskKind::Transduction;
    dates.about = "A date in words, as 2026-11-22.".into();
    let chrf =
        Secondary { name: "chrF".into(), unit: String::new(), better: Better::Higher, best: None };
    dates.secondary = vec![chrf];
    vec![listops, recall, characters, dates]
}

/// The complete study.
pub(crate) fn study() -> Study {
    let tasks = tasks();
    let seeds = vec![1, 2, 3];
    let runs: Vec<Run> = tasks
        .iter()
        .flat_map(|task| (0..8).map(move |index| (task, index)))
        .flat_map(|(task, index)| [1, 2, 3].map(|seed| run(task, index, seed)))
        .collect();
    let candidates = tasks
        .iter()
        .flat_map(|task| (0..8).map(move |index| (task, index)))
        .map(|(task, index)| candidate(task, index, &runs))
        .collect();
    let comparisons = tasks.iter().flat_map(|task| comparisons(task, &runs)).collect();
    Study { tasks, seeds, runs, candidates, comparisons, ..empty() }
}

/// The study without tasks, candidates and runs.
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
        settings: StudySettings {
            optimizer: "AdamW, betas 0.9 and 0.95, clipped at 1".into(),
            schedule: "warm-up over 50 steps, then cosine to a tenth".into(),
            batch: "32 sequences".into(),
            dropout: "0.1".into(),
            weight_decay: 0.1,
            length: "1000 steps".into(),
            evaluation: "every 25 steps; the test part once, at the end".into(),
            test: "paired t-test".into(),
            correction: "Holm".into(),
        },
        tasks: Vec::new(),
        candidates: Vec::new(),
        runs: Vec::new(),
        comparisons: Vec::new(),
        costs: (0..8).map(costs).collect(),
        scaling: (0..8).map(scaling).collect(),
    }
}
