//! Names of kinds, metrics and budgets.

use crate::number;
use crate::study::{BackboneKind, Better, Match, Task, TaskKind};

/// A label such as `accuracy (%), higher is better`.
pub(super) fn metric_label(task: &Task) -> String {
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

/// The kind of backbone, in a word.
pub(super) fn backbone(backbone: BackboneKind) -> &'static str {
    match backbone {
        BackboneKind::Encoder => "encoder",
        BackboneKind::Decoder => "decoder",
        BackboneKind::EncoderDecoder => "encoder-decoder",
        BackboneKind::Recurrent => "recurrent",
    }
}

/// The kind of task, in a few words.
pub(super) fn kind(kind: TaskKind) -> &'static str {
    match kind {
        TaskKind::Language => "language modeling",
        TaskKind::Masked => "masked language modeling",
        TaskKind::Classification => "sequence classification",
        TaskKind::Tagging => "token classification",
        TaskKind::Transduction => "sequence to sequence",
    }
}

/// The matched budget, as a sentence.
pub(super) fn budget(budget: Match) -> String {
    match budget {
        Match::Params(size) => format!(
            "All models are sized to {} parameters, without embeddings.",
            number::compact(size as f64)
        ),
        Match::Flops(size) => {
            format!(
                "All models are sized to {} training FLOPs per token.",
                number::compact(size as f64)
            )
        }
        Match::Time(seconds) => format!("All models train for {}.", number::duration(seconds)),
        Match::Sizes => "The model size varies.".into(),
    }
}
