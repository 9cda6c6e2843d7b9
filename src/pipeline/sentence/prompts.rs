//! `config_sentence_transformers.json`: prompts and the truncation of embeddings.

use std::path::Path;

use serde_json::Value;

use super::fields::Fields;
use crate::pipeline::PipelineError;
use crate::pipeline::prompted::Prompts;

/// The file in the model directory.
pub(super) const FILE: &str = "config_sentence_transformers.json";

/// Prompt names that every model has, with empty prompts by default.
const ALWAYS: [&str; 2] = ["query", "document"];

/// Settings of the whole model.
#[derive(Debug, Default)]
pub(in crate::pipeline) struct ModelRules {
    pub(in crate::pipeline) prompts: Prompts,
    /// The number of features to keep, if embeddings are truncated.
    pub(super) width: Option<usize>,
}

impl ModelRules {
    /// Reads the file in the model directory.
    pub(super) fn read(folder: &Path) -> Result<Self, PipelineError> {
        let Some(mut fields) = Fields::read(&folder.join(FILE))? else {
            return Ok(Self::default());
        };
        if let Some(kind) = fields.text("model_type")?.filter(|kind| kind != "SentenceTransformer")
        {
            let reason = "only models of type SentenceTransformer produce one embedding for a text";
            return Err(fields.refusal("model_type", &kind.into(), reason));
        }
        let mut prompts = Prompts::default();
        if let Some(mut named) = fields.object(&["prompts"])? {
            for (name, value) in named.rest() {
                let text = match value {
                    Value::String(text) => text,
                    Value::Null => String::new(),
                    other => return Err(named.refusal(&name, &other, "it must be a string")),
                };
                prompts.named.insert(name, text);
            }
        }
        if let Some(name) = fields.text("default_prompt_name")? {
            let text = prompts.named.get(&name).cloned();
            let text = text.or_else(|| ALWAYS.contains(&name.as_str()).then(String::new));
            prompts.default = text.ok_or_else(|| {
                let names: Vec<&str> = prompts.named.keys().map(String::as_str).collect();
                let reason = format!("prompts has no such name, only {names:?}");
                fields.refusal("default_prompt_name", &name.into(), &reason)
            })?;
        }
        let width = fields.count("truncate_dim")?;
        if width == Some(0) {
            return Err(fields.refusal("truncate_dim", &0.into(), "it must be at least 1"));
        }
        // Neither the similarity function nor the library versions affect embeddings.
        fields.drop(&["__version__", "requirements", "similarity_fn_name"]);
        fields.finish()?;
        Ok(Self { prompts, width })
    }
}
