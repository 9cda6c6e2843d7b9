//! Rotary parameters in configs, in the formats of transformers 5 (`rope_parameters`) and
//! transformers 4 (`rope_theta` and `rope_scaling`).

use serde::Deserialize;
use serde_json::Value;

use super::config::{ConfigError, within};
use crate::layers::rotary::{
    Llama3, LongRope, RampBorders, RotaryConfig, RotaryLayout, RotaryScaling, Yarn,
};

const SUPPORTED: &str = "default, linear, dynamic, yarn, llama3, longrope";

/// The fields of a config that describe its rotary embeddings.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct RopeFields {
    rope_parameters: Option<Value>,
    rope_scaling: Option<Value>,
    rope_theta: Option<f64>,
    partial_rotary_factor: Option<f64>,
    original_max_position_embeddings: Option<f64>,
}

#[derive(Debug, Default, Deserialize)]
struct RopeJson {
    rope_type: Option<String>,
    // Version 4 had `type` before `rope_type`.
    r#type: Option<String>,
    rope_theta: Option<f64>,
    factor: Option<f64>,
    original_max_position_embeddings: Option<f64>,
    low_freq_factor: Option<f64>,
    high_freq_factor: Option<f64>,
    attention_factor: Option<f64>,
    beta_fast: Option<f64>,
    beta_slow: Option<f64>,
    mscale: Option<f64>,
    mscale_all_dim: Option<f64>,
    truncate: Option<bool>,
    short_factor: Option<Vec<f64>>,
    long_factor: Option<Vec<f64>>,
    partial_rotary_factor: Option<f64>,
}

/// The rotated part of each head.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Rotated {
    /// The whole head; a config that specifies a part is rejected.
    Whole,
    /// The fraction in `partial_rotary_factor`, or this one by default.
    Part(f64),
}

impl RopeFields {
    /// The rotary embedding of heads with `d_head` features, for a model of `max_positions`.
    ///
    /// # Errors
    ///
    /// An unknown type, a missing or invalid parameter, or parameters for each layer type.
    pub fn rotary(
        &self,
        d_head: usize,
        rotated: Rotated,
        max_positions: usize,
    ) -> Result<RotaryConfig, ConfigError> {
        let mut json: RopeJson = match self.given() {
            Some(Value::Object(map)) if map.values().any(Value::is_object) => {
                return Err(ConfigError::unsupported(
                    "rope_parameters",
                    "one set per layer type",
                    "one set for all layers",
                ));
            }
            Some(value) if !value.is_null() => serde_json::from_value(value.clone())?,
            _ => RopeJson::default(),
        };
        if self.original_max_position_embeddings.is_some() {
            json.original_max_position_embeddings = self.original_max_position_embeddings;
        }
        let said = json.partial_rotary_factor.or(self.partial_rotary_factor);
        let factor = match rotated {
            Rotated::Whole => said.unwrap_or(1.0),
            Rotated::Part(usual) => said.unwrap_or(usual),
        };
        if rotated == Rotated::Whole && factor != 1.0 {
            return Err(ConfigError::unsupported("partial_rotary_factor", factor, "1.0"));
        }
        let factor = within("partial_rotary_factor", factor, [f64::MIN_POSITIVE, 1.0 + 1e-9])?;
        let d_rotary = (d_head as f64 * factor) as usize;
        if !d_rotary.is_multiple_of(2) || d_rotary == 0 {
            let reason = "it must be even for rotary embeddings";
            return Err(ConfigError::invalid("head_dim", d_rotary, reason));
        }
        let theta = json.rope_theta.or(self.rope_theta).unwrap_or(10_000.0);
        let theta = within("rope_theta", theta, [1.0 + f64::EPSILON, f64::INFINITY])?;
        let scaling = json.scaling(max_positions, d_rotary)?;
        if matches!(scaling, RotaryScaling::Dynamic { .. }) && d_rotary == 2 {
            let reason = "it must be more than 2 for dynamic scaling";
            return Err(ConfigError::invalid("head_dim", d_rotary, reason));
        }
        Ok(RotaryConfig { d_rotary, theta, scaling, layout: RotaryLayout::Halves })
    }

    /// The parameters of all layers. Where the fields of both versions are present, version 4's
    /// take precedence, unless they are empty.
    fn given(&self) -> Option<&Value> {
        let is_given = |value: &&Value| match value {
            Value::Null => false,
            Value::Object(map) => !map.is_empty(),
            _ => true,
        };
        let scaling = self.rope_scaling.as_ref().filter(is_given);
        scaling.or(self.rope_parameters.as_ref().filter(is_given))
    }

    /// The fields of one layer type, `sliding_attention` or `full_attention`: its entry in
    /// `rope_parameters`, or else version 4's scaling, and `theta` where neither specifies a base
    /// frequency.
    pub fn of_layer_type(&self, layer_type: &str, theta: f64) -> Self {
        let set = self.rope_parameters.as_ref().and_then(|sets| sets.get(layer_type));
        let set = set.filter(|set| !set.is_null()).or(self.rope_scaling.as_ref());
        Self { rope_parameters: set.cloned(), rope_theta: Some(theta), ..Self::default() }
    }

