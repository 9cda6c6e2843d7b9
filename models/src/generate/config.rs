//! `generation_config.json`: how a model's makers want it to write.

use std::path::Path;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::beam::{Beams, EarlyStopping};
use super::constraints::Constraints;
use super::options::{Options, OptionsError};
use super::sampling::Sampling;
use crate::pretrained::{CONFIG_FILE, LoadError};
use crate::wire::config::{ConfigError, fixed};

/// The file's name.
const GENERATION_FILE: &str = "generation_config.json";

/// How a text is written: the defaults of a model, or what replaces them.
#[derive(Debug, Clone, PartialEq)]
pub struct GenerationConfig {
    /// What holds for every text, but for its length.
    pub options: Options,
    /// The longest text.
    pub longest: Limit,
    /// The shortest text.
    pub shortest: Limit,
    /// How several continuations are followed at once; one is where `None`.
    pub beams: Option<Beams>,
    /// How many texts each prompt gets.
    pub n_texts: usize,
    /// A text ends where one of these does.
    pub stop_strings: Vec<String>,
}

/// A number of tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// Of those that are added.
    New(usize),
    /// Of the text with what was there from the start: a decoder's prompt, the one token that an
    /// encoder-decoder begins with.
    Total(usize),
}

impl Limit {
    /// Tokens to add to a text that begins with so many.
    pub fn new_tokens(self, begun: usize) -> usize {
        match self {
            Self::New(count) => count,
            Self::Total(count) => count.saturating_sub(begun),
        }
    }
}

impl Default for GenerationConfig {
    fn default() -> Self {
        let options = Options::default();
        Self {
            longest: Limit::New(options.max_new_tokens),
            shortest: Limit::New(0),
            options,
            beams: None,
            n_texts: 1,
            stop_strings: Vec::new(),
        }
    }
}

