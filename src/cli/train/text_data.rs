//! Running text as the data of a run.

use std::sync::Arc;

use anyhow::Result;

use super::super::usage;
use crate::datasets::batch::{BatchAt, BatchShape, LmDataset, TokenWindows};
use crate::datasets::tokenizer::Tokenizer;
use crate::models::checkpoint::{Model, ModelSpec};
use crate::train::pretraining::{CorruptedData, TextObjective};
use crate::train::tuning::{Supervised, TextLayout};
use crate::train::{LanguageModeling, LmData, MaskedData, SentenceVectors};
use crate::train::{TrainData, TrainSettings};

/// The text for the objective of a run.
pub(super) fn text_data(
    text: Arc<LmDataset>,
    spec: &ModelSpec,
    model: &Model,
    settings: &TrainSettings,
) -> Result<Arc<dyn TrainData>> {
    let nothing = || usage("the model does not learn from running text");
    let objective = settings.objective.or(TextObjective::of(model)).ok_or_else(nothing)?;
    let shape = shape(text.tokenizer(), settings)?;
    let windows = TokenWindows::packed(text.clone(), shape, settings.row_order());
    let windows = windows.map_err(usage)?;
    let vocab_size = model.backbone().vocab_size();
    if let Some(masking) = objective.masking(text.tokenizer(), vocab_size).map_err(usage)? {
        return Ok(Arc::new(MaskedData { windows, masking }));
    }
    let corruption = objective.corruption(text.tokenizer(), settings.context).map_err(usage)?;
    if let Some(corruption) = corruption {
        let padding = spec.config["pad_token_id"].as_u64().map(|id| id as u32);
        let last = text.tokenizer().frame().map_err(usage)?.after.last().copied();
        let objective = Supervised {
            padding: padding.filter(|id| (*id as usize) < vocab_size).unwrap_or(0),
            has_types: false,
            n_labels: 0,
            layout: TextLayout::of(spec, model, last),
            begin: None,
            end: text.tokenizer().eos(),
            max_target_length: settings.context,
            vectors: SentenceVectors::default(),
        };
        return Ok(Arc::new(CorruptedData { windows, corruption, objective }));
    }
    let objective = LanguageModeling::of(model).ok_or_else(nothing)?;
    Ok(Arc::new(LmData { windows, objective }))
}

/// The shape of windows in a forward pass: a window that is corrupted may be longer than the
/// sequences that come of it.
pub(super) fn shape(tokenizer: &Tokenizer, settings: &TrainSettings) -> Result<BatchShape> {
    let context = settings.context;
    let corruption = settings.objective.map(|objective| objective.corruption(tokenizer, context));
    let corruption = corruption.transpose().map_err(usage)?.flatten();
    let window = corruption.and_then(|corruption| corruption.window(context));
    Ok(BatchShape { context: window.unwrap_or(context), ..settings.shape() })
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
pub(super) fn check_length(data: &Arc<LmDataset>, settings: &TrainSettings) -> Result<()> {
    let at = BatchAt { seed: settings.seed, step: 0, micro_step: 0 };
    let shape = shape(data.tokenizer(), settings)?;
    let windows = TokenWindows::packed(data.clone(), shape, settings.row_order());
    let windows = windows.map_err(usage)?;
    windows.train(at).map_err(usage)?;
    windows.validation().map(drop).map_err(usage)
}
