//! Running text as the data of a run.

use std::sync::Arc;

use anyhow::Result;

use super::super::usage;
use crate::datasets::batch::{BatchAt, LmDataset, Masking, TokenWindows};
use crate::datasets::tokenizer::Special;
use crate::models::checkpoint::Model;
use crate::train::{LanguageModeling, LmData, MaskedData, TrainData, TrainSettings};

/// The text for the language modeling of a model, masked for an encoder.
pub(super) fn text_data(
    text: Arc<LmDataset>,
    model: &Model,
    settings: &TrainSettings,
) -> Result<Arc<dyn TrainData>> {
    let windows = TokenWindows::new(text.clone(), settings.shape());
    if let Model::MaskedLm(model) = model {
        let Some(mask) = text.tokenizer().special(Special::Mask) else {
            return Err(usage("the tokenizer has no mask token, which a masked model needs"));
        };
        let vocab_size = text.tokenizer().vocab_size().min(model.backbone.vocab_size());
        let masking = Masking { mask: mask.id, random: 0..vocab_size as u32 };
        return Ok(Arc::new(MaskedData { windows, masking }));
    }
    let Some(objective) = LanguageModeling::of(model) else {
        return Err(usage("the model does not learn from running text"));
    };
    Ok(Arc::new(LmData { windows, objective }))
}

/// Checks that one forward pass fits into memory, before it is allocated.
pub(super) fn check_size(data: &LmDataset, settings: &TrainSettings) -> Result<()> {
    let tokens = settings.batch_size as f64 * settings.context as f64;
    // Inputs and targets, and the logits of an encoder-decoder, which has half of the row as text.
    let least = tokens * (16.0 + 2.0 * data.tokenizer().vocab_size() as f64);
    match crate::system::total_memory() {
        Some(memory) if least > memory as f64 => Err(usage(format!(
            "--batch-size {} with --context {} takes at least {}, and this machine has {}",
            settings.batch_size,
            settings.context,
            crate::system::bytes(least as u64),
            crate::system::bytes(memory)
        ))),
        _ => Ok(()),
    }
}

/// Checks that the text is long enough, before training starts.
pub(super) fn check_length(data: &LmDataset, settings: &TrainSettings) -> Result<()> {
    let at = BatchAt { seed: settings.seed, step: 0, micro_step: 0 };
    data.train_batch(at, settings.shape()).map_err(usage)?;
    data.valid_batches(settings.shape()).map_err(usage)?;
    Ok(())
}
