//! Unigram vocabularies.

use std::collections::HashSet;

use tokenizers::models::unigram::{Unigram, UnigramTrainer};
use tokenizers::{AddedToken, ModelWrapper, Result};

use super::settings::TokenizerTraining;
use super::word_list::Words;
use crate::rng::SeededRng;

const UNKNOWN: &str = "<unk>";

/// The number of threads. It decides the order of sums, so it is the same on every machine.
const THREADS: usize = 4;

/// The difference of the library's scores for rare characters.
const RARE: f64 = 0.0001;

/// The largest size of the different words, in bytes. The training takes a minute for so many, and
/// several passes over all; they are the 250,000 most frequent words of a language.
const MOST: usize = 1 << 21;

/// The number of pieces to begin with, for each one that is left in the end.
const SEEDS: usize = 20;

/// The same for small vocabularies.
const FEWEST_SEEDS: usize = 50_000;

/// A piece of text with its log-probability.
struct Piece {
    text: String,
    score: f64,
}

/// Trains a unigram model.
pub(super) fn unigram(training: &TokenizerTraining, words: Words) -> Result<ModelWrapper> {
    let special = training.all_special_tokens();
    let alphabet = words.keys().flat_map(|word| word.chars());
    let trainer = UnigramTrainer::builder()
        .show_progress(false)
        .initial_alphabet(alphabet.collect())
        .seed_size(training.vocab_size.saturating_mul(SEEDS).clamp(FEWEST_SEEDS, 1_000_000))
        .vocab_size(u32::try_from(training.vocab_size).unwrap_or(u32::MAX))
        .special_tokens(special.iter().map(|token| AddedToken::from(token, true)).collect())
        .unk_token(Some(UNKNOWN.to_owned()))
        .build()?;
    let count = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
    let words = most_frequent(words).into_iter();
    let sentences = words.map(|(word, times)| (word, count(times))).collect();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(THREADS).build()?;
    let mut model = Unigram::default();
    pool.install(|| trainer.do_train(sentences, &mut model))?;

    let (first, pieces): (Vec<_>, Vec<_>) =
        model.iter().cloned().enumerate().partition(|(id, _)| *id < special.len());
    let pieces = pieces.into_iter().map(|(_, (text, score))| Piece { text, score }).collect();
    let pieces = in_order(pieces).into_iter().map(|piece| (piece.text, piece.score));
    let all = first.into_iter().map(|(_, piece)| piece).chain(pieces).collect();
    let unknown = special.iter().position(|token| token == UNKNOWN);
    Ok(Unigram::from(all, unknown, false)?.into())
}

/// The most frequent words, of which equally frequent ones are a random sample.
fn most_frequent(words: Words) -> Vec<(String, u64)> {
    let size: usize = words.keys().map(String::len).sum();
    let mut words: Vec<(String, u64)> = words.into_iter().collect();
    if size > MOST {
        SeededRng::new(b"unigram ", [0; 3]).shuffle(&mut words);
        words.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let mut size = 0;
        words.retain(|(word, _)| {
            size += word.len();
            size <= MOST
        });
    }
    words
}

/// Orders pieces by score and text, and the scores of rare characters by character.
///
/// The library gives scores from the smallest on to the characters that its model dropped, and
/// orders equal scores, both by the random order of a hash set.
fn in_order(mut pieces: Vec<Piece>) -> Vec<Piece> {
    let smallest = pieces.iter().map(|piece| piece.score).fold(f64::INFINITY, f64::min);
    let mut is_rare_score = HashSet::new();
    let mut penalty = 0.0;
    let scores: HashSet<u64> = pieces.iter().map(|piece| piece.score.to_bits()).collect();
    while scores.contains(&(smallest + penalty).to_bits()) {
        is_rare_score.insert((smallest + penalty).to_bits());
        penalty += RARE;
    }
    let is_rare = |piece: &Piece| {
        piece.text.chars().count() == 1 && is_rare_score.contains(&piece.score.to_bits())
    };
    let (mut rare, others): (Vec<Piece>, Vec<Piece>) = pieces.drain(..).partition(is_rare);
    let mut scores: Vec<f64> = rare.iter().map(|piece| piece.score).collect();
    scores.sort_by(f64::total_cmp);
    rare.sort_by(|a, b| a.text.cmp(&b.text));
    for (piece, score) in rare.iter_mut().zip(scores.into_iter().rev()) {
        piece.score = score;
    }
    let mut all: Vec<Piece> = rare.into_iter().chain(others).collect();
    all.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.text.cmp(&b.text)));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_have_one_order() {
        let piece = |text: &str, score: f64| Piece { text: text.to_owned(), score };
        let smallest = -9.0;
        let (second, third) = (smallest + RARE, smallest + (RARE + RARE));
        let find = |pieces: Vec<Piece>| -> Vec<String> {
            in_order(pieces)
                .into_iter()
                .map(|piece| format!("{} {}", piece.text, piece.score))
                .collect()
        };
        let one = find(vec![
            piece("z", third),
            piece("x", smallest),
            piece("y", second),
            piece("ab", -1.0),
            piece("aa", -1.0),
        ]);
        let other = find(vec![
            piece("aa", -1.0),
            piece("ab", -1.0),
            piece("x", third),
            piece("y", smallest),
            piece("z", second),
        ]);
        assert_eq!(one, other);
        assert!(one[0].starts_with("aa") && one[2].starts_with('x') && one[4].starts_with('z'));
    }
}
