//! Data of objectives on running text: batches are functions of seed, step and row.

use std::sync::Arc;

use burn_zoo::datasets::batch::{BatchAt, BatchShape, LmDataset, Noise, TokenWindows};
use burn_zoo::datasets::text::Corpus;
use burn_zoo::datasets::tokenizer::{Tokenizer, Vocabulary};
use burn_zoo::train::pretraining::{CorruptedData, TextObjective};
use burn_zoo::train::tuning::{Supervised, TextLayout};
use burn_zoo::train::{MaskedData, SentenceVectors, TrainData};

const CONTEXT: usize = 48;

fn supervised() -> Supervised {
    Supervised {
        padding: 0,
        has_types: false,
        n_labels: 0,
        layout: TextLayout::Decoder { start: 0 },
        begin: None,
        end: None,
        max_target_length: CONTEXT,
        vectors: SentenceVectors::default(),
    }
}

fn data(objective: TextObjective, rows: usize) -> Box<dyn TrainData> {
    let corpus = Corpus::stories();
    let tokenizer = corpus.tokenizer(Vocabulary::Bpe(300)).unwrap();
    let tokenizer: Tokenizer = match objective {
        TextObjective::SpanCorruption(_) => tokenizer.with_sentinels(100).unwrap(),
        TextObjective::Denoising(_) => tokenizer.with_denoising_tokens().unwrap(),
        _ => tokenizer.with_encoder_tokens().unwrap(),
    };
    let text = Arc::new(LmDataset::new(&corpus, tokenizer).unwrap());
    let windows = |context| TokenWindows::new(text.clone(), BatchShape { rows, context });
    if let Some(masking) = objective.masking(text.tokenizer(), 1000).unwrap() {
        return Box::new(MaskedData { windows: windows(CONTEXT), masking });
    }
    let corruption = objective.corruption(text.tokenizer(), CONTEXT).unwrap().unwrap();
    let windows = windows(corruption.window(CONTEXT).unwrap());
    Box::new(CorruptedData { windows, corruption, objective: supervised() })
}

/// Whole words, spans and infilled texts.
fn objectives() -> [TextObjective; 3] {
    let unit = burn_zoo::datasets::batch::MaskUnit::WholeWord;
    [
        TextObjective::Masked { share: 0.15, unit },
        TextObjective::SpanCorruption(Noise::T5),
        TextObjective::Denoising(Noise::BART),
    ]
}

#[test]
fn batches_depend_on_seed_step_and_micro_step_alone() {
    for objective in objectives() {
        let (first, second) = (data(objective, 4), data(objective, 4));
        let pass = |data: &dyn TrainData, seed, step, micro_step| {
            format!("{:?}", data.train(BatchAt { seed, step, micro_step }).unwrap())
        };
        let whole = pass(&*first, 1, 7, 0);
        pass(&*second, 2, 3, 1);
        assert_eq!(whole, pass(&*second, 1, 7, 0), "{objective:?}");
        for (seed, step, micro_step) in [(2, 7, 0), (1, 8, 0), (1, 7, 1)] {
            assert_ne!(whole, pass(&*first, seed, step, micro_step), "{objective:?}");
        }
    }
}

#[test]
fn micro_batches_have_the_sizes_of_the_step() {
    for objective in objectives() {
        let (whole, parts) = (data(objective, 6), data(objective, 2));
        let at = |micro_step| BatchAt { seed: 1, step: 2, micro_step };
        let whole = whole.train(at(0)).unwrap().size();
        let parts = (0..3).map(|part| parts.train(at(part)).unwrap().size());
        let (tokens, targets): (Vec<usize>, Vec<usize>) =
            parts.map(|size| (size.tokens, size.targets)).unzip();
        assert_eq!(tokens.iter().sum::<usize>(), whole.tokens, "{objective:?}");
        assert_eq!(targets.iter().sum::<usize>(), whole.targets, "{objective:?}");
    }
}

#[test]
fn validations_are_always_the_same_and_as_many_as_announced() {
    for objective in objectives() {
        let data = data(objective, 4);
        let passes = || {
            let passes = data.validation().unwrap();
            passes.map(|pass| format!("{:?}", pass.unwrap())).collect::<Vec<String>>()
        };
        let first = passes();
        assert_eq!(first.len(), data.n_validation(), "{objective:?}");
        assert!(first == passes(), "{objective:?}");
    }
}
