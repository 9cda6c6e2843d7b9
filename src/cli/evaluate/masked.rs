//! A masked language model on running text.
//!
//! ```text
//! PLL(W) = Σ_t log P(w_t | W \ t)      pseudo-perplexity = exp(-Σ PLL / tokens)
//! ```
//!
//! Each token is masked once, alone, in a window of the text with its special tokens.
//!
//! Reference: Salazar et al. 2020, §2, <https://aclanthology.org/2020.acl-main.240>

use std::path::Path;

use anyhow::Result;

use super::super::{Global, usage};
use super::EvaluateArgs;
use super::text::{Measured, TOKENS, known, print, read};
use crate::datasets::batch::IGNORE;
use crate::datasets::tokenizer::{Encoding, Special, Tokenizer};
use crate::models::checkpoint::{self, LoadDtype, ModelSpec};
use crate::train::{LossSum, MaskedLanguageModeling, MaskedText, Objective};

/// The longest window by default, in tokens: the passes over a window grow with the square of it.
const LONGEST: usize = 128;

pub(super) fn run(
    global: &Global,
    args: &EvaluateArgs,
    folder: &Path,
    spec: ModelSpec,
) -> Result<()> {
    let text = read(&args.files)?;
    let device = global.device()?;
    let precision = args.model.dtype.on(global, &device)?;
    let tokenizer = Tokenizer::load(folder)?;
    let backbone = &spec.architecture.backbone;
    let positions = [backbone.max_positions(), tokenizer.max_length()].into_iter().flatten().min();
    let context = args.max_length.unwrap_or(LONGEST).min(positions.unwrap_or(usize::MAX));
    let Some(mask) = tokenizer.special(Special::Mask) else {
        return Err(usage("the tokenizer has no mask token, which a masked model needs"));
    };
    let encoder = tokenizer.text_encoder(context).map_err(usage)?;
    let windows = encoder.windows(&text, 0).map_err(usage)?;
    known(windows.iter().flat_map(|window| &window.ids).chain([&mask.id]), &spec)?;
    let masked: Vec<MaskedText> =
        windows.iter().flat_map(|window| masked_once(window, mask.id)).collect();
    if masked.is_empty() {
        return Err(usage("the text has no tokens"));
    }
    let model = checkpoint::load_as(folder, spec, &device, LoadDtype::Checkpoint)?.model;
    let model = model.cast(precision);
    let bar = global.bar(masked.len() as u64, "tokens");
    let mut loss = LossSum::ZERO;
    for rows in masked.chunks((TOKENS / context).max(1)) {
        let batch = MaskedLanguageModeling.batch(rows);
        loss.add(MaskedLanguageModeling.loss(&model, &batch).read());
        bar.inc(rows.len() as u64);
    }
    bar.finish_and_clear();
    let measured = Measured { task: "masked-language-modeling", loss, context };
    print(global, measured, &text)
}

/// The window once for each of its tokens, which is masked; special tokens stay.
fn masked_once(window: &Encoding, mask: u32) -> impl Iterator<Item = MaskedText> {
    let positions = window.texts.iter().enumerate().filter(|(_, text)| text.is_some());
    positions.map(move |(position, _)| {
        let (mut ids, mut targets) = (window.ids.clone(), vec![IGNORE; window.ids.len()]);
        targets[position] = i64::from(ids[position]);
        ids[position] = mask;
        MaskedText { ids, targets }
    })
}
