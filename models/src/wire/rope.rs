//! Rotary parameters in configs, in the form of version 5 (`rope_parameters`) and of version 4
//! (`rope_theta` beside `rope_scaling`).

use serde::Deserialize;
use serde_json::Value;

use super::config::{ConfigError, within};
use crate::layers::rotary::{Llama3, RampBorders, RotaryConfig, RotaryScaling, Yarn};

const SUPPORTED: &str = "default, linear, dynamic, yarn, llama3";

/// The fields of a config that describe its rotary embeddings.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct RopeFields {
    rope_parameters: Option<Value>,
    rope_scaling: Option<Value>,
    rope_theta: Option<f64>,
}

#[derive(Debug, Default, Deserialize)]
struct RopeJson {
    rope_type: Option<String>,
    // Version 4 wrote `type` before it wrote `rope_type`.
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
    partial_rotary_factor: Option<f64>,
}

impl RopeFields {
    /// The rotary embedding of heads with `d_head` features, for a model of `max_positions`.
    ///
    /// # Errors
    ///
    /// An unknown kind, a missing or senseless parameter, or parameters per layer type.
    pub fn rotary(&self, d_head: usize, max_positions: usize) -> Result<RotaryConfig, ConfigError> {
        if !d_head.is_multiple_of(2) {
            return Err(ConfigError::invalid("head_dim", d_head, "rotary embeddings need it even"));
        }
        let given = self.rope_parameters.as_ref().or(self.rope_scaling.as_ref());
        let json: RopeJson = match given {
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
        if json.partial_rotary_factor.is_some_and(|factor| factor != 1.0) {
            let factor = json.partial_rotary_factor;
            return Err(ConfigError::unsupported("partial_rotary_factor", factor, "1.0"));
        }
        let theta = json.rope_theta.or(self.rope_theta).unwrap_or(10_000.0);
        let theta = within("rope_theta", theta, [1.0 + f64::EPSILON, f64::INFINITY])?;
        let scaling = json.scaling(max_positions)?;
        if matches!(scaling, RotaryScaling::Dynamic { .. }) && d_head == 2 {
            return Err(ConfigError::invalid(
                "head_dim",
                d_head,
                "dynamic scaling needs more than 2",
            ));
        }
        Ok(RotaryConfig { d_rotary: d_head, theta, scaling })
    }
}

impl RopeJson {
    fn scaling(&self, max_positions: usize) -> Result<RotaryScaling, ConfigError> {
        let kind = self.rope_type.as_deref().or(self.r#type.as_deref()).unwrap_or("default");
        Ok(match kind {
            "default" => RotaryScaling::None,
            "linear" => RotaryScaling::Linear { factor: self.factor()? },
            "dynamic" => RotaryScaling::Dynamic { factor: self.factor()?, max_positions },
            "yarn" => RotaryScaling::Yarn(self.yarn(max_positions)?),
            "llama3" => RotaryScaling::Llama3(Llama3 {
                factor: self.factor()?,
                low_freq_factor: required("low_freq_factor", self.low_freq_factor)?,
                high_freq_factor: required("high_freq_factor", self.high_freq_factor)?,
                original_max_positions: self.original()?,
            }),
            other => return Err(ConfigError::unsupported("rope_type", other, SUPPORTED)),
        })
    }

    fn yarn(&self, max_positions: usize) -> Result<Yarn, ConfigError> {
        let original_max_positions = match self.original_max_position_embeddings {
            Some(_) => self.original()?,
            None => max_positions,
        };
        // DeepSeek leaves the factor out and says both lengths.
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

    fn factor(&self) -> Result<f64, ConfigError> {
        within("factor", required("factor", self.factor)?, [1.0, 1e6])
    }

    fn original(&self) -> Result<usize, ConfigError> {
        let field = "original_max_position_embeddings";
        let value = required(field, self.original_max_position_embeddings)?;
        Ok(within(field, value, [1.0, 1e9])? as usize)
    }
}

fn required(field: &'static str, value: Option<f64>) -> Result<f64, ConfigError> {
    value.ok_or_else(|| ConfigError::invalid(field, "null", "this rope_type needs it"))
}