    /// The base frequency in a config of version 4.
    pub fn theta(&self) -> Option<f64> {
        self.rope_theta
    }

    /// The same with `longrope` instead of `yarn`, the name in the first files of Phi 3.
    pub fn with_yarn_as_long_rope(mut self) -> Self {
        for set in [&mut self.rope_scaling, &mut self.rope_parameters] {
            for name in ["rope_type", "type"] {
                let kind = set.as_mut().and_then(|set| set.get_mut(name));
                if let Some(kind) = kind.filter(|kind| **kind == "yarn") {
                    *kind = "longrope".into();
                }
            }
        }
        self
    }

    /// The same without version 4's scaling.
    pub fn without_scaling(&self) -> Self {
        Self { rope_scaling: None, ..self.clone() }
    }
}

impl RopeJson {
    fn scaling(&self, max_positions: usize, d_rotary: usize) -> Result<RotaryScaling, ConfigError> {
        let kind = self.rope_type.as_deref().or(self.r#type.as_deref()).unwrap_or("default");
        Ok(match kind {
            "default" => RotaryScaling::None,
            "linear" => RotaryScaling::Linear { factor: self.factor()? },
            "dynamic" => RotaryScaling::Dynamic { factor: self.factor()?, max_positions },
            // The first name of `longrope` in Phi 3.
            "longrope" | "su" => RotaryScaling::Long(self.long_rope(max_positions, d_rotary)?),
            "yarn" => RotaryScaling::Yarn(self.yarn(max_positions)?),
            "llama3" => RotaryScaling::Llama3(Llama3 {
                factor: self.factor()?,
                low_freq_factor: required("low_freq_factor", self.low_freq_factor)?,
                high_freq_factor: required("high_freq_factor", self.high_freq_factor)?,
                original_max_positions: self.original(max_positions)?,
            }),
            other => return Err(ConfigError::unsupported("rope_type", other, SUPPORTED)),
        })
    }

    fn yarn(&self, max_positions: usize) -> Result<Yarn, ConfigError> {
        let original_max_positions = self.original(max_positions)?;
        // DeepSeek omits the factor and specifies both lengths.
        let factor = match self.factor {
            Some(_) => self.factor()?,
            None => max_positions as f64 / original_max_positions as f64,
        };
        let recommended = |mscale| Yarn::recommended_attention_factor(factor, mscale);
        let attention_factor = match (self.attention_factor, self.mscale, self.mscale_all_dim) {
            (Some(factor), ..) => factor,
            (None, Some(one), Some(all)) if one != 0.0 && all != 0.0 => {
                recommended(one) / recommended(all)
            }
            _ => recommended(1.0),
        };
        let borders =
            if self.truncate.unwrap_or(true) { RampBorders::Whole } else { RampBorders::Exact };
        let or_default =
            |value: Option<f64>, default| value.filter(|v| *v != 0.0).unwrap_or(default);
        Ok(Yarn {
            factor,
            attention_factor,
            beta_fast: or_default(self.beta_fast, 32.0),
            beta_slow: or_default(self.beta_slow, 1.0),
            original_max_positions,
            borders,
        })
    }

    fn long_rope(&self, max_positions: usize, d_rotary: usize) -> Result<LongRope, ConfigError> {
        let divisors = |field: &'static str, given: &Option<Vec<f64>>| {
            let given = given.clone().unwrap_or_default();
            let is_valid = given.len() == d_rotary / 2 && given.iter().all(|d| *d > 0.0);
            let reason = format!("it must have {} positive numbers", d_rotary / 2);
            if is_valid {
                Ok(given)
            } else {
                Err(ConfigError::invalid(field, format!("{given:?}"), &reason))
            }
        };
        let original_max_positions = self.original(max_positions)?;
        let longer = match self.factor {
            Some(_) => self.factor()?,
            None => max_positions as f64 / original_max_positions as f64,
        };
        let recommended = if longer <= 1.0 {
            1.0
        } else {
            (1.0 + longer.ln() / (original_max_positions as f64).ln()).sqrt()
        };
        Ok(LongRope {
            short: divisors("short_factor", &self.short_factor)?,
            long: divisors("long_factor", &self.long_factor)?,
            original_max_positions,
            attention_factor: self.attention_factor.unwrap_or(recommended),
        })
    }

    fn factor(&self) -> Result<f64, ConfigError> {
        within("factor", required("factor", self.factor)?, [1.0, 1e6])
    }

    /// The longest sequence in pretraining, in tokens; by default the model's longest sequence.
    fn original(&self, max_positions: usize) -> Result<usize, ConfigError> {
        let field = "original_max_position_embeddings";
        let value = self.original_max_position_embeddings.unwrap_or(max_positions as f64);
        Ok(within(field, value, [1.0, 1e9])? as usize)
    }
}

fn required(field: &'static str, value: Option<f64>) -> Result<f64, ConfigError> {
    value.ok_or_else(|| ConfigError::invalid(field, "null", "this rope_type requires it"))
}
