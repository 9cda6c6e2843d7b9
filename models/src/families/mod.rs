//! Families: one file of data for each Hugging Face `model_type`.

mod gemma;
mod gemma2;
mod gemma3_text;
mod gemma_like;
mod gpt2;
mod gpt_like;
mod gpt_neo;
mod gptj;
mod llama;
mod llama_like;
mod mistral;
mod olmo2;
mod opt;
mod phi;
mod phi3;
mod qwen2;
mod qwen3;
mod smollm3;
mod windows;

use serde_json::Value;

use crate::arch::DecoderConfig;
use crate::wire::config::ConfigError;
use crate::wire::keys::Key;

/// A family of models.
#[derive(Debug)]
pub struct Family {
    /// Values of `model_type` in `config.json`; the first is the family's name.
    pub model_types: &'static [&'static str],
    /// The model in one line.
    pub summary: &'static str,
    /// Where it was published.
    pub paper: &'static str,
    /// What it can be asked to do, with the class that `architectures` names for it.
    pub tasks: &'static [(Task, &'static str)],
    /// Reads `config.json` into a typed and validated config.
    pub architecture: fn(&str) -> Result<Architecture, ConfigError>,
    /// Writes the `config.json` of a model of that size, for training from scratch; refuses a size
    /// that the family has no word for.
    pub config: fn(&Size) -> Result<Value, ConfigError>,
    /// The checkpoint's keys, in tables that families may share.
    pub keys: &'static [&'static [Key]],
}

/// All families, sorted by name.
pub static FAMILIES: &[&Family] = &[
    &gemma::FAMILY,
    &gemma2::FAMILY,
    &gemma3_text::FAMILY,
    &gpt2::FAMILY,
    &gpt_neo::FAMILY,
    &gptj::FAMILY,
    &llama::FAMILY,
    &mistral::FAMILY,
    &olmo2::FAMILY,
    &opt::FAMILY,
    &phi::FAMILY,
    &phi3::FAMILY,
    &qwen2::FAMILY,
    &qwen3::FAMILY,
    &smollm3::FAMILY,
];

/// What a model is asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    /// Name the next token.
    CausalLm,
    /// Hidden states only.
    Backbone,
}

/// A config of any skeleton.
#[derive(Debug, Clone, PartialEq)]
pub enum Architecture {
    /// Decoder-only.
    Decoder(DecoderConfig),
}

/// The size of a model to train from scratch.
#[derive(Debug, Clone, PartialEq)]
pub struct Size {
    /// Token ids run from 0 to this, exclusive.
    pub vocab_size: usize,
    /// The longest sequence, in tokens.
    pub context: usize,
    /// Features of a token.
    pub d_model: usize,
    /// Blocks.
    pub n_layers: usize,
    /// Query heads.
    pub n_heads: usize,
    /// Key and value heads; as many as query heads where `None`. GPT-2 has no other choice.
    pub n_kv_heads: Option<usize>,
    /// Hidden features of the feed-forward layers; the family's usual multiple of `d_model` where `None`.
    pub d_ff: Option<usize>,
    /// Probability of dropping a feature in training, wherever the family drops.
    pub dropout: f64,
    /// The token that ends a text.
    pub eos: Option<u32>,
}

impl Size {
    /// For families without grouped queries.
    fn refuse_kv_heads(&self) -> Result<(), ConfigError> {
        match self.n_kv_heads {
            Some(heads) if heads != self.n_heads => {
                let supported = "as many as query heads in this family";
                Err(ConfigError::unsupported("key and value heads", heads, supported))
            }
            _ => Ok(()),
        }
    }

    /// Standard deviation of the weights at initialization.
    ///
    /// ```text
    /// sqrt(2 / (5 d_model))
    /// ```
    ///
    /// The 0.02 of published configs is this at a width of 1000; at 128 it is a third of it, and
    /// training begins slower than it could.
    ///
    /// Reference: Nguyen and Salazar 2019, §2.2, SmallInit, <https://arxiv.org/abs/1910.05895>
    pub fn init_std(&self) -> f64 {
        // Written into config.json, where 16 digits would be noise.
        let std = (2.0 / (5.0 * self.d_model as f64)).sqrt();
        (std * 1e4).round() / 1e4
    }
}

/// Sizes that have a name: blocks, heads, `d_model`.
pub const NAMED_SIZES: &[(&str, [usize; 3])] = &[
    ("nano", [4, 4, 128]),
    ("micro", [6, 6, 384]),
    ("small", [12, 12, 768]),
    ("medium", [24, 16, 1024]),
];

impl Family {
    /// The family's name: the `model_type` of its checkpoints.
    pub fn name(&self) -> &'static str {
        self.model_types[0]
    }

    /// A model of that size for training from scratch: its `config.json`, and what that says.
    ///
    /// # Errors
    ///
    /// A size that the family has no word for, or that makes no model.
    pub fn sized(&self, size: &Size) -> Result<(Value, Architecture), ConfigError> {
        let config = (self.config)(size)?;
        let architecture = (self.architecture)(&config.to_string())?;
        Ok((config, architecture))
    }

    /// What the model of this `config.json` is asked to do, by the class that `architectures`
    /// names; causal language modelling where it names none.
    ///
    /// # Errors
    ///
    /// The classes that are supported.
    pub fn task(&self, config: &Value) -> Result<Task, ConfigError> {
        let class =
            config.get("architectures").and_then(|list| list.get(0)).and_then(Value::as_str);
        let Some(class) = class else {
            return Ok(self.tasks[0].0);
        };
        let found = self.tasks.iter().find(|(_, name)| *name == class);
        found.map(|(task, _)| *task).ok_or_else(|| {
            let known: Vec<&str> = self.tasks.iter().map(|(_, name)| *name).collect();
            ConfigError::unsupported("architectures", class, &known.join(", "))
        })
    }
}

/// The family of that name.
///
/// # Errors
///
/// Lists what there is.
pub fn find(name: &str) -> Result<&'static Family, ConfigError> {
    let found = FAMILIES.iter().find(|family| family.model_types.contains(&name));
    found.copied().ok_or_else(|| ConfigError::UnknownModelType {
        found: name.to_string(),
        known: FAMILIES.iter().flat_map(|family| family.model_types).copied().collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_are_sorted_and_named_once() {
        let names: Vec<&str> =
            FAMILIES.iter().flat_map(|family| family.model_types).copied().collect();
        assert!(names.windows(2).all(|pair| pair[0] < pair[1]), "{names:?}");
    }

    #[test]
    fn a_config_written_for_a_size_reads_back_as_that_size() {
        let size = Size {
            vocab_size: 65,
            context: 32,
            d_model: 48,
            n_layers: 3,
            n_heads: 4,
            n_kv_heads: None,
            d_ff: Some(80),
            dropout: 0.25,
            eos: Some(7),
        };
        for family in FAMILIES {
            let (json, Architecture::Decoder(config)) = family.sized(&size).unwrap();
            assert_eq!(json["model_type"], family.name());
            assert_eq!(family.task(&json).unwrap(), Task::CausalLm);
            assert_eq!(
                (config.vocab_size, config.max_positions, config.d_model, config.layers.len()),
                (65, 32, 48, 3),
                "{}",
                family.name()
            );
        }
    }
}
