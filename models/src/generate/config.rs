//! `generation_config.json`: how a model's makers want it to write.

mod fields;

use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use self::fields::Fields;
use super::beam::Beams;
use super::constraints::Constraints;
use super::options::{Options, OptionsError};
use crate::checkpoint::{CONFIG_FILE, LoadError};
use crate::hf::config::{ConfigError, fixed};

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

impl GenerationConfig {
    /// Reads a model directory's `generation_config.json`, or where it has none the same fields of its
    /// `config.json`, which is given.
    ///
    /// # Errors
    ///
    /// A file that cannot be read, a value that makes no sense or is not supported.
    pub fn read(folder: &Path, config: &Value) -> Result<Self, LoadError> {
        let (path, fields) = Self::fields(folder, config)?;
        Self::from_fields(&fields).map_err(|source| LoadError::Config { path, source })
    }

    /// The fields that a directory has, and the file that they are from.
    ///
    /// # Errors
    ///
    /// A file that cannot be read.
    pub fn fields(
        folder: &Path,
        config: &Value,
    ) -> Result<(PathBuf, Map<String, Value>), LoadError> {
        let path = folder.join(GENERATION_FILE);
        match std::fs::read_to_string(&path) {
            Ok(text) => match serde_json::from_str(&text) {
                Ok(fields) => Ok((path, fields)),
                Err(error) => Err(LoadError::Config { path, source: error.into() }),
            },
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                Ok((folder.join(CONFIG_FILE), config.as_object().cloned().unwrap_or_default()))
            }
            Err(source) => Err(LoadError::Read { path, source }),
        }
    }

    /// Reads the fields of a `generation_config.json`.
    ///
    /// Values by which programs say "none" or "off" mean what they mean in transformers or vLLM: an
    /// `eos_token_id` of -1 never comes, a `top_k` of 0 or -1 leaves all tokens, a `top_p` of 0 the best.
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
                ("exponential_decay_length_penalty", Value::Null),
                ("force_words_ids", Value::Null),
                ("guidance_scale", json!(1.0)),
                ("penalty_alpha", json!(0.0)),
                ("sequence_bias", Value::Null),
                ("token_healing", json!(false)),
                ("watermarking_config", Value::Null),
            ],
        )?;
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
    /// Names the first that makes no sense.
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
            let rule = "it must be 1, or at most num_beams; where texts are sampled it can be more";
            return Err(OptionsError::new("num_return_sequences", self.n_texts, rule));
        }
        Ok(())
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

fn invalid(error: OptionsError) -> ConfigError {
    ConfigError::invalid(error.setting, &error.value, &error.rule)
}
