//! Families: one file of data for each Hugging Face `model_type`.

mod albert;
mod albert_keys;
mod architecture;
mod backbones;
mod bahdanau;
mod bart;
mod bart_like;
mod bert;
mod bert_like;
mod bloom;
mod camembert;
mod data2vec_text;
mod deberta_like;
mod deberta_v2;
mod deit;
mod dinov2;
mod distilbert;
mod electra;
mod ernie;
mod gemma;
mod gemma2;
mod gemma3_text;
mod gemma_like;
mod gpt2;
mod gpt_like;
mod gpt_neo;
mod gpt_neox;
mod gptj;
mod gru;
mod head_keys;
mod llama;
mod llama_like;
mod lstm;
mod m2m_100;
mod marian;
mod mbart;
mod mistral;
mod mixtral;
mod modernbert;
mod modernbert_like;
mod mpnet;
mod mt5;
mod olmo2;
mod openai_gpt;
mod opt;
mod pegasus;
mod phi;
mod phi3;
mod qwen2;
mod qwen3;
mod recurrent_like;
mod roberta;
mod size;
mod smollm3;
mod stablelm;
mod starcoder2;
mod t5;
mod t5_like;
mod transformer;
mod vit;
mod vit_like;
mod windows;
mod xlm_roberta;

use serde_json::Value;

pub use architecture::{Architecture, Task};
pub use size::{NAMED_SIZES, Size};

use crate::hf::config::ConfigError;
use crate::hf::keys::Key;

/// A family of models.
#[derive(Debug)]
pub struct Family {
    /// Values of `model_type` in `config.json`; the first is the family's name.
    pub model_types: &'static [&'static str],
    /// The model in one line.
    pub summary: &'static str,
    /// The publication.
    pub paper: &'static str,
    /// The supported tasks, each with its class in `architectures` and the keys of its head; the
    /// first one is the primary task.
    pub tasks: &'static [(Task, &'static str, &'static [Key])],
    /// Parses `config.json` into a typed and validated config.
    pub architecture: fn(&str) -> Result<Architecture, ConfigError>,
    /// The `config.json` of a model of this size, for training from scratch; an error for a size
    /// that the family does not support.
    pub config: fn(&Size) -> Result<Value, ConfigError>,
    /// The prefix of the backbone's keys in the file of a model with a head.
    pub prefix: &'static str,
    /// The backbone's keys in a checkpoint, in tables that families may share.
    pub keys: &'static [&'static [Key]],
}

/// All families, sorted by name.
pub static FAMILIES: &[&Family] = &[
    &albert::FAMILY,
    &bahdanau::FAMILY,
    &bart::FAMILY,
    &bert::FAMILY,
    &bloom::FAMILY,
    &camembert::FAMILY,
    &data2vec_text::FAMILY,
    &deberta_v2::FAMILY,
    &deit::FAMILY,
    &dinov2::FAMILY,
    &distilbert::FAMILY,
    &electra::FAMILY,
    &ernie::FAMILY,
    &gemma::FAMILY,
    &gemma2::FAMILY,
    &gemma3_text::FAMILY,
    &gpt2::FAMILY,
    &gpt_neo::FAMILY,
    &gpt_neox::FAMILY,
    &gptj::FAMILY,
    &gru::FAMILY,
    &llama::FAMILY,
    &lstm::FAMILY,
    &m2m_100::FAMILY,
    &marian::FAMILY,
    &mbart::FAMILY,
    &mistral::FAMILY,
    &mixtral::FAMILY,
    &modernbert::FAMILY,
    &mpnet::FAMILY,
    &mt5::FAMILY,
    &olmo2::FAMILY,
    &openai_gpt::FAMILY,
    &opt::FAMILY,
    &pegasus::FAMILY,
    &phi::FAMILY,
    &phi3::FAMILY,
    &qwen2::FAMILY,
    &qwen3::FAMILY,
    &roberta::FAMILY,
    &smollm3::FAMILY,
    &stablelm::FAMILY,
    &starcoder2::FAMILY,
    &t5::FAMILY,
    &transformer::FAMILY,
    &vit::FAMILY,
    &xlm_roberta::FAMILY,
];

