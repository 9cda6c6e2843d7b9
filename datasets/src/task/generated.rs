//! Generated examples, and how validation and test examples are kept out of training.

use super::splits::{Splits, Train};
use super::{Example, Lengths, TaskError, error};
use crate::rng::SeededRng;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::HashSet;
use std::fmt::Debug;

/// The seed of data that never changes: validation and test examples, fixed training sets.
pub(super) const DATA_SEED: u64 = 0;

/// Attempts at sampling one example before the settings are rejected as impossible.
const ATTEMPTS: usize = 1_000_000;

/// A generator of examples.
pub(super) trait Generate: Debug + Send + Sync {
    /// Samples an example; `None` if the sample is out of bounds and must be redrawn.
    fn draw(&self, rng: &mut SeededRng) -> Option<Example>;

    /// Upper bounds on the lengths of all examples.
    fn lengths(&self) -> Lengths;

    /// The key by which two examples count as identical; `None` if training examples are kept apart
    /// from the others in another way.
    fn identity<'a>(&self, example: &'a Example) -> Option<&'a [u32]> {
        Some(&example.input)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Split {
    Train,
    Validation,
    Test,
}

/// The number of examples in each split of a generated task.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Sizes {
    /// 0: unlimited.
    pub(super) train: u64,
    pub(super) validation: usize,
    pub(super) test: usize,
}

impl Default for Sizes {
    fn default() -> Self {
        Self { train: 0, validation: 500, test: 1000 }
    }
}

/// The split of an example, whatever the seed: 1 in 8 is for validation and 1 in 8 for the test, so
/// no seed can make training see them.
fn split_of(identity: &[u32]) -> Split {
    let bytes: Vec<u8> = identity.iter().flat_map(|id| id.to_le_bytes()).collect();
    match Sha256::digest(bytes)[0] {
        0..32 => Split::Validation,
        32..64 => Split::Test,
        _ => Split::Train,
    }
}

fn try_draw(generator: &dyn Generate, split: Split, rng: &mut SeededRng) -> Option<Example> {
    let example = generator.draw(rng)?;
    let fits = generator.identity(&example).is_none_or(|identity| split_of(identity) == split);
    fits.then_some(example)
}

fn stream(split: Split, seed: u64, index: u64) -> SeededRng {
    let purpose = match split {
        Split::Train => b"task T  ",
        Split::Validation => b"task V  ",
        Split::Test => b"task E  ",
    };
    SeededRng::new(purpose, [seed, index, 0])
}

/// The example with this seed and index, from a generator that [`splits`] has validated.
pub(super) fn drawn(generator: &dyn Generate, split: Split, seed: u64, index: u64) -> Example {
    let mut rng = stream(split, seed, index);
    loop {
        if let Some(example) = try_draw(generator, split, &mut rng) {
            return example;
        }
    }
}

/// Distinct validation and test examples, and the generator of training examples.
///
/// # Errors
///
/// [`TaskError::OutOfRange`] for invalid sizes; [`TaskError::TooFew`] if the settings of the
/// generator allow too few distinct examples.
pub(super) fn splits(generator: Box<dyn Generate>, sizes: Sizes) -> Result<Splits, TaskError> {
    error::check("train", sizes.train, 0..=100_000_000)?;
    error::check("validation", sizes.validation, 1..=100_000)?;
    error::check("test", sizes.test, 1..=100_000)?;
    distinct(&*generator, Split::Train, 1)?;
    let validation = distinct(&*generator, Split::Validation, sizes.validation)?;
    let test = distinct(&*generator, Split::Test, sizes.test)?;
    let train = match sizes.train {
        0 => Train::Endless(generator),
        rows => Train::Drawn(generator, rows),
    };
    Ok(Splits::new(train, validation, test))
}

fn distinct(
    generator: &dyn Generate,
    split: Split,
    wanted: usize,
) -> Result<Vec<Example>, TaskError> {
    let mut seen = HashSet::new();
    let mut examples = Vec::with_capacity(wanted);
    let mut rng = stream(split, DATA_SEED, 0);
    let mut attempts = 0;
    while examples.len() < wanted {
        if attempts == ATTEMPTS {
            let split = match split {
                Split::Train => "training",
                Split::Validation => "validation",
                Split::Test => "the test",
            };
            return Err(TaskError::TooFew { split, wanted, found: examples.len() });
        }
        attempts += 1;
        if let Some(example) = try_draw(generator, split, &mut rng)
            && generator.identity(&example).is_none_or(|identity| seen.insert(identity.to_vec()))
        {
            examples.push(example);
            attempts = 0;
        }
    }
    Ok(examples)
}
