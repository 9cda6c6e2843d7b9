//! Generated examples, and how validation and test examples are kept out of training.

use super::example::{Example, Lengths};
use crate::rng::SeededRng;
use sha2::{Digest, Sha256};
use std::fmt::Debug;

/// The seed of data that never changes: validation and test examples, fixed training sets.
pub(super) const DATA_SEED: u64 = 0;

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

/// A sample of the split; `None` where the draw is out of bounds or belongs to another split.
pub(super) fn try_draw(
    generator: &dyn Generate,
    split: Split,
    rng: &mut SeededRng,
) -> Option<Example> {
    let example = generator.draw(rng)?;
    let fits = generator.identity(&example).is_none_or(|identity| split_of(identity) == split);
    fits.then_some(example)
}

/// The random numbers of a split.
pub(super) fn stream(split: Split, seed: u64, index: u64) -> SeededRng {
    let purpose = match split {
        Split::Train => b"task T  ",
        Split::Validation => b"task V  ",
        Split::Test => b"task E  ",
    };
    SeededRng::new(purpose, [seed, index, 0])
}

/// The example with this seed and index, from a generator that [`splits`](super::sizes::splits) has
/// validated.
pub(super) fn drawn(generator: &dyn Generate, split: Split, seed: u64, index: u64) -> Example {
    let mut rng = stream(split, seed, index);
    loop {
        if let Some(example) = try_draw(generator, split, &mut rng) {
            return example;
        }
    }
}
