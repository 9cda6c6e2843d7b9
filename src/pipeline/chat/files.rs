//! Chat settings in a model directory.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::pipeline::PipelineError;

const TEMPLATE: &str = "chat_template.jinja";
const CONFIG: &str = "tokenizer_config.json";
const SPECIAL: &str = "special_tokens_map.json";

/// The special tokens that templates may use.
const ROLES: [&str; 7] =
    ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"];

/// A chat template.
pub(super) struct TemplateFile {
    /// The file that contains it.
    pub(super) path: PathBuf,
    pub(super) source: String,
}

/// The chat template of a directory.
pub(super) fn template(folder: &Path) -> Result<Option<TemplateFile>, PipelineError> {
    let path = folder.join(TEMPLATE);
    if let Some(source) = read(&path)? {
        return Ok(Some(TemplateFile { path, source }));
    }
    let path = folder.join(CONFIG);
    let config = json(&path)?;
    match &config["chat_template"] {
        Value::Null => Ok(None),
        Value::String(source) => Ok(Some(TemplateFile { path, source: source.clone() })),
        Value::Array(named) => {
            let name = |entry: &Value| entry["name"].as_str().unwrap_or_default().to_string();
            let usual = named.iter().find(|entry| name(entry) == "default");
            if let Some(source) = usual.and_then(|entry| entry["template"].as_str()) {
                return Ok(Some(TemplateFile { path, source: source.to_string() }));
            }
            let names: Vec<String> = named.iter().map(name).collect();
            let reason = format!("chat_template has no \"default\", only {names:?}");
            Err(PipelineError::File { path, reason })
        }
        _ => {
            let reason = "chat_template must be a string or a list of named templates".to_string();
            Err(PipelineError::File { path, reason })
        }
    }
}

/// The text of each special token, by role.
pub(super) fn special_tokens(folder: &Path) -> Result<BTreeMap<String, String>, PipelineError> {
    let config = json(&folder.join(CONFIG))?;
    let map = json(&folder.join(SPECIAL))?;
    // A token is a string, or an object with a `content`.
    let text =
        |token: &Value| token.as_str().or_else(|| token["content"].as_str()).map(str::to_string);
    let found = |role: &&str| text(&config[*role]).or_else(|| text(&map[*role]));
    Ok(ROLES.iter().filter_map(|role| found(role).map(|token| (role.to_string(), token))).collect())
}

/// The text of a file; `None` if the file does not exist.
fn read(path: &Path) -> Result<Option<String>, PipelineError> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => {
            Err(PipelineError::File { path: path.to_path_buf(), reason: error.to_string() })
        }
    }
}

/// The contents of a JSON file; `null` if the file does not exist.
fn json(path: &Path) -> Result<Value, PipelineError> {
    let Some(text) = read(path)? else { return Ok(Value::Null) };
    serde_json::from_str(&text).map_err(|error| PipelineError::File {
        path: path.to_path_buf(),
        reason: error.to_string(),
    })
}
