//! Training, validation and test splits.

use super::example::{Example, Lengths, Target};
use super::generated::{self, Generate, Split};
use super::labels::Labels;
use super::order::Order;
use super::sources::Sources;
use super::token_table::TokenTable;
use crate::hash::hex;
use sha2::{Digest, Sha256};

/// The three splits of a task's data.
#[derive(Debug)]
pub(super) struct Splits {
    pub(super) train: Train,
    pub(super) validation: Vec<Example>,
    pub(super) test: Vec<Example>,
    pub(super) answers: Answers,
    pub(super) sources: Option<Sources>,
}

/// The reference texts, if the metric compares texts; otherwise empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answers {
    /// One for each validation example, or empty.
    pub validation: Vec<String>,
    /// One for each test example, or empty.
    pub test: Vec<String>,
}

/// The source of training examples.
#[derive(Debug)]
pub(super) enum Train {
    /// Sampled on demand; every index is a new sample.
    Endless(Box<dyn Generate>),
    /// The first examples of a generator, up to this number, repeated every epoch.
    Drawn(Box<dyn Generate>, u64),
    /// A fixed list of at least one example, repeated every epoch.
    Fixed(Vec<Example>),
}

/// How many training examples represent a generated training set in hashes and statistics.
const SAMPLE: u64 = 256;

impl Train {
    pub(super) fn example(&self, seed: u64, index: u64) -> Example {
        let row = |rows| Order::new(seed, index / rows, rows).at(index % rows);
        match self {
            Self::Endless(generator) => generated::drawn(&**generator, Split::Train, seed, index),
            Self::Drawn(generator, rows) => drawn_row(&**generator, row(*rows)),
            Self::Fixed(examples) => examples[row(examples.len() as u64) as usize].clone(),
        }
    }

    /// The row of an example of a fixed list.
    pub(super) fn row(&self, seed: u64, index: u64) -> Option<usize> {
        let Self::Fixed(examples) = self else { return None };
        let rows = examples.len() as u64;
        Some(Order::new(seed, index / rows, rows).at(index % rows) as usize)
    }

    pub(super) fn size(&self) -> Option<u64> {
        match self {
            Self::Endless(_) => None,
            Self::Drawn(_, rows) => Some(*rows),
            Self::Fixed(examples) => Some(examples.len() as u64),
        }
    }

    /// All examples of a fixed set; otherwise a deterministic sample.
    pub(super) fn sample(&self) -> Vec<Example> {
        match self {
            Self::Endless(_) => (0..SAMPLE).map(|index| self.example(0, index)).collect(),
            Self::Drawn(generator, rows) => {
                (0..SAMPLE.min(*rows)).map(|row| drawn_row(&**generator, row)).collect()
            }
            Self::Fixed(examples) => examples.clone(),
        }
    }
}

/// A row of a generated training set of fixed size.
fn drawn_row(generator: &dyn Generate, row: u64) -> Example {
    generated::drawn(generator, Split::Train, generated::DATA_SEED, row)
}

impl Splits {
    pub(super) fn new(train: Train, validation: Vec<Example>, test: Vec<Example>) -> Self {
        Self { train, validation, test, answers: Answers::default(), sources: None }
    }

    pub(super) fn with_answers(self, answers: Answers) -> Self {
        Self { answers, ..self }
    }

    /// The splits with the texts that their examples were made from.
    pub(super) fn with_sources(self, sources: Sources) -> Self {
        Self { sources: Some(sources), ..self }
    }

    /// Shuffles validation and test in a fixed random order, so that any prefix of a split is a
    /// representative sample of it.
    pub(super) fn shuffled(self) -> Self {
        let Self { train, validation, test, answers, sources } = self;
        let [validation_order, test_order] =
            [(0, validation.len()), (1, test.len())].map(|(split, count)| shuffled(split, count));
        Self {
            train,
            answers: Answers {
                validation: permuted(answers.validation, &validation_order),
                test: permuted(answers.test, &test_order),
            },
            sources: sources.map(|sources| Sources {
                train: sources.train,
                validation: permuted(sources.validation, &validation_order),
                test: permuted(sources.test, &test_order),
            }),
            validation: permuted(validation, &validation_order),
            test: permuted(test, &test_order),
        }
    }

    pub(super) fn lengths(&self) -> Lengths {
        let of = |example: &Example| Lengths {
            input: example.input.len(),
            target: match &example.target {
                Target::Sequence(tokens) => tokens.len(),
                Target::Class(_) | Target::Tags(_) => 0,
            },
        };
        let longest = |a: Lengths, b: Lengths| Lengths {
            input: a.input.max(b.input),
            target: a.target.max(b.target),
        };
        let (start, train) = match &self.train {
            Train::Endless(generator) | Train::Drawn(generator, _) => {
                (generator.lengths(), &[][..])
            }
            Train::Fixed(examples) => (Lengths::default(), &examples[..]),
        };
        train.iter().chain(&self.validation).chain(&self.test).map(of).fold(start, longest)
    }

    pub(super) fn hash(&self, tokens: &TokenTable, labels: &Labels) -> String {
        let mut hash = Sha256::new();
        let names = (0..tokens.len() as u32).filter_map(|id| tokens.written(id));
        hash_names(&mut hash, names);
        if let Labels::Names(names) = labels {
            hash_names(&mut hash, names.iter().map(String::as_str));
        }
        hash.update(self.train.size().unwrap_or(u64::MAX).to_le_bytes());
        for split in [&self.train.sample(), &self.validation, &self.test] {
            hash.update((split.len() as u64).to_le_bytes());
            for example in split {
                hash_example(&mut hash, example);
            }
        }
        for split in [&self.answers.validation, &self.answers.test] {
            hash_names(&mut hash, split.iter().map(String::as_str));
        }
        hex(&hash.finalize())
    }
}

/// The rows of a split in random order.
fn shuffled(split: u64, count: usize) -> Vec<usize> {
    let order = Order::new(generated::DATA_SEED, split, count as u64);
    (0..count as u64).map(|position| order.at(position) as usize).collect()
}

/// Permutes items; an empty list stays empty.
fn permuted<T: Clone>(items: Vec<T>, order: &[usize]) -> Vec<T> {
    if items.is_empty() { items } else { order.iter().map(|&row| items[row].clone()).collect() }
}

// Each variable-length field is prefixed with its length, so that different tasks never hash alike.
fn hash_names<'a>(hash: &mut Sha256, names: impl Iterator<Item = &'a str>) {
    for name in names {
        hash.update((name.len() as u64).to_le_bytes());
        hash.update(name);
    }
    hash.update(u64::MAX.to_le_bytes());
}

fn hash_example(hash: &mut Sha256, example: &Example) {
    let mut words = vec![example.input.len() as u32];
    words.extend(&example.input);
    match &example.target {
        Target::Class(label) => words.extend([0, *label]),
        Target::Tags(tags) => {
            words.push(1);
            words.extend(tags.iter().map(|tag| tag.unwrap_or(u32::MAX)));
        }
        Target::Sequence(tokens) => {
            words.extend([2, tokens.len() as u32]);
            words.extend(tokens);
        }
    }
    hash.update(words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<u8>>());
}
