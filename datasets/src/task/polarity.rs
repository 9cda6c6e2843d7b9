//! `polarity`: is a sentence from a film review for or against the film?
//!
//! Measures what a model learns about words from ten thousand sentences. The SHA-256 of a sentence
//! assigns it to one of ten folds: `fold` is the test split, the next fold is the validation split,
//! and the other eight are the training split. The published score is the mean over all ten folds.
//!
//! Reference: Pang and Lee 2005, <https://arxiv.org/abs/cs/0506075>; Kim 2014,
//! <https://arxiv.org/abs/1408.5882>

use super::definition::TaskDefinition;
use super::error::check;
use super::settings::{BuiltTask, Settings};
use super::sources::{Sources, classified};
use super::splits::{Splits, Train};
use super::{Example, Labels, Metric, Reference, Target, TaskError, TaskKind, TokenTable};
use crate::locate::{DataFile, SearchPath};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Polarity {
    fold: usize,
    min_count: usize,
}

impl Default for Polarity {
    fn default() -> Self {
        Self { fold: 0, min_count: 2 }
    }
}

// Published only as an archive, so neither file has a URL.
pub(super) static FILES: [DataFile; 2] = [
    DataFile {
        path: "sentence_polarity/rt-polarity.neg",
        urls: &[],
        sha256: "614274f81185a850e5a88d533d4679f916d6f62e9af6f0b4ec71fb94bf466ea5",
        bytes: 612_441,
    },
    DataFile {
        path: "sentence_polarity/rt-polarity.pos",
        urls: &[],
        sha256: "c2dc6b2f55bcf725725372916287cc3f8f9b19402edaa9167de5287cb3ade421",
        bytes: 626_334,
    },
];

static REFERENCES: [Reference; 1] = [Reference {
    what: "CNN-rand, mean of ten folds",
    score: 76.1,
    source: "Kim 2014, https://arxiv.org/abs/1408.5882",
}];

const FOLDS: usize = 10;

impl Settings for Polarity {
    fn build(self, search_path: &SearchPath) -> Result<BuiltTask, TaskError> {
        check("fold", self.fold, 0..=FOLDS - 1)?;
        check("min_count", self.min_count, 1..=1000)?;
        // Indexed by the distance of a fold from the test fold.
        let mut parts: [Vec<(String, u32)>; FOLDS] = Default::default();
        for (label, file) in FILES.iter().enumerate() {
            // ISO 8859-1: each byte is the code point of its character.
            let text: String = search_path.read(file)?.into_iter().map(char::from).collect();
            for sentence in text.split('\n').map(str::trim).filter(|line| !line.is_empty()) {
                let split = (FOLDS + split_of(sentence) - self.fold) % FOLDS;
                parts[split].push((sentence.to_owned(), label as u32));
            }
        }
        let [test, validation, train @ ..] = parts;
        let train = train.concat();
        // Sentences are published with spaces around every word and punctuation mark.
        let words = train.iter().flat_map(|(sentence, _)| sentence.split_whitespace());
        let tokens = TokenTable::frequent(words, self.min_count);
        let examples = |split: &[(String, u32)]| -> Result<Vec<Example>, TaskError> {
            let example = |(sentence, label): &(String, u32)| {
                Ok(Example { input: tokens.encode(sentence)?, target: Target::Class(*label) })
            };
            split.iter().map(example).collect()
        };
        let source = |split: &[(String, u32)]| -> Vec<_> {
            split.iter().map(|(sentence, label)| classified(sentence, *label)).collect()
        };
        let sources =
            Sources { train: source(&train), validation: source(&validation), test: source(&test) };
        let splits =
            Splits::new(Train::Fixed(examples(&train)?), examples(&validation)?, examples(&test)?)
                .with_sources(sources);
        let definition = TaskDefinition {
            kind: TaskKind::Classification,
            score: Metric::Accuracy,
            also: vec![],
            tokens,
            labels: Labels::Names(vec!["negative".to_owned(), "positive".to_owned()]),
            references: &REFERENCES,
        };
        Ok(BuiltTask::Fixed(definition, splits))
    }
}

fn split_of(sentence: &str) -> usize {
    let hash = Sha256::digest(sentence);
    // Two bytes, so that no fold is noticeably larger than another.
    usize::from(u16::from_le_bytes([hash[0], hash[1]])) % FOLDS
}
