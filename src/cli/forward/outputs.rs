//! What `zoo forward` gets from a model.

use std::collections::BTreeMap;

use anyhow::Result;
use burn::tensor::{Device, Tensor};

use super::batch::Batch;
use crate::models::pretrained::{F32Tensor, Model};

pub(super) type Outputs = BTreeMap<String, F32Tensor>;

/// A model's outputs, called as transformers calls them.
pub(super) fn outputs(model: &Model, batch: &Batch, device: &Device) -> Result<Outputs> {
    let mut outputs = Outputs::new();
    let input = || batch.input(device);
    match model {
        Model::CausalLm(model) => {
            let hidden = model.backbone.forward(&batch.tokens(device));
            add(&mut outputs, "logits", model.logits(hidden.clone()))?;
            add(&mut outputs, "last_hidden_state", hidden)?;
        }
        Model::MaskedLm(model) => {
            let hidden = model.backbone.forward(&batch.tokens(device));
            add(&mut outputs, "logits", model.logits(hidden.clone()))?;
            add(&mut outputs, "last_hidden_state", hidden)?;
        }
        Model::Seq2SeqLm(model) => {
            let encoded = model.backbone.encode(&batch.tokens(device));
            let hidden = model.backbone.decode(&batch.text(device), &encoded);
            add(&mut outputs, "logits", model.logits(hidden.clone()))?;
            add(&mut outputs, "last_hidden_state", hidden)?;
            add(&mut outputs, "encoder_last_hidden_state", encoded.hidden)?;
        }
        Model::SequenceClassifier(model) => {
            let input = input();
            let hidden = model.backbone.forward(&input);
            add(&mut outputs, "logits", model.logits(hidden.clone(), &input))?;
            add(&mut outputs, "last_hidden_state", hidden)?;
        }
        Model::DistilledClassifier(model) => {
            let hidden = model.backbone.forward(&input());
            let [logits, by_class, by_teacher] = model.logits(hidden.clone());
            add(&mut outputs, "logits", logits)?;
            add(&mut outputs, "cls_logits", by_class)?;
            add(&mut outputs, "distillation_logits", by_teacher)?;
            add(&mut outputs, "last_hidden_state", hidden)?;
        }
        Model::TokenClassifier(model) => {
            let hidden = model.backbone.forward(&input());
            add(&mut outputs, "logits", model.logits(hidden.clone()))?;
            add(&mut outputs, "last_hidden_state", hidden)?;
        }
        Model::SpanExtractor(model) => {
            let hidden = model.ends.backbone.forward(&input());
            let [start, end] = model.logits(hidden.clone());
            add(&mut outputs, "start_logits", start)?;
            add(&mut outputs, "end_logits", end)?;
            add(&mut outputs, "last_hidden_state", hidden)?;
        }
        Model::Backbone(model) => {
            let hidden = model.forward(&input());
            if let Some(pooled) = model.pooled(hidden.clone()) {
                add(&mut outputs, "pooler_output", pooled)?;
            }
            add(&mut outputs, "last_hidden_state", hidden)?;
        }
    }
    Ok(outputs)
}

fn add<const D: usize>(outputs: &mut Outputs, name: &str, tensor: Tensor<D>) -> Result<()> {
    let shape = tensor.dims().to_vec();
    let values = tensor.try_into_vec_as::<f32>()?;
    outputs.insert(name.to_string(), F32Tensor { shape, values });
    Ok(())
}
