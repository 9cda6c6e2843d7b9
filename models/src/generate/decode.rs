//! The generation loop.

use burn::tensor::Tensor;
use thiserror::Error;

use super::sampling::{Sampler, Sampling};
use super::writer::{Passage, Writer};
use crate::layers::embedding::token_ids;

/// What to continue: a text's tokens, at least one.
pub type Prompt = Vec<u32>;

/// How long to go on, and how to choose.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// At most this many tokens are added to each prompt.
    pub max_new_tokens: usize,
    /// A row ends after this token.
    pub eos: Option<u32>,
    /// How a token is chosen.
    pub sampling: Sampling,
}

/// A token was added to a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event {
    /// The prompt's place in the batch.
    pub row: usize,
    /// The token.
    pub token: u32,
}

/// Why a prompt cannot be continued.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum GenerateError {
    /// Nothing to continue.
    #[error("prompt {row} has no tokens; give at least one character")]
    Empty {
        /// The prompt's place in the batch.
        row: usize,
    },
    /// A token that the model does not know.
    #[error("token id {token} is out of range; the model has {vocab_size} tokens")]
    OutOfRange {
        /// The token.
        token: u32,
        /// The size of the vocabulary.
        vocab_size: usize,
    },
    /// More tokens than the model has positions.
    #[error("the prompt has {length} tokens and the model's context is {context}; shorten it")]
    TooLong {
        /// Tokens of the prompt.
        length: usize,
        /// The longest sequence, in tokens.
        context: usize,
    },
    /// A score that is not a number.
    #[error("the model's scores are not finite; its weights may be broken")]
    NotFinite,
}

/// Continues every prompt and returns the tokens added, one list for each.
///
/// A decoder continues the prompt; an encoder-decoder writes what follows on it. Prompts of different
/// lengths are padded on the left. When the context is full, the oldest half of
/// each row is forgotten and the rest is read again, so a text can grow beyond the context; up to
/// there the result is that of `transformers`. `receive` sees every token as it is chosen and stops
/// the loop by returning `false`.
///
/// # Errors
///
/// An empty prompt, one longer than the context, a token id out of range, scores that are no numbers.
pub fn generate<W: Writer>(
    model: &W,
    prompts: &[Prompt],
    options: &Options,
    receive: &mut dyn FnMut(Event) -> bool,
) -> Result<Vec<Vec<u32>>, GenerateError> {
    validate(model, prompts)?;
    let device = model.device();
    let sampler = |row| Sampler::new(options.sampling, row);
    let mut rows: Vec<Row> = prompts
        .iter()
        .enumerate()
        .map(|(place, prompt)| Row { place, passage: model.begin(prompt), sampler: sampler(place) })
        .collect();
    let mut added: Vec<Vec<u32>> = vec![Vec::new(); prompts.len()];
    let mut memory: Option<W::Memory> = None;

    for _ in 0..options.max_new_tokens {
        if rows.is_empty() {
            break;
        }
        let stepped = memory.as_mut().and_then(|memory| {
            let last: Vec<u32> =
                rows.iter().filter_map(|row| row.passage.text.last().copied()).collect();
            model.step(token_ids(&last, rows.len(), &device), memory)
        });
        let scores = stepped.unwrap_or_else(|| {
            let (scores, fresh) = read(model, &mut rows, options.max_new_tokens);
            memory = Some(fresh);
            scores
        });
        let vocab_size = scores.dims()[1];
        let scores: Vec<f32> = scores.into_data().iter::<f32>().collect();
        let mut finished = false;
        for (row, scores) in rows.iter_mut().zip(scores.chunks_exact(vocab_size)) {
            if scores.iter().any(|score| score.is_nan()) {
                return Err(GenerateError::NotFinite);
            }
            let token = row.sampler.choose(scores);
            row.passage.text.push(token);
            added[row.place].push(token);
            if !receive(Event { row: row.place, token }) {
                return Ok(added);
            }
            finished |= Some(token) == options.eos;
        }
        if finished {
            // The rows that are left are read again without the finished ones.
            rows.retain(|row| row.passage.text.last().copied() != options.eos);
            memory = None;
        }
    }
    Ok(added)
}

/// A sequence that is being continued.
struct Row {
    place: usize,
    passage: Passage,
    sampler: Sampler,
}

/// Reads whole rows anew, the older half of those that have outgrown the context left out.
fn read<W: Writer>(model: &W, rows: &mut [Row], more: usize) -> (Tensor<2>, W::Memory) {
    let context = model.context();
    for row in rows.iter_mut() {
        let text = &mut row.passage.text;
        if text.len() > context {
            text.drain(..text.len() - context.div_ceil(2));
        }
    }
    let passages: Vec<&Passage> = rows.iter().map(|row| &row.passage).collect();
    model.read(&passages, more)
}

fn validate<W: Writer>(model: &W, prompts: &[Prompt]) -> Result<(), GenerateError> {
    let (context, vocab_size) = (model.prompt_limit(), model.vocab_size());
    for (row, prompt) in prompts.iter().enumerate() {
        if prompt.is_empty() {
            return Err(GenerateError::Empty { row });
        }
        if prompt.len() > context {
            let length = prompt.len();
            return Err(GenerateError::TooLong { length, context });
        }
        if let Some(&token) = prompt.iter().find(|&&token| token as usize >= vocab_size) {
            return Err(GenerateError::OutOfRange { token, vocab_size });
        }
    }
    Ok(())
}
