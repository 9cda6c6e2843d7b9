//! ALBERT: BERT with narrow projected embeddings, and one block or a few, shared by all layers.

use serde::Deserialize;
use serde_json::{Value, json};

use super::albert_keys::{BLOCKS, EMBEDDINGS, POOLED, PREDICTIONS};
use super::bert_like::{self, BertFields};
use super::head_keys::{CLASSIFIER, QA_OUTPUTS};
use super::{Architecture, Family, Size, Task, head};
use crate::backbones::Projection;
use crate::heads::{SentenceTask, SentencesConfig};
use crate::hf::config::{ConfigError, FieldNames, parse, renaming, size};

/// The family.
pub(super) static FAMILY: Family = Family {
    model_types: &["albert"],
    summary: "encoder; one block for all layers, narrow embeddings",
    paper: "Lan et al. 2019, https://arxiv.org/abs/1909.11942",
    heads: &[
        head(Task::MaskedLm, "AlbertForMaskedLM", &[PREDICTIONS]),
        head(Task::SequenceClassifier, "AlbertForSequenceClassification", &[POOLED, CLASSIFIER]),
        head(Task::TokenClassifier, "AlbertForTokenClassification", &[CLASSIFIER]),
        head(Task::Span, "AlbertForQuestionAnswering", &[QA_OUTPUTS]),
        head(Task::MultipleChoice, "AlbertForMultipleChoice", &[POOLED, CLASSIFIER]),
        head(Task::PreTraining, "AlbertForPreTraining", &[PREDICTIONS]),
        head(Task::BaseModel, "AlbertModel", &[]),
    ],
    architecture,
    config,
    prefix: "albert",
    keys: &[EMBEDDINGS, BLOCKS],
};

/// Defaults of transformers' `AlbertConfig`.
const DEFAULTS: &str = r#"{
    "vocab_size": 30000, "embedding_size": 128, "hidden_size": 4096, "num_hidden_layers": 12,
    "num_hidden_groups": 1, "num_attention_heads": 64, "intermediate_size": 16384,
    "inner_group_num": 1, "hidden_act": "gelu_new", "hidden_dropout_prob": 0.0,
    "attention_probs_dropout_prob": 0.0, "max_position_embeddings": 512, "type_vocab_size": 2,
    "initializer_range": 0.02, "layer_norm_eps": 1e-12, "classifier_dropout_prob": 0.1
}"#;

const NAMES: FieldNames = FieldNames {
    defaults: DEFAULTS,
    aliases: &[],
    shared: &[renaming("classifier_dropout_prob", "classifier_dropout")],
};

#[derive(Deserialize)]
struct ConfigJson {
    num_hidden_groups: usize,
    inner_group_num: usize,
    #[serde(flatten)]
    bert: BertFields,
}

/// The limit of the number of layers: blocks are repeated, so the file does not limit it.
const MOST_LAYERS: usize = 10_000;

fn architecture(json: &str) -> Result<Architecture, ConfigError> {
    let ConfigJson { num_hidden_groups, inner_group_num, bert } = parse(json, NAMES)?;
    let n_groups = size("num_hidden_groups", num_hidden_groups)?;
    let n_inner = size("inner_group_num", inner_group_num)?;
    let n_outer = size("num_hidden_layers", bert.num_hidden_layers)?;
    if n_groups > n_outer {
        let reason = "it must be at most num_hidden_layers, so that each group has a layer";
        return Err(ConfigError::invalid("num_hidden_groups", n_groups, reason));
    }
    if n_inner.saturating_mul(n_outer) > MOST_LAYERS {
        let reason = format!("times num_hidden_layers, it must be at most {MOST_LAYERS}");
        return Err(ConfigError::invalid("inner_group_num", n_inner, &reason));
    }
    let blocks = vec![bert.layer()?; n_groups * n_inner];
    let mut encoder = bert.encoder(bert.positions_from_zero()?, blocks)?;
    // In f64, as in the reference: rounding the quotient can give another group.
    let group = |layer: usize| (layer as f64 / (n_outer as f64 / n_groups as f64)) as usize;
    let blocks = |group: usize| group * n_inner..(group + 1) * n_inner;
    encoder.stack.order = (0..n_outer).flat_map(|layer| blocks(group(layer))).collect();
    // The checkpoint has the projection even where the widths are equal.
    encoder.stack.embedding.projection = Projection::Always;
    let mut heads = bert.heads()?;
    let head = heads.classifier;
    heads.sentences = Some(SentencesConfig { task: SentenceTask::Order, head });
    Ok(Architecture::encoder(encoder, heads))
}

fn config(size: &Size) -> Result<Value, ConfigError> {
    let fields = json!({
        "embedding_size": (size.d_model / 2).max(1), "num_hidden_groups": 1, "inner_group_num": 1,
        "hidden_act": "gelu_new", "classifier_dropout_prob": size.dropout,
    });
    bert_like::config(&FAMILY, size, fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(layers: usize, groups: usize, inner: usize) -> Result<Vec<usize>, ConfigError> {
        let json = json!({
            "num_hidden_layers": layers, "num_hidden_groups": groups, "inner_group_num": inner,
            "hidden_size": 8, "num_attention_heads": 2, "intermediate_size": 8,
        });
        let architecture = architecture(&json.to_string())?;
        Ok(architecture.backbone.stacks()[0].order.clone())
    }

    #[test]
    fn layers_share_the_blocks_of_their_group() {
        assert_eq!(order(3, 1, 1).unwrap(), [0, 0, 0]);
        assert_eq!(order(4, 4, 1).unwrap(), [0, 1, 2, 3]);
        assert_eq!(order(5, 2, 2).unwrap(), [0, 1, 0, 1, 0, 1, 2, 3, 2, 3]);
    }

    #[test]
    fn groups_without_layers_and_huge_models_are_rejected() {
        let error = order(3, 4, 1).unwrap_err().to_string();
        assert!(error.contains("num_hidden_groups = 4"), "{error}");
        let error = order(9_000, 1, 2).unwrap_err().to_string();
        assert!(error.contains("inner_group_num = 2") && error.contains("10000"), "{error}");
    }
}
