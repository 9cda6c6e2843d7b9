//! The number of examples in each split of a generated task, and the splits themselves.

use super::error::{TaskError, check};
use super::example::Example;
use super::generated::{DATA_SEED, Generate, Split, stream, try_draw};
use super::splits::{Splits, Train};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;

/// Attempts at sampling one example before the settings are rejected as impossible.
const ATTEMPTS: usize = 1_000_000;

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

/// Distinct validation and test examples, and the generator of training examples.
///
/// # Errors
///
/// [`TaskError::OutOfRange`] for invalid sizes; [`TaskError::TooFew`] if the settings of the
/// generator allow too few distinct examples.
pub(super) fn splits(generator: Box<dyn Generate>, sizes: Sizes) -> Result<Splits, TaskError> {
    check("train", sizes.train, 0..=100_000_000)?;
    check("validation", sizes.validation, 1..=100_000)?;
    check("test", sizes.test, 1..=100_000)?;
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
