//! The pooling module: its fields and its step.

use serde_json::{Value, json};

use super::fields::Fields;
use super::modules::Vectors;
use crate::models::heads::pooling::Pooling;
use crate::models::heads::{Pool, PromptPooling, Step};
use crate::pipeline::PipelineError;

/// Pooling modes by flag and by name, in the order in which their vectors are concatenated.
const WAYS: [(&str, &str, Pooling); 6] = [
    ("pooling_mode_cls_token", "cls", Pooling::First),
    ("pooling_mode_max_tokens", "max", Pooling::Max),
    ("pooling_mode_mean_tokens", "mean", Pooling::Mean),
    ("pooling_mode_mean_sqrt_len_tokens", "mean_sqrt_len_tokens", Pooling::MeanBySqrtLength),
    ("pooling_mode_weightedmean_tokens", "weightedmean", Pooling::WeightedMean),
    ("pooling_mode_lasttoken", "lasttoken", Pooling::Last),
];

/// The fields of a pooling module for vectors of `width` features.
pub(super) fn pooling_fields(pooling: Pooling, width: usize) -> Value {
    let mut fields = json!({ "word_embedding_dimension": width, "include_prompt": true });
    for (flag, _, way) in WAYS {
        fields[flag] = (way == pooling).into();
    }
    fields
}

/// The step of a pooling module.
pub(super) fn pooling(mut fields: Fields, vectors: &mut Vectors) -> Result<Step, PipelineError> {
    // The width is determined by the vectors.
    fields.drop(&["word_embedding_dimension", "embedding_dimension"]);
    let mut ways = Vec::new();
    for (flag, _, way) in WAYS {
        if fields.flag(flag)? == Some(true) {
            ways.push(way);
        }
    }
    // Names take precedence over flags; the default is the mean.
    let named = match fields.take("pooling_mode") {
        Some(Value::Array(names)) => Some(names),
        other => other.map(|name| vec![name]),
    };
    if let Some(names) = named {
        let way = |name: &Value| {
            let known = WAYS.iter().find(|(_, known, _)| *name == **known);
            known.map(|(_, _, way)| *way).ok_or_else(|| {
                let known = WAYS.map(|(_, known, _)| known).join(", ");
                fields.refusal("pooling_mode", name, &format!("supported modes are {known}"))
            })
        };
        ways = names.iter().map(way).collect::<Result<_, _>>()?;
        if ways.is_empty() {
            return Err(fields.refusal("pooling_mode", &Value::Array(names), "it is empty"));
        }
    }
    if ways.is_empty() {
        ways.push(Pooling::Mean);
    }
    let prompt = match fields.flag("include_prompt")? {
        Some(false) => PromptPooling::LeftOut,
        _ => PromptPooling::Pooled,
    };
    fields.finish()?;
    vectors.text = Some(ways.len() * vectors.tokens);
    Ok(Step::Pool(Pool { ways, prompt }))
}
