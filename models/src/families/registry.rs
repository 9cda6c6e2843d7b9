//! All families, and how they are found.

use super::Family;
use crate::hf::config::ConfigError;

/// All families, sorted by name.
pub static FAMILIES: &[&Family] = &[
    &super::albert::FAMILY,
    &super::bahdanau::FAMILY,
    &super::bart::FAMILY,
    &super::bert::FAMILY,
    &super::bloom::FAMILY,
    &super::camembert::FAMILY,
    &super::data2vec_text::FAMILY,
    &super::deberta_v2::FAMILY,
    &super::deit::FAMILY,
    &super::dinov2::FAMILY,
    &super::distilbert::FAMILY,
    &super::electra::FAMILY,
    &super::ernie::FAMILY,
    &super::gemma::FAMILY,
    &super::gemma2::FAMILY,
    &super::gemma3_text::FAMILY,
    &super::gpt2::FAMILY,
    &super::gpt_neo::FAMILY,
    &super::gpt_neox::FAMILY,
    &super::gptj::FAMILY,
    &super::gru::FAMILY,
    &super::llama::FAMILY,
    &super::lstm::FAMILY,
    &super::m2m_100::FAMILY,
    &super::marian::FAMILY,
    &super::mbart::FAMILY,
    &super::mistral::FAMILY,
    &super::mixtral::FAMILY,
    &super::modernbert::FAMILY,
    &super::mpnet::FAMILY,
    &super::mt5::FAMILY,
    &super::olmo2::FAMILY,
    &super::openai_gpt::FAMILY,
    &super::opt::FAMILY,
    &super::pegasus::FAMILY,
    &super::phi::FAMILY,
    &super::phi3::FAMILY,
    &super::qwen2::FAMILY,
    &super::qwen3::FAMILY,
    &super::roberta::FAMILY,
    &super::smollm3::FAMILY,
    &super::stablelm::FAMILY,
    &super::starcoder2::FAMILY,
    &super::t5::FAMILY,
    &super::transformer::FAMILY,
    &super::vit::FAMILY,
    &super::xlm_roberta::FAMILY,
];

/// The families with a class of this name.
pub fn with_class(class: &str) -> Vec<&'static Family> {
    let has = |family: &&&Family| family.heads.iter().any(|head| head.is_class(class));
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
    use crate::backbones::BackboneConfig;
    use crate::families::{Size, SizedModel};

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
            let SizedModel { config, architecture } =
                sized.or_else(|_| family.sized(&Size { d_ff: None, ..size.clone() })).unwrap();
            assert_eq!(config["model_type"], family.name());
            assert_eq!(family.task(&config).unwrap(), family.primary().task);
            let backbone = &architecture.backbone;
            let tokens = if matches!(backbone, BackboneConfig::Vision(_)) { 0 } else { 65 };
            assert_eq!(backbone.vocab_size(), tokens, "{}", family.name());
            assert_eq!(backbone.d_model(), 48, "{}", family.name());
            assert!(backbone.depths().iter().all(|depth| *depth == 3), "{}", family.name());
        }
    }
}
