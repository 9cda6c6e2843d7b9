//! The transformer's own file: tokenization settings.

use std::path::Path;

use serde_json::{Value, json};

use super::fields::Fields;
use crate::models::checkpoint::SENTENCE_CONFIG_FILES;
use crate::pipeline::PipelineError;

/// Arguments of transformers that do not affect embeddings: file locations and computation
/// settings.
const HARMLESS: [&str; 14] = [
    "add_pooling_layer",
    "attn_implementation",
    "cache_dir",
    "device_map",
    "dtype",
    "local_files_only",
    "low_cpu_mem_usage",
    "revision",
    "subfolder",
    "token",
    "torch_dtype",
    "trust_remote_code",
    "use_cache",
    "use_safetensors",
];

/// Tokenization settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::pipeline) struct TextRules {
    /// The maximum length in tokens, if the file specifies it.
    pub(in crate::pipeline) max_length: Option<usize>,
    pub(in crate::pipeline) letters: Letters,
    /// Whether the model returns the hidden states of all layers, if the file specifies it.
    pub(super) layers: Layers,
}

/// The case of the tokenizer's input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::pipeline) enum Letters {
    AsWritten,
    Small,
}

/// The layers whose hidden states the model returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layers {
    Last,
    All,
}

impl TextRules {
    /// Reads the first non-empty file in the transformer's directory.
    pub(super) fn read(folder: &Path) -> Result<Self, PipelineError> {
        let mut rules =
            Self { max_length: None, letters: Letters::AsWritten, layers: Layers::Last };
        for name in SENTENCE_CONFIG_FILES {
            let Some(mut fields) = Fields::read(&folder.join(name))? else { continue };
            if fields.is_empty() {
                continue;
            }
            rules.take(&mut fields)?;
            fields.finish()?;
            break;
        }
        // The config's own field applies if the file omits it.
        let config = super::fields::read(&folder.join("config.json"))?;
        let is_on = config.is_some_and(|config| config["output_hidden_states"] == json!(true));
        Ok(Self { layers: if is_on { Layers::All } else { rules.layers }, ..rules })
    }

    fn take(&mut self, fields: &mut Fields) -> Result<(), PipelineError> {
        self.max_length = fields.count("max_seq_length")?;
        if fields.flag("do_lower_case")? == Some(true) {
            self.letters = Letters::Small;
        }
        fields.drop(&["backend", "cache_dir", "unpad_inputs"]);
        if let Some(mut arguments) = fields.object(&["model_args", "model_kwargs"])? {
            arguments.drop(&HARMLESS);
            arguments.finish()?;
        }
        let names = ["config_args", "config_kwargs"];
        if let Some(mut arguments) = fields.object(&names)? {
            if arguments.flag("output_hidden_states")? == Some(true) {
                self.layers = Layers::All;
            }
            arguments.drop(&HARMLESS);
            arguments.finish()?;
        }
        let names = ["tokenizer_args", "tokenizer_kwargs", "processor_kwargs"];
        if let Some(mut arguments) = fields.object(&names)? {
            self.max_length = arguments.count("model_max_length")?.or(self.max_length);
            // Embeddings do not depend on padding.
            arguments.drop(&["use_fast", "padding", "padding_side", "pad_to_multiple_of"]);
            arguments.drop(&HARMLESS);
            only(&mut arguments, "truncation_side", &json!("right"))?;
            arguments.finish()?;
        }
        only(fields, "transformer_task", &json!("feature-extraction"))?;
        only(fields, "module_output_name", &json!("token_embeddings"))?;
        if let Some(mut kinds) = fields.object(&["modality_config"])? {
            if let Some(mut text) = kinds.object(&["text"])? {
                only(&mut text, "method", &json!("forward"))?;
                only(&mut text, "method_output_name", &json!("last_hidden_state"))?;
                text.finish()?;
            }
            // Settings of other input types; chats are rejected because texts would become
            // messages.
            kinds.drop(&["image", "audio", "video"]);
            kinds.finish()?;
        }
        if let Some(kinds) = fields.object(&["processing_kwargs"])? {
            kinds.finish()?;
        }
        Ok(())
    }
}

/// Rejects all values of a field except one.
fn only(fields: &mut Fields, name: &str, supported: &Value) -> Result<(), PipelineError> {
    match fields.take(name) {
        Some(other) if other != *supported && other != json!([supported]) => {
            Err(fields.refusal(name, &other, &format!("only {supported} is supported")))
        }
        _ => Ok(()),
    }
}