/// The fields in the words of `transformers`; all of them may be absent or null.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Fields {
    max_length: Option<usize>,
    max_new_tokens: Option<usize>,
    min_length: Option<usize>,
    min_new_tokens: Option<usize>,
    do_sample: Option<bool>,
    temperature: Option<f64>,
    top_k: Option<usize>,
    top_p: Option<f64>,
    min_p: Option<f64>,
    typical_p: Option<f64>,
    num_beams: Option<usize>,
    num_beam_groups: Option<usize>,
    diversity_penalty: Option<f64>,
    length_penalty: Option<f64>,
    early_stopping: Option<Value>,
    num_return_sequences: Option<usize>,
    repetition_penalty: Option<f64>,
    no_repeat_ngram_size: Option<usize>,
    encoder_no_repeat_ngram_size: Option<usize>,
    bad_words_ids: Option<Vec<Vec<u32>>>,
    forced_bos_token_id: Option<u32>,
    forced_eos_token_id: Option<Ids>,
    suppress_tokens: Option<Vec<i64>>,
    begin_suppress_tokens: Option<Vec<i64>>,
    eos_token_id: Option<Ids>,
    decoder_start_token_id: Option<u32>,
    stop_strings: Option<Texts>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Ids {
    One(u32),
    Many(Vec<u32>),
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Texts {
    One(String),
    Many(Vec<String>),
}

impl Ids {
    fn all(self) -> Vec<u32> {
        match self {
            Self::One(id) => vec![id],
            Self::Many(ids) => ids,
        }
    }
}

impl GenerationConfig {
    /// Reads a model directory's `generation_config.json`, or where it has none the same fields of its
    /// `config.json`, which is given.
    ///
    /// # Errors
    ///
    /// A file that cannot be read, a value that makes no sense or is not supported.
    pub fn read(folder: &Path, config: &Value) -> Result<Self, LoadError> {
        let path = folder.join(GENERATION_FILE);
        let (path, fields) = match std::fs::read_to_string(&path) {
            Ok(text) => match serde_json::from_str(&text) {
                Ok(fields) => (path, fields),
                Err(error) => return Err(LoadError::Config { path, source: error.into() }),
            },
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                (folder.join(CONFIG_FILE), config.as_object().cloned().unwrap_or_default())
            }
            Err(source) => return Err(LoadError::Read { path, source }),
        };
        Self::from_fields(&fields).map_err(|source| LoadError::Config { path, source })
    }

    /// Reads the fields of a `generation_config.json`.
    ///
    /// # Errors
    ///
    /// A value that makes no sense or is not supported.
    pub fn from_fields(fields: &Map<String, Value>) -> Result<Self, ConfigError> {
        fixed(
            fields,
            &[
                ("constraints", Value::Null),
                ("dola_layers", Value::Null),
                ("encoder_repetition_penalty", json!(1.0)),
                ("epsilon_cutoff", json!(0.0)),
                ("eta_cutoff", json!(0.0)),
                ("exponential_decay_length_penalty", Value::Null),
                ("force_words_ids", Value::Null),
                ("guidance_scale", json!(1.0)),
                ("penalty_alpha", json!(0.0)),
                ("renormalize_logits", json!(false)),
                ("sequence_bias", Value::Null),
                ("top_h", Value::Null),
                ("watermarking_config", Value::Null),
            ],
        )?;
        let read: Fields = serde_json::from_value(Value::Object(fields.clone()))?;
        let beams = read.beams()?;
        let longest = match (read.max_new_tokens, read.max_length) {
            (Some(count), _) => Limit::New(count),
            (None, Some(count)) => Limit::Total(count),
            (None, None) => Self::default().longest,
        };
        let shortest = match (read.min_new_tokens, read.min_length) {
            (Some(count), _) => Limit::New(count),
            (None, count) => count.map_or(Limit::New(0), Limit::Total),
        };
        let n_texts = read.num_return_sequences.unwrap_or(1);
        let sampling = read.sampling();
        let most = beams.as_ref().map_or(usize::MAX, |beams| beams.width);
        if n_texts == 0
            || n_texts > most
            || (beams.is_none() && n_texts > 1 && sampling.is_greedy())
        {
            let reason = "it must be 1, or at most num_beams; with do_sample it can be more";
            return Err(ConfigError::invalid("num_return_sequences", n_texts, reason));
        }
        if beams.is_some() && !sampling.is_greedy() {
            return Err(ConfigError::unsupported("do_sample", true, "false, with num_beams"));
        }
        let stop_strings = match read.stop_strings {
            Some(Texts::One(text)) => vec![text],
            Some(Texts::Many(texts)) => texts,
            None => Vec::new(),
        };
        // A list can say "none" by -1.
        let known = |ids: Option<Vec<i64>>| -> Vec<u32> {
            ids.into_iter().flatten().filter_map(|id| u32::try_from(id).ok()).collect()
        };
        let options = Options {
            eos: read.eos_token_id.map_or(Vec::new(), Ids::all),
            start: read.decoder_start_token_id,
            sampling,
            constraints: Constraints {
                repetition_penalty: read.repetition_penalty.unwrap_or(1.0),
                no_repeat_ngram: read.no_repeat_ngram_size.unwrap_or(0),
                no_repeat_source_ngram: read.encoder_no_repeat_ngram_size.unwrap_or(0),
                bad_words: read.bad_words_ids.unwrap_or_default(),
                forced_bos: read.forced_bos_token_id,
                forced_eos: read.forced_eos_token_id.map_or(Vec::new(), Ids::all),
                suppressed: known(read.suppress_tokens),
                suppressed_first: known(read.begin_suppress_tokens),
                ..Constraints::default()
            },
            ..Options::default()
        };
        options.validate().map_err(invalid)?;
        Ok(Self { options, longest, shortest, beams, n_texts, stop_strings })
    }

    /// The options of a text that begins with so many tokens; see [`Limit::Total`].
    pub fn options_for(&self, begun: usize) -> Options {
        let max_new_tokens = self.longest.new_tokens(begun);
        Options {
            max_new_tokens,
            min_new_tokens: self.shortest.new_tokens(begun).min(max_new_tokens),
            ..self.options.clone()
        }
    }
}

impl Fields {
    /// Not sampled is greedy, whatever the other settings are.
    fn sampling(&self) -> Sampling {
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

    fn beams(&self) -> Result<Option<Beams>, ConfigError> {
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
        };
        beams.validate().map_err(invalid)?;
        Ok(Some(beams))
    }
}

fn invalid(error: OptionsError) -> ConfigError {
    ConfigError::invalid(error.setting, &error.value, &error.rule)
}