impl Family {
    /// The family's name: the `model_type` of its checkpoints.
    pub fn name(&self) -> &'static str {
        self.model_types[0]
    }

    /// Whether its primary task generates text, as `zoo train` requires.
    pub fn is_generative(&self) -> bool {
        self.tasks.first().is_some_and(|(task, ..)| task.is_generative())
    }

    /// A model of this size for training from scratch: its `config.json` and its architecture.
    ///
    /// # Errors
    ///
    /// A size that the family does not support, or that is invalid.
    pub fn sized(&self, size: &Size) -> Result<(Value, Architecture), ConfigError> {
        let config = (self.config)(size)?;
        let architecture = (self.architecture)(&config.to_string())?;
        Ok((config, architecture))
    }

    /// The keys of the head for this task.
    pub fn head_keys(&self, task: Task) -> &'static [Key] {
        let found = self.tasks.iter().find(|(known, ..)| *known == task);
        found.map_or(&[], |(.., keys)| *keys)
    }

    /// Whether it has a class for this task.
    pub fn has(&self, task: Task) -> bool {
        self.tasks.iter().any(|(known, ..)| *known == task)
    }

    /// Whether hidden states can be computed from a single text. The decoder of BART and mBART
    /// receives the same text, shifted by one position; the decoders of other encoder-decoders need
    /// a target text.
    pub fn has_hidden_states(&self) -> bool {
        self.has(Task::BaseModel) || self.has(Task::Span)
    }

    /// The task of the first class in `architectures`.
    pub fn named_task(&self, config: &Value) -> NamedTask {
        match config["architectures"][0].as_str() {
            None => NamedTask::Unnamed,
            Some(class) => {
                let known = self.tasks.iter().find(|(_, name, _)| is_class(name, class));
                known.map_or(NamedTask::Unknown, |(task, ..)| NamedTask::Known(*task))
            }
        }
    }

    /// The task of a model with this `config.json`, by its class in `architectures`; the family's
    /// primary task where there is no class.
    ///
    /// # Errors
    ///
    /// An unsupported class; the error lists the supported ones.
    pub fn task(&self, config: &Value) -> Result<Task, ConfigError> {
        match self.named_task(config) {
            NamedTask::Known(task) => Ok(task),
            NamedTask::Unnamed => Ok(self.tasks[0].0),
            NamedTask::Unknown => {
                let known: Vec<&str> = self.tasks.iter().map(|(_, name, _)| *name).collect();
                let class = config["architectures"][0].clone();
                Err(ConfigError::unsupported("architectures", class, &known.join(", ")))
            }
        }
    }
}

/// The task of the class in a config.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NamedTask {
    /// A class of the family.
    Known(Task),
    /// Another class: of another library, of the model's author, or an unsupported one.
    Unknown,
    /// No class.
    Unnamed,
}

/// Compares class names without regard to case: an early spelling is `LLaMAForCausalLM`.
fn is_class(name: &str, found: &str) -> bool {
    name.eq_ignore_ascii_case(found)
}

/// The families with a class of this name.
pub fn with_class(class: &str) -> Vec<&'static Family> {
    let has =
        |family: &&&'static Family| family.tasks.iter().any(|(_, name, _)| is_class(name, class));
    FAMILIES.iter().filter(has).copied().collect()
}

/// The family with this name.
///
/// # Errors
///
/// An unknown name; the error lists the known ones.
pub fn find(name: &str) -> Result<&'static Family, ConfigError> {
    let found = FAMILIES.iter().find(|family| family.model_types.contains(&name));
    found.copied().ok_or_else(|| ConfigError::UnknownModelType {
        found: name.to_string(),
        known: FAMILIES.iter().flat_map(|family| family.model_types).copied().collect(),
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn families_are_sorted_and_named_once() {
        let names: Vec<&str> = FAMILIES.iter().map(|family| family.name()).collect();
        assert!(names.is_sorted(), "{names:?}");
        let types = FAMILIES.iter().flat_map(|family| family.model_types);
        let different: BTreeSet<&&str> = types.clone().collect();
        assert_eq!(different.len(), types.count());
    }

    #[test]
    fn a_sized_config_parses_to_that_size() {
        let size = Size {
            vocab_size: 65,
            context: 32,
            d_model: 48,
            n_layers: 3,
            n_heads: 4,
            n_kv_heads: None,
            d_ff: Some(192),
            dropout: 0.25,
            eos: Some(7),
        };
        for family in FAMILIES {
            let sized = family.sized(&size);
            // Families without blocks do not support `d_ff`.
            let (json, architecture) =
                sized.or_else(|_| family.sized(&Size { d_ff: None, ..size.clone() })).unwrap();
            assert_eq!(json["model_type"], family.name());
            assert_eq!(family.task(&json).unwrap(), family.tasks[0].0);
            let backbone = architecture.backbone;
            let tokens = if backbone.patches().is_some() { 0 } else { 65 };
            assert_eq!(backbone.vocab_size(), tokens, "{}", family.name());
            assert_eq!(backbone.d_model(), 48, "{}", family.name());
            assert!(backbone.depths().iter().all(|depth| *depth == 3), "{}", family.name());
        }
    }
}
