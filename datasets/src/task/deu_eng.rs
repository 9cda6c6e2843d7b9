//! `deu-eng`: translation between German and English, of sentences that people translated for
//! Tatoeba.
//!
//! Measures transduction where order and length change. No sentence of either language is in two
//! parts: the part is drawn by the SHA-256 of the English sentence, 1 in 32 each for validation
//! and test, and a pair is dropped from training (or validation) where its German sentence is in
//! a part behind it. A sentence with several translations keeps all in training and the first one
//! elsewhere.
//!
//! Reference: <https://www.manythings.org/anki/>, from <https://tatoeba.org>

use super::error::check;
use super::spec::{BuiltTask, Settings};
use super::splits::{Answers, Splits, Train};
use super::{Example, Labels, Metric, Target, TaskDefinition, TaskError, TaskKind, TokenTable};
use crate::locate::{DataFile, SearchPath};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::{HashMap, HashSet};

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct DeuEng {
    from: Language,
    #[serde(rename = "symbols")]
    units: Units,
    vocabulary: usize,
    min_count: usize,
    max_length: usize,
    validation: usize,
    test: usize,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Language {
    Deu,
    Eng,
}

/// What texts are made of.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Units {
    /// Characters.
    Characters,
    /// Words, of which rare ones are unknown.
    Words,
    /// Pieces of words, by byte-level BPE.
    Subwords,
}

impl Default for DeuEng {
    fn default() -> Self {
        Self {
            from: Language::Deu,
            units: Units::Subwords,
            vocabulary: 2000,
            min_count: 3,
            max_length: 24,
            validation: 500,
            test: 1000,
        }
    }
}

// Published as an archive that changes with every new edition, so that there is no address of
// this one.
pub(super) static FILES: [DataFile; 1] = [DataFile {
    path: "deu-eng/deu.txt",
    urls: &[],
    sha256: "7a363bf8587f1a9f895583574c7195071b02f9dfdf4d0d6605947c6b5e0c25a8",
    bytes: 12_266_002,
}];

/// A vocabulary of pieces of words is learnt from this many sentences of each language.
const LEARNT_FROM: usize = 20_000;

type Pair<'a> = (&'a str, &'a str);

impl Settings for DeuEng {
    fn build(self, search_path: &SearchPath) -> Result<BuiltTask, TaskError> {
        check("vocabulary", self.vocabulary, 257..=100_000)?;
        check("min_count", self.min_count, 1..=1000)?;
        check("max_length", self.max_length, 2..=1000)?;
        check("validation", self.validation, 1..=3000)?;
        check("test", self.test, 1..=3000)?;
        let content = search_path.read(&FILES[0])?;
        let text = String::from_utf8_lossy(&content);
        let pairs: Vec<Pair<'_>> = text.lines().filter_map(|line| line.split_once('\t')).collect();
        let [train, validation, test] = divide(&pairs).map(|split| self.turned(split));
        // The file is sorted by length: some of everywhere.
        let step = (train.len() / LEARNT_FROM).max(1);
        let texts = train.iter().step_by(step).flat_map(|&(source, target)| [source, target]);
        let all = train.iter().flat_map(|&(source, target)| [source, target]);
        let tokens = match self.units {
            Units::Characters => TokenTable::characters(all.flat_map(str::chars)),
            Units::Words => TokenTable::words(all, self.min_count),
            Units::Subwords => TokenTable::subwords(texts, self.vocabulary)?,
        };
        let train = self.examples(&train, &tokens)?;
        let (validation, right) = self.held_out(&validation, &tokens, self.validation)?;
        let mut answers = Answers { validation: right, test: Vec::new() };
        let (test, right) = self.held_out(&test, &tokens, self.test)?;
        answers.test = right;
        for (split, examples, wanted) in [
            ("training", &train, 1),
            ("validation", &validation, self.validation),
            ("the test", &test, self.test),
        ] {
            if examples.len() < wanted {
                return Err(TaskError::TooFew { split, wanted, found: examples.len() });
            }
        }
        let splits = Splits::new(Train::Fixed(train), validation, test).with_answers(answers);
        let definition = TaskDefinition {
            kind: TaskKind::Transduction,
            score: Metric::Bleu,
            also: vec![Metric::ChrF, Metric::ExactMatch],
            tokens,
            labels: Labels::Tokens,
            references: &[],
        };
        Ok(BuiltTask::Fixed(definition, splits))
    }
}

impl DeuEng {
    fn turned<'a>(&self, pairs: Vec<Pair<'a>>) -> Vec<Pair<'a>> {
        match self.from {
            Language::Eng => pairs,
            Language::Deu => pairs.into_iter().map(|(eng, deu)| (deu, eng)).collect(),
        }
    }

    /// The pair as symbols; `None` where one of its sentences is too long.
    fn example(&self, pair: &Pair<'_>, tokens: &TokenTable) -> Result<Option<Example>, TaskError> {
        let (input, target) = (tokens.encode(pair.0)?, tokens.encode(pair.1)?);
        let fits = |ids: &[u32]| (1..=self.max_length).contains(&ids.len());
        let both = fits(&input) && fits(&target);
        Ok(both.then_some(Example { input, target: Target::Sequence(target) }))
    }

    fn examples(&self, pairs: &[Pair<'_>], tokens: &TokenTable) -> Result<Vec<Example>, TaskError> {
        pairs.iter().filter_map(|pair| self.example(pair, tokens).transpose()).collect()
    }

    /// Some of the sentences that fit, short and long ones alike, with their translations.
    fn held_out(
        &self,
        pairs: &[Pair<'_>],
        tokens: &TokenTable,
        wanted: usize,
    ) -> Result<(Vec<Example>, Vec<String>), TaskError> {
        let mut sources = HashSet::new();
        let mut first: Vec<&Pair<'_>> =
            pairs.iter().filter(|(source, _)| sources.insert(*source)).collect();
        // In the order of their hashes, which says nothing about them.
        first.sort_by_cached_key(|(source, _)| <[u8; 32]>::from(Sha256::digest(source)));
        let (mut examples, mut answers) = (Vec::new(), Vec::new());
        for pair in first {
            if examples.len() == wanted {
                break;
            }
            if let Some(example) = self.example(pair, tokens)? {
                examples.push(example);
                answers.push(pair.1.to_owned());
            }
        }
        Ok((examples, answers))
    }
}

/// Training, validation and test pairs, `(English, German)`.
fn divide<'a>(pairs: &[Pair<'a>]) -> [Vec<Pair<'a>>; 3] {
    let split_of = |eng: &str| match Sha256::digest(eng)[0] {
        0..8 => 1,
        8..16 => 2,
        _ => 0,
    };
    let mut last: HashMap<&str, usize> = HashMap::new();
    for (eng, deu) in pairs {
        let split = last.entry(deu).or_default();
        *split = (*split).max(split_of(eng));
    }
    let mut splits: [Vec<Pair<'a>>; 3] = Default::default();
    for (eng, deu) in pairs {
        let split = split_of(eng);
        if last[deu] == split {
            splits[split].push((eng, deu));
        }
    }
    splits
}
