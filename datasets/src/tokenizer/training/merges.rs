//! Vocabularies by merging pairs: BPE and WordPiece.

use std::collections::BTreeSet;

use tokenizers::models::bpe::{BPE, BpeTrainer, BpeTrainerBuilder};
use tokenizers::models::wordpiece::WordPiece;
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::{AddedToken, ModelWrapper, Result};

use super::settings::TokenizerTraining;
use super::word_list::Words;

/// The prefix of WordPiece's tokens within words.
pub(super) const CONTINUING: &str = "##";

/// The tokens of WordPiece's alphabet: characters at the beginning of words and within them.
pub(super) fn alphabet(words: &Words) -> Vec<String> {
    let (mut all, mut within) = (BTreeSet::new(), BTreeSet::new());
    for word in words.keys() {
        all.extend(word.chars());
        within.extend(word.chars().skip(1));
    }
    let within = within.into_iter().map(|c| format!("{CONTINUING}{c}"));
    all.into_iter().map(String::from).chain(within).collect()
}

/// Trains a byte-level BPE.
pub(super) fn bpe(training: &TokenizerTraining, words: Words) -> Result<ModelWrapper> {
    let trainer = trainer(training)
        .initial_alphabet(ByteLevel::alphabet().into_iter().collect())
        .special_tokens(tokens(training.all_special_tokens()))
        .build();
    Ok(run(&trainer, words)?.into())
}

/// Trains a WordPiece model, whose pairs are merged as in BPE.
pub(super) fn word_piece(training: &TokenizerTraining, words: Words) -> Result<ModelWrapper> {
    // The library would number the alphabet within words by the random order of a hash map. Its
    // special tokens have ids in their order.
    let first = training.all_special_tokens().into_iter().chain(alphabet(&words));
    let trainer = trainer(training)
        .continuing_subword_prefix(CONTINUING.to_owned())
        .special_tokens(tokens(first.collect()))
        .build();
    Ok(WordPiece::from_bpe(&run(&trainer, words)?).into())
}

fn trainer(training: &TokenizerTraining) -> BpeTrainerBuilder {
    BpeTrainerBuilder::new()
        .show_progress(false)
        .vocab_size(training.vocab_size)
        .min_frequency(training.min_frequency)
}

fn tokens(tokens: Vec<String>) -> Vec<AddedToken> {
    tokens.into_iter().map(|token| AddedToken::from(token, true)).collect()
}

fn run(trainer: &BpeTrainer, words: Words) -> Result<BPE> {
    let words = words.into_iter().map(|(word, count)| (word.into(), count)).collect();
    let mut model = BPE::default();
    trainer.do_train(&words, &mut model)?;
    Ok(model)
}
