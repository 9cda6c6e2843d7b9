//! Unrecognized fields of a request: each has a value without effect or is rejected by name.

use serde_json::Value;

use super::error::ApiError;
use super::fields::Fields;

/// Unsupported fields of a request type.
#[derive(Debug)]
pub(super) struct Rest {
    /// Fields that do not affect the response.
    harmless: &'static [&'static str],
    /// Fields with the only supported value, as JSON.
    usual: &'static [(&'static str, &'static str)],
    /// Fields of OpenAI's or vLLM's API that would change the response.
    unsupported: &'static [&'static str],
}

/// Fields of completions.
pub(super) const OF_COMPLETIONS: Rest = Rest {
    harmless: &HARMLESS,
    usual: &[
        ("add_special_tokens", "true"),
        ("length_penalty", "1"),
        ("num_beams", "1"),
        ("skip_special_tokens", "true"),
        ("spaces_between_special_tokens", "true"),
        ("top_logprobs", "0"),
        ("typical_p", "1"),
    ],
    unsupported: &UNSUPPORTED,
};

/// Fields of chat completions.
pub(super) const OF_CHATS: Rest = Rest {
    harmless: &HARMLESS,
    usual: &[
        ("length_penalty", "1"),
        ("num_beams", "1"),
        ("skip_special_tokens", "true"),
        ("spaces_between_special_tokens", "true"),
        ("typical_p", "1"),
        ("verbosity", "\"medium\""),
    ],
    unsupported: &UNSUPPORTED,
};

/// Fields of embeddings.
pub(super) const OF_EMBEDDINGS: Rest = Rest {
    harmless: &HARMLESS,
    usual: &[
        ("add_special_tokens", "true"),
        ("embed_dtype", "\"float32\""),
        ("endianness", "\"native\""),
        ("input_type", "\"text\""),
        ("truncate", "\"NONE\""),
    ],
    unsupported: &[
        "add_special_tokens",
        "embed_dtype",
        "endianness",
        "instruction",
        "messages",
        "normalize",
        "truncate",
        "truncate_prompt_tokens",
        "use_activation",
    ],
};

const HARMLESS: [&str; 11] = [
    "cache_salt",
    "metadata",
    "parallel_tool_calls",
    "priority",
    "prompt_cache_key",
    "prompt_cache_retention",
    "request_id",
    "safety_identifier",
    "service_tier",
    "store",
    "user",
];

const UNSUPPORTED: [&str; 37] = [
    "add_special_tokens",
    "allowed_token_ids",
    "audio",
    "bad_words",
    "chat_template",
    "documents",
    "echo",
    "function_call",
    "functions",
    "guided_choice",
    "guided_grammar",
    "guided_json",
    "guided_regex",
    "ignore_eos",
    "include_stop_str_in_output",
    "length_penalty",
    "logit_bias",
    "mm_processor_kwargs",
    "modalities",
    "num_beams",
    "prediction",
    "prompt_embeds",
    "prompt_logprobs",
    "reasoning_effort",
    "response_format",
    "return_token_ids",
    "return_tokens_as_token_ids",
    "skip_special_tokens",
    "spaces_between_special_tokens",
    "stop_token_ids",
    "structured_outputs",
    "suffix",
    "tool_choice",
    "tools",
    "top_logprobs",
    "truncate_prompt_tokens",
    "web_search_options",
];

impl Rest {
    /// No fields.
    pub(super) const NONE: Self = Self { harmless: &[], usual: &[], unsupported: &[] };

    /// Fields of past messages: those that the official client adds are not passed to the model.
    pub(super) const OF_MESSAGES: Self = Self {
        harmless: &["annotations", "id", "index", "parsed"],
        usual: &[],
        unsupported: &["audio", "function_call"],
    };

    fn is_usual(&self, name: &str, value: &Value) -> Option<bool> {
        let (_, usual) = self.usual.iter().find(|(known, _)| *known == name)?;
        let usual: Value = serde_json::from_str(usual).unwrap_or_default();
        // 1 and 1.0 are equal.
        Some(match (value.as_f64(), usual.as_f64()) {
            (Some(value), Some(usual)) => value == usual,
            _ => *value == usual,
        })
    }
}

impl Fields {
    /// Rejects unrecognized fields, unless they have no effect.
    pub(super) fn finish(self, rest: &Rest) -> Result<(), ApiError> {
        for (name, value) in self.left() {
            if rest.harmless.contains(&name.as_str()) {
                continue;
            }
            if rest.is_usual(name, value).unwrap_or_else(|| is_off(value)) {
                continue;
            }
            let path = self.name(name);
            return Err(match rest.unsupported.contains(&name.as_str()) {
                true => {
                    let message = format!("{path} is not supported; omit it");
                    ApiError::unsupported(path, message)
                }
                false => ApiError::unknown(path),
            });
        }
        Ok(())
    }
}

/// Whether a value disables an option.
fn is_off(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::String(text) => text.is_empty(),
        _ => false,
    }
}
