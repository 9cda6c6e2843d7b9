//! `deu-eng`: translation between German and English, with sentences translated by the volunteers
//! of Tatoeba.
//!
//! Measures transduction in which order and length change. No sentence of either language is in two
//! splits: the SHA-256 of the English sentence selects the split, 1 in 32 each for validation and
//! test, and a pair is dropped from training (or validation) if its German sentence also occurs in
//! validation or test (or test). A sentence with several translations keeps all of them in training
//! and the first one elsewhere.
//!
//! Reference: <https://www.manythings.org/anki/>, from <https://tatoeba.org>

use super::definition::TaskDefinition;
use super::error::check;
use super::settings::{BuiltTask, Settings};
use super::sources::{Sources, rewritten};
use super::splits::{Answers, Splits, Train};
use super::units::Units;
use super::{Example, Labels, Metric, Target, TaskError, TaskKind, TokenTable};
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

// Published as an archive that changes with every edition, so this edition has no URL.
pub(super) static FILES: [DataFile; 1] = [DataFile {
    path: "deu-eng/deu.txt",
    urls: &[],
    sha256: "7a363bf8587f1a9f895583574c7195071b02f9dfdf4d0d6605947c6b5e0c25a8",
    bytes: 12_266_002,
}];

/// The subword vocabulary is trained on this many sentences of each language.
const LEARNT_FROM: usize = 20_000;

type Pair<'a> = (&'a str, &'a str);

/// Pairs and their tokens.
#[derive(Default)]
struct Encoded<'a> {
    pairs: Vec<Pair<'a>>,
    examples: Vec<Example>,
}

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
        // The file is sorted by length, so the sample takes every `step`-th pair.
        let step = (train.len() / LEARNT_FROM).max(1);
        let texts = train.iter().step_by(step).flat_map(|&(source, target)| [source, target]);
        let all = train.iter().flat_map(|&(source, target)| [source, target]);
        let tokens = match self.units {
            Units::Characters => TokenTable::characters(all.flat_map(str::chars)),
            Units::Words => TokenTable::spaced_words(all, self.min_count),
            Units::Subwords => TokenTable::subwords(texts, self.vocabulary)?,
        };
        let train = self.examples(&train, &tokens)?;
        let validation = self.held_out(&validation, &tokens, self.validation)?;
        let test = self.held_out(&test, &tokens, self.test)?;
        let targets = |split: &Encoded<'_>| -> Vec<String> {
            split.pairs.iter().map(|pair| pair.1.to_owned()).collect()
        };
        let answers = Answers { validation: targets(&validation), test: targets(&test) };
        let source = |split: &Encoded<'_>| -> Vec<_> {
            split.pairs.iter().map(|pair| rewritten(pair.0, pair.1)).collect()
        };
        let sources =
            Sources { train: source(&train), validation: source(&validation), test: source(&test) };
        let [train, validation, test] = [train, validation, test].map(|split| split.examples);
        for (split, examples, wanted) in [
            ("training", &train, 1),
            ("validation", &validation, self.validation),
            ("the test", &test, self.test),
        ] {
            if examples.len() < wanted {
                return Err(TaskError::TooFew { split, wanted, found: examples.len() });
            }
        }
        let splits = Splits::new(Train::Fixed(train), validation, test)
            .with_answers(answers)
            .with_sources(sources);
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

    /// The pair as tokens; `None` if one of its sentences is too long.
    fn example(&self, pair: &Pair<'_>, tokens: &TokenTable) -> Result<Option<Example>, TaskError> {
        let (input, target) = (tokens.encode(pair.0)?, tokens.encode(pair.1)?);
        let fits = |ids: &[u32]| (1..=self.max_length).contains(&ids.len());
        let both = fits(&input) && fits(&target);
        Ok(both.then_some(Example { input, target: Target::Sequence(target) }))
    }

    /// The pairs whose sentences fit.
    fn examples<'a>(
        &self,
        pairs: &[Pair<'a>],
        tokens: &TokenTable,
    ) -> Result<Encoded<'a>, TaskError> {
        let mut fitting = Encoded::default();
        for pair in pairs {
            if let Some(example) = self.example(pair, tokens)? {
                fitting.pairs.push(*pair);
                fitting.examples.push(example);
            }
        }
        Ok(fitting)
    }

    /// A sample of the sentences that fit, short and long ones alike, with their translations.
    fn held_out<'a>(
        &self,
        pairs: &[Pair<'a>],
        tokens: &TokenTable,
        wanted: usize,
    ) -> Result<Encoded<'a>, TaskError> {
        let mut sources = HashSet::new();
        let mut first: Vec<&Pair<'a>> =
            pairs.iter().filter(|(source, _)| sources.insert(*source)).collect();
        // Ordered by hash, which is independent of the content.
        first.sort_by_cached_key(|(source, _)| <[u8; 32]>::from(Sha256::digest(source)));
        let mut sample = Encoded::default();
        for pair in first {
            if sample.examples.len() == wanted {
                break;
            }
            if let Some(example) = self.example(pair, tokens)? {
                sample.examples.push(example);
                sample.pairs.push(*pair);
            }
        }
        Ok(sample)
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
