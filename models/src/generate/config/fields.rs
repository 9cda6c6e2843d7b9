//! The fields of `generation_config.json`, including their values for "none" or "off".

use serde_json::{Map, Value};

use crate::generate::beam::{Beams, EarlyStopping, Forbidden};
use crate::generate::options::NO_TOKEN;
use crate::generate::sampling::Sampling;
use crate::hf::config::{ConfigError, fixed};

/// The fields under their names in `transformers`; all of them may be absent or null.
///
/// An integer may be written as a float. Sampling fields are read only if `do_sample` is true, as
/// in the reference.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fields<'a>(pub(super) &'a Map<String, Value>);

impl Fields<'_> {
    fn get(&self, field: &str) -> Option<&Value> {
        self.0.get(field).filter(|value| !value.is_null())
    }

    /// A field parsed by `read`; `None` if absent or null.
    fn read<T>(
        &self,
        field: &'static str,
        reason: &str,
        read: impl Fn(&Value) -> Option<T>,
    ) -> Result<Option<T>, ConfigError> {
        let Some(value) = self.get(field) else { return Ok(None) };
        read(value).map(Some).ok_or_else(|| ConfigError::invalid(field, value, reason))
    }

    pub(super) fn number(&self, field: &'static str) -> Result<Option<f64>, ConfigError> {
        self.read(field, "it must be a number", Value::as_f64)
    }

    /// A count.
    pub(super) fn count(&self, field: &'static str) -> Result<Option<usize>, ConfigError> {
        let count = |value: &Value| usize::try_from(whole(value)?).ok();
        self.read(field, "it must be a whole number, 0 or more", count)
    }

    /// A count; negative values mean 0.
    pub(super) fn count_or_none(&self, field: &'static str) -> Result<Option<usize>, ConfigError> {
        let count = |value: &Value| whole(value).map(|count| count.max(0) as usize);
        self.read(field, "it must be a whole number", count)
    }

    pub(super) fn flag(&self, field: &'static str) -> Result<bool, ConfigError> {
        let flag = |value: &Value| {
            value.as_bool().or_else(|| match whole(value) {
                Some(0) => Some(false),
                Some(1) => Some(true),
                _ => None,
            })
        };
        Ok(self.read(field, "it must be true or false", flag)?.unwrap_or(false))
    }

    /// One token id; -1 means none.
    pub(super) fn token(&self, field: &'static str) -> Result<Option<u32>, ConfigError> {
        match self.tokens(field)?.as_deref() {
            None | Some([]) => Ok(None),
            Some([token]) => Ok(Some(*token).filter(|token| *token != NO_TOKEN)),
            Some(_) => {
                let reason = "several tokens are not supported; give one";
                Err(ConfigError::invalid(field, &self.0[field], reason))
            }
        }
    }

    /// A token id or a list of token ids; -1 is [`NO_TOKEN`].
    pub(super) fn tokens(&self, field: &'static str) -> Result<Option<Vec<u32>>, ConfigError> {
        let tokens = |value: &Value| match value {
            Value::Array(ids) => ids.iter().map(token).collect(),
            id => Some(vec![token(id)?]),
        };
        self.read(field, "it must be a token id, a list of them, or -1 for none", tokens)
    }

    /// End tokens. An empty list means that no token ends a text.
    pub(super) fn end_tokens(&self, field: &'static str) -> Result<Vec<u32>, ConfigError> {
        Ok(match self.tokens(field)? {
            None => Vec::new(),
            Some(tokens) if tokens.is_empty() => vec![NO_TOKEN],
            Some(tokens) => tokens,
        })
    }

    /// The token ids of a field, without [`NO_TOKEN`].
    pub(super) fn some_tokens(&self, field: &'static str) -> Result<Vec<u32>, ConfigError> {
        let mut tokens = self.tokens(field)?.unwrap_or_default();
        tokens.retain(|token| *token != NO_TOKEN);
        Ok(tokens)
    }

    /// A list of token id sequences.
    pub(super) fn sequences(&self, field: &'static str) -> Result<Vec<Vec<u32>>, ConfigError> {
        let known = |id: &Value| token(id).filter(|token| *token != NO_TOKEN);
        let sequence =
            |ids: &Value| -> Option<Vec<u32>> { ids.as_array()?.iter().map(known).collect() };
        let sequences = |value: &Value| value.as_array()?.iter().map(sequence).collect();
        Ok(self
            .read(field, "it must be a list of lists of token ids", sequences)?
            .unwrap_or_default())
    }

    pub(super) fn texts(&self, field: &'static str) -> Result<Vec<String>, ConfigError> {
        let text = |value: &Value| value.as_str().map(String::from);
        let texts = |value: &Value| match value {
            Value::Array(texts) => texts.iter().map(text).collect(),
            one => Some(vec![text(one)?]),
        };
        Ok(self.read(field, "it must be a string or a list of strings", texts)?.unwrap_or_default())
    }

    /// The sampling settings; greedy unless `do_sample` is true, whatever the other fields are.
    pub(super) fn sampling(&self) -> Result<Sampling, ConfigError> {
        if !self.flag("do_sample")? {
            return Ok(Sampling::default());
        }
        fixed(self.0, "epsilon_cutoff", 0.0)?;
        fixed(self.0, "eta_cutoff", 0.0)?;
        fixed(self.0, "top_h", Value::Null)?;
        let top_k = |value: &Value| match whole(value)? {
            // "All tokens" is 0 in transformers and -1 in vLLM.
            -1 | 0 => Some(None),
            k => usize::try_from(k).ok().map(Some),
        };
        let top_k = self.read("top_k", "it must be 1 or more, or 0 or -1 for all tokens", top_k)?;
        Ok(Sampling {
            temperature: self.number("temperature")?.unwrap_or(1.0),
            top_k: top_k.unwrap_or(Some(50)),
            // 0 keeps only the best token; 1 or more keeps all tokens.
            top_p: match self.number("top_p")?.unwrap_or(1.0) {
                0.0 => f64::MIN_POSITIVE,
                p => p.min(1.0),
            },
            min_p: self.number("min_p")?.unwrap_or(0.0),
            typical_p: self.number("typical_p")?.unwrap_or(1.0).min(1.0),
            seed: 0,
        })
    }

    pub(super) fn beams(&self) -> Result<Option<Beams>, ConfigError> {
        let width = self.count("num_beams")?.unwrap_or(1);
        if width == 1 {
            return Ok(None);
        }
        let early_stopping = match self.get("early_stopping") {
            None | Some(Value::Bool(false)) => EarlyStopping::WhenUnlikely,
            Some(Value::Bool(true)) => EarlyStopping::WhenFull,
            Some(Value::String(word)) if word == "never" => EarlyStopping::Never,
            Some(other) => {
                let supported = "true, false, \"never\"";
                return Err(ConfigError::unsupported("early_stopping", other.clone(), supported));
            }
        };
        let beams = Beams {
            width,
            length_penalty: self.number("length_penalty")?.unwrap_or(1.0),
            early_stopping,
            groups: self.count("num_beam_groups")?.unwrap_or(1),
            diversity_penalty: self.number("diversity_penalty")?.unwrap_or(0.0),
            forbidden: match self.flag("renormalize_logits")? {
                true => Forbidden::Shared,
                false => Forbidden::Lost,
            },
        };
        Ok(Some(beams))
    }
}

/// An integer, which may be written as a float.
fn whole(value: &Value) -> Option<i64> {
    let float = |value: &Value| value.as_f64().filter(|number| number.fract() == 0.0);
    // Values beyond 2^63 saturate; no text is that long.
    value.as_i64().or_else(|| float(value).map(|number| number as i64))
}

fn token(value: &Value) -> Option<u32> {
    match whole(value)? {
        -1 => Some(NO_TOKEN),
        id => u32::try_from(id).ok(),
    }
}
