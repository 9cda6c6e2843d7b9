//! The fields of `generation_config.json`.

use serde::Deserialize;
use serde_json::Value;

use crate::generate::beam::{Beams, EarlyStopping, Forbidden};
use crate::generate::sampling::Sampling;
use crate::wire::config::ConfigError;

/// The fields in the words of `transformers`; all of them may be absent or null.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Fields {
    pub(super) max_length: Option<usize>,
    pub(super) max_new_tokens: Option<usize>,
    pub(super) min_length: Option<usize>,
    pub(super) min_new_tokens: Option<usize>,
    pub(super) do_sample: Option<bool>,
    pub(super) temperature: Option<f64>,
    pub(super) top_k: Option<usize>,
    pub(super) top_p: Option<f64>,
    pub(super) min_p: Option<f64>,
    pub(super) typical_p: Option<f64>,
    pub(super) num_beams: Option<usize>,
    pub(super) num_beam_groups: Option<usize>,
    pub(super) diversity_penalty: Option<f64>,
    pub(super) length_penalty: Option<f64>,
    pub(super) early_stopping: Option<Value>,
    pub(super) renormalize_logits: Option<bool>,
    pub(super) num_return_sequences: Option<usize>,
    pub(super) repetition_penalty: Option<f64>,
    pub(super) no_repeat_ngram_size: Option<usize>,
    pub(super) encoder_no_repeat_ngram_size: Option<usize>,
    pub(super) bad_words_ids: Option<Vec<Vec<u32>>>,
    pub(super) forced_bos_token_id: Option<u32>,
    pub(super) forced_eos_token_id: Option<Ids>,
    pub(super) suppress_tokens: Option<Vec<i64>>,
    pub(super) begin_suppress_tokens: Option<Vec<i64>>,
    pub(super) eos_token_id: Option<Ids>,
    pub(super) decoder_start_token_id: Option<u32>,
    pub(super) stop_strings: Option<Texts>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Ids {
    One(u32),
    Many(Vec<u32>),
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Texts {
    One(String),
    Many(Vec<String>),
}

impl Ids {
    pub(super) fn all(self) -> Vec<u32> {
        match self {
            Self::One(id) => vec![id],
            Self::Many(ids) => ids,
        }
    }
}

impl Fields {
    /// Not sampled is greedy, whatever the other settings are.
    pub(super) fn sampling(&self) -> Sampling {
        if !self.do_sample.unwrap_or(false) {
            return Sampling::default();
        }
        Sampling {
            temperature: self.temperature.unwrap_or(1.0),
            top_k: Some(self.top_k.unwrap_or(50)).filter(|k| *k > 0),
            top_p: self.top_p.unwrap_or(1.0),
            min_p: self.min_p.unwrap_or(0.0),
            typical_p: self.typical_p.unwrap_or(1.0),
            seed: 0,
        }
    }

    pub(super) fn beams(&self) -> Result<Option<Beams>, ConfigError> {
        let width = self.num_beams.unwrap_or(1);
        if width == 1 {
            return Ok(None);
        }
        let early_stopping = match &self.early_stopping {
            None | Some(Value::Null | Value::Bool(false)) => EarlyStopping::WhenUnlikely,
            Some(Value::Bool(true)) => EarlyStopping::WhenFull,
            Some(Value::String(word)) if word == "never" => EarlyStopping::Never,
            Some(other) => {
                let supported = "true, false, \"never\"";
                return Err(ConfigError::unsupported("early_stopping", other.clone(), supported));
            }
        };
        let beams = Beams {
            width,
            length_penalty: self.length_penalty.unwrap_or(1.0),
            early_stopping,
            groups: self.num_beam_groups.unwrap_or(1),
            diversity_penalty: self.diversity_penalty.unwrap_or(0.0),
            forbidden: match self.renormalize_logits {
                Some(true) => Forbidden::Shared,
                Some(false) | None => Forbidden::Lost,
            },
        };
        Ok(Some(beams))
    }
}
