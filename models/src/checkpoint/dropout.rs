//! The dropout probabilities of a config.

use serde_json::Value;

use crate::families::Family;
use crate::hf::config::{ConfigError, within};

/// The fields for probabilities of dropout in the configs of all families.
const NAMES: [&str; 22] = [
    "activation_dropout",
    "attention_dropout",
    "attention_probs_dropout_prob",
    "attn_pdrop",
    "classifier_dropout",
    "classifier_dropout_prob",
    "cls_dropout",
    "dropout",
    "dropout_rate",
    "embd_pdrop",
    "embed_dropout",
    "embedding_dropout",
    "hidden_dropout",
    "hidden_dropout_prob",
    "mlp_dropout",
    "pooler_dropout",
    "qa_dropout",
    "resid_dropout",
    "resid_pdrop",
    "residual_dropout",
    "seq_classif_dropout",
    "summary_last_dropout",
];

/// The fields of a family's config that are probabilities of dropout. A field belongs to them if
/// the model depends on it.
///
/// A field that a family supports with the value 0 only, such as ModernBERT's `attention_dropout`,
/// is not one of them.
///
/// # Errors
///
/// A config that is unsupported or invalid.
pub fn dropout_fields(family: &Family, config: &Value) -> Result<Vec<&'static str>, ConfigError> {
    (family.architecture)(&config.to_string())?;
    let with = |field: &str, p: f64| {
        let mut config = config.clone();
        config[field] = p.into();
        (family.architecture)(&config.to_string()).ok()
    };
    let is_used = |field: &str| match (with(field, 0.25), with(field, 0.5)) {
        (Some(a), Some(b)) => a != b,
        _ => false,
    };
    Ok(NAMES.into_iter().filter(|field| is_used(field)).collect())
}

/// Sets every dropout probability of a config; see [`dropout_fields`].
///
/// # Errors
///
/// A value that is not a probability, or one above 0 for a family without dropout.
pub(super) fn set_dropout(family: &Family, config: &mut Value, p: f64) -> Result<(), ConfigError> {
    let p = within("dropout", p, [0.0, 1.0])?;
    let fields = dropout_fields(family, config)?;
    if fields.is_empty() && p > 0.0 {
        return Err(ConfigError::unsupported("dropout", p, "0.0"));
    }
    for field in fields {
        config[field] = p.into();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::families::find;

    fn gpt2() -> &'static Family {
        find("gpt2").unwrap()
    }

    #[test]
    fn every_field_is_set() {
        let mut config = json!({ "resid_pdrop": 0.3, "summary_first_dropout": 0.1 });
        set_dropout(gpt2(), &mut config, 0.2).unwrap();
        let expected = json!({
            "resid_pdrop": 0.2, "embd_pdrop": 0.2, "attn_pdrop": 0.2, "summary_first_dropout": 0.1,
        });
        assert_eq!(config, expected);
    }

    #[test]
    fn a_family_without_dropout_has_none_to_set() {
        let family = Family {
            model_types: &["fixed"],
            architecture: |_| (gpt2().architecture)("{}"),
            ..*gpt2()
        };
        let mut config = json!({ "resid_pdrop": 0.1 });
        set_dropout(&family, &mut config, 0.0).unwrap();
        assert_eq!(config, json!({ "resid_pdrop": 0.1 }));
        let error = set_dropout(&family, &mut config, 0.1).unwrap_err().to_string();
        assert!(error.contains("dropout = 0.1 is not supported"), "{error}");
        for p in [1.0, -0.1, f64::NAN] {
            let error = set_dropout(gpt2(), &mut config, p).unwrap_err().to_string();
            assert!(error.contains("dropout = ") && error.contains("below 1"), "{error}");
        }
    }
}
