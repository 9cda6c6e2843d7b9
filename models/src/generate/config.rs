//! `generation_config.json`: a model's default generation settings.

mod fields;

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use self::fields::Fields;
use super::beam::Beams;
use super::constraints::Constraints;
use super::options::{Options, OptionsError};
use crate::checkpoint::{CONFIG_FILE, LoadError};
use crate::hf::config::{ConfigError, fixed};

/// The file's name.
const GENERATION_FILE: &str = "generation_config.json";

/// Generation settings: a model's defaults, or their replacements.
#[derive(Debug, Clone, PartialEq)]
pub struct GenerationConfig {
    /// The options of every text, except its length.
    pub options: Options,
    /// The maximum length.
    pub longest: Limit,
    /// The minimum length.
    pub shortest: Limit,
    /// Beam search settings; `None` for greedy decoding or sampling.
    pub beams: Option<Beams>,
    /// The number of texts per prompt.
    pub n_texts: usize,
    /// Generation stops after any of these strings.
    pub stop_strings: Vec<String>,
}

/// A length limit in tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// Counts the generated tokens.
    New(usize),
    /// Counts the generated tokens and the initial ones: the prompt of a decoder-only model, the
    /// start token of an encoder-decoder.
    Total(usize),
}

impl Limit {
    /// The number of tokens to add to a text with `begun` initial tokens.
    pub fn new_tokens(self, begun: usize) -> usize {
        match self {
            Self::New(count) => count,
            Self::Total(count) => count.saturating_sub(begun),
        }
    }
}

/// The generation fields of a directory.
#[derive(Debug, Clone, PartialEq)]
pub struct GenerationFields {
    /// The file that contains them.
    pub path: PathBuf,
    /// The fields.
    pub fields: Map<String, Value>,
}

impl GenerationFields {
    /// Reads a directory's `generation_config.json`; without one, the same fields of `config`, its
    /// `config.json`.
    ///
    /// # Errors
    ///
    /// An unreadable file.
    pub fn read(folder: &Path, config: &Value) -> Result<Self, LoadError> {
        let path = folder.join(GENERATION_FILE);
        match std::fs::read_to_string(&path) {
            Ok(text) => match serde_json::from_str(&text) {
                Ok(fields) => Ok(Self { path, fields }),
                Err(error) => Err(LoadError::Config { path, source: error.into() }),
            },
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self {
                path: folder.join(CONFIG_FILE),
                fields: config.as_object().cloned().unwrap_or_default(),
            }),
            Err(source) => Err(LoadError::Read { path, source }),
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

impl GenerationConfig {
    /// Reads a model directory's `generation_config.json`; without one, the same fields of
    /// `config`, its `config.json`.
    ///
    /// # Errors
    ///
    /// An unreadable file, or a value that is invalid or unsupported.
    pub fn read(folder: &Path, config: &Value) -> Result<Self, LoadError> {
        let GenerationFields { path, fields } = GenerationFields::read(folder, config)?;
        Self::from_fields(&fields).map_err(|source| LoadError::Config { path, source })
    }

    /// Parses the fields of a `generation_config.json`.
    ///
    /// Values for "none" or "off" have the meaning that they have in transformers or vLLM: an
    /// `eos_token_id` of -1 matches no token, a `top_k` of 0 or -1 keeps all tokens, a `top_p` of 0
    /// only the best one.
    ///
    /// # Errors
    ///
    /// A value that is invalid or unsupported.
    pub fn from_fields(fields: &Map<String, Value>) -> Result<Self, ConfigError> {
        fixed(fields, "constraints", Value::Null)?;
        fixed(fields, "dola_layers", Value::Null)?;
        fixed(fields, "encoder_repetition_penalty", 1.0)?;
        fixed(fields, "exponential_decay_length_penalty", Value::Null)?;
        fixed(fields, "force_words_ids", Value::Null)?;
        fixed(fields, "guidance_scale", 1.0)?;
        fixed(fields, "penalty_alpha", 0.0)?;
        fixed(fields, "sequence_bias", Value::Null)?;
        fixed(fields, "token_healing", false)?;
        fixed(fields, "watermarking_config", Value::Null)?;
        let read = Fields(fields);
        let longest = match (read.count("max_new_tokens")?, read.count("max_length")?) {
            (Some(count), _) => Limit::New(count),
            (None, Some(count)) => Limit::Total(count),
            (None, None) => Self::default().longest,
        };
        let shortest =
            match (read.count_or_none("min_new_tokens")?, read.count_or_none("min_length")?) {
                (Some(count), _) => Limit::New(count),
                (None, count) => count.map_or(Limit::New(0), Limit::Total),
            };
        let options = Options {
            eos: read.end_tokens("eos_token_id")?,
            start: read.token("decoder_start_token_id")?,
            sampling: read.sampling()?,
            constraints: Constraints {
                repetition_penalty: read.number("repetition_penalty")?.unwrap_or(1.0),
                no_repeat_ngram: read.count_or_none("no_repeat_ngram_size")?.unwrap_or(0),
                no_repeat_source_ngram: read
                    .count_or_none("encoder_no_repeat_ngram_size")?
                    .unwrap_or(0),
                bad_words: read.sequences("bad_words_ids")?,
                forced_bos: read.token("forced_bos_token_id")?,
                forced_eos: read.some_tokens("forced_eos_token_id")?,
                suppressed: read.some_tokens("suppress_tokens")?,
                suppressed_first: read.some_tokens("begin_suppress_tokens")?,
                ..Constraints::default()
            },
            ..Options::default()
        };
        let beams = read.beams()?;
        let n_texts = read.count("num_return_sequences")?.unwrap_or(1);
        let stop_strings = read.texts("stop_strings")?;
        let config = Self { options, longest, shortest, beams, n_texts, stop_strings };
        config.validate().map_err(invalid)?;
        Ok(config)
    }

    /// Checks the settings.
    ///
    /// # Errors
    ///
    /// The error names the first invalid setting.
    pub fn validate(&self) -> Result<(), OptionsError> {
        self.options_for(1).validate()?;
        if let (Limit::New(shortest), Limit::New(longest)) = (self.shortest, self.longest)
            && shortest > longest
        {
            let rule = format!("it must be at most max_new_tokens, {longest}");
            return Err(OptionsError::new("min_new_tokens", shortest, &rule));
        }
        let sampling = &self.options.sampling;
        let most = match &self.beams {
            None if sampling.is_greedy() => 1,
            None => usize::MAX,
            Some(beams) => {
                beams.validate()?;
                if !sampling.is_greedy() {
                    let rule = "it must be 0 with num_beams: beam search does not sample";
                    return Err(OptionsError::new("temperature", sampling.temperature, rule));
                }
                beams.width
            }
        };
        if !(1..=most).contains(&self.n_texts) {
            let rule = "it must be 1, or at most num_beams; only sampling allows more";
            return Err(OptionsError::new("num_return_sequences", self.n_texts, rule));
        }
        Ok(())
    }

    /// The options of a text with `begun` initial tokens; see [`Limit::Total`].
    pub fn options_for(&self, begun: usize) -> Options {
        let max_new_tokens = self.longest.new_tokens(begun);
        Options {
            max_new_tokens,
            min_new_tokens: self.shortest.new_tokens(begun).min(max_new_tokens),
            ..self.options.clone()
        }
    }
}

fn invalid(error: OptionsError) -> ConfigError {
    ConfigError::invalid(error.setting, &error.value, &error.rule)
}
