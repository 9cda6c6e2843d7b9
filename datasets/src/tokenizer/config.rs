//! The fields of `tokenizer_config.json`.

use serde_json::{Map, Value, json};

/// The name of the file.
pub(super) const CONFIG: &str = "tokenizer_config.json";

/// The `tokenizer_config.json` of a new tokenizer.
pub(super) fn new_config(eos_token: Option<&str>) -> Map<String, Value> {
    let mut config = Map::new();
    config.insert("tokenizer_class".to_owned(), json!("PreTrainedTokenizerFast"));
    // Before version 5, transformers removed spaces before punctuation by default.
    config.insert("clean_up_tokenization_spaces".to_owned(), json!(false));
    config.insert("model_input_names".to_owned(), json!(["input_ids", "attention_mask"]));
    if let Some(token) = eos_token {
        config.insert("eos_token".to_owned(), json!(token));
    }
    config
}

/// The `eos_token` of a `tokenizer_config.json`: a string, or an object with its `content`.
pub(super) fn eos_token(config: &Map<String, Value>) -> Option<&str> {
    let token = config.get("eos_token")?;
    token.as_str().or_else(|| token.get("content")?.as_str())
}
