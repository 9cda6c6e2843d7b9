//! What sentence-transformers writes beside a model: how hidden states become a vector.

use std::path::{Component, Path};

use serde_json::{Map, Value};

use super::PipelineError;
use crate::models::heads::pooling::Pooling;
use crate::models::heads::{EmbedderConfig, Length};

/// The form of the vectors, and the longest text in tokens, where a directory says so.
pub(super) struct SentenceConfig {
    pub(super) form: EmbedderConfig,
    pub(super) max_length: Option<usize>,
}

impl SentenceConfig {
    /// Reads `modules.json`, `1_Pooling/config.json` and `sentence_bert_config.json`. A directory
    /// without them gives unit vectors of means, which is what most embedders are trained as.
    pub(super) fn read(folder: &Path) -> Result<Self, PipelineError> {
        let length = read(&folder.join("sentence_bert_config.json"))?
            .and_then(|config| config.get("max_seq_length").and_then(Value::as_u64));
        let max_length = length.and_then(|length| usize::try_from(length).ok());
        let path = folder.join("modules.json");
        let Some(modules) = read(&path)? else {
            let form = EmbedderConfig { pooling: Pooling::Mean, length: Length::Unit };
            return Ok(Self { form, max_length });
        };
        let mut form = EmbedderConfig { pooling: Pooling::Mean, length: Length::Free };
        for module in modules.as_array().into_iter().flatten() {
            let name = module["type"].as_str().unwrap_or_default();
            // Its package has moved; the last part has stayed.
            match name.rsplit('.').next().unwrap_or_default() {
                "Transformer" => {}
                "Pooling" => {
                    let place = module["path"].as_str().unwrap_or_default();
                    let is_inside = |part| matches!(part, Component::Normal(_) | Component::CurDir);
                    if !Path::new(place).components().all(is_inside) {
                        let reason = format!("{place:?} is no folder of the model");
                        return Err(PipelineError::File { path, reason });
                    }
                    form.pooling = pooling(&folder.join(place).join("config.json"))?;
                }
                "Normalize" => form.length = Length::Unit,
                _ => {
                    let reason = format!(
                        "{name} is not supported; supported are Transformer, Pooling, Normalize"
                    );
                    return Err(PipelineError::File { path, reason });
                }
            }
        }
        Ok(Self { form, max_length })
    }
}

fn pooling(path: &Path) -> Result<Pooling, PipelineError> {
    let error = |reason: String| PipelineError::File { path: path.to_path_buf(), reason };
    let config = read(path)?.ok_or_else(|| error("modules.json promises it".into()))?;
    let no_fields = Map::new();
    let fields = config.as_object().unwrap_or(&no_fields);
    let is_on = |(_, value): &(&String, &Value)| **value == Value::Bool(true);
    let modes: Vec<&str> = fields
        .iter()
        .filter(is_on)
        .filter_map(|(field, _)| field.strip_prefix("pooling_mode_"))
        .collect();
    match (modes.as_slice(), config["pooling_mode"].as_str()) {
        (["cls_token"], _) | ([], Some("cls")) => Ok(Pooling::First),
        (["mean_tokens"], _) | ([], Some("mean")) => Ok(Pooling::Mean),
        (["lasttoken"], _) | ([], Some("lasttoken")) => Ok(Pooling::Last),
        (modes, named) => {
            let found = named.map_or(modes.join(", "), String::from);
            Err(error(format!("pooling {found:?} is not supported; cls, mean and lasttoken are")))
        }
    }
}

/// A JSON file, if it is there.
fn read(path: &Path) -> Result<Option<Value>, PipelineError> {
    let error = |reason: String| PipelineError::File { path: path.to_path_buf(), reason };
    if !path.exists() {
        return Ok(None);
    }
    let text = std::fs::read_to_string(path).map_err(|source| error(source.to_string()))?;
    serde_json::from_str(&text).map(Some).map_err(|source| error(source.to_string()))
}
