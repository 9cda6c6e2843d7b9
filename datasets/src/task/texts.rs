//! `stories`, `shakespeare`, `names` and `text`: the next character; with the suffix `-masked`, the
//! masked characters.
//!
//! These tasks measure character-level language modeling, in bits per character. A text is cut
//! into windows; each name is one example, from [`TokenTable::BEGIN`] to [`TokenTable::END`]. The
//! splits are 80, 10 and 10 %: the test split is nanoGPT's validation split, and the validation
//! split is the text before it, so that model selection does not bias the comparison with published
//! results.
//!
//! Reference: nanoGPT, <https://github.com/karpathy/nanoGPT>; makemore,
//! <https://github.com/karpathy/makemore>

use super::definition::TaskDefinition;
use super::error::{check, no_file};
use super::generated::Generate;
use super::masking::{masked, next};
use super::settings::{BuiltTask, Settings};
use super::splits::{Splits, Train};
use super::windows::{TextObjective, Windower};
use super::{Example, Labels, Lengths, Metric, Reference, TaskError, TaskKind, TokenTable};
use crate::locate::SearchPath;
use crate::rng::SeededRng;
use crate::text::{Corpus, TextSource, Train as Text};
use serde::{Deserialize, Serialize};
use std::f64::consts::LN_2;
use std::path::PathBuf;

/// Windows of a text.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Running {
    /// `text` and `objective` are set by the name of the task.
    text: Known,
    objective: TextObjective,
    context: usize,
}

/// Windows of the user's own text.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Own {
    objective: TextObjective,
    file: PathBuf,
    context: usize,
}

/// Names, one per example.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Names {
    objective: TextObjective,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Known {
    Stories,
    Shakespeare,
}

impl Default for Running {
    fn default() -> Self {
        Self { text: Known::Stories, objective: TextObjective::Next, context: 128 }
    }
}

impl Default for Own {
    fn default() -> Self {
        Self { objective: TextObjective::Next, file: PathBuf::new(), context: 128 }
    }
}

impl Default for Names {
    fn default() -> Self {
        Self { objective: TextObjective::Next }
    }
}

/// Published losses are in nats; scores are in bits.
static SHAKESPEARE: [Reference; 2] = [
    Reference {
        what: "GPT of 4 layers, d 128, context 64, 2000 steps, 90 % of the text to train on",
        score: 1.88 / LN_2,
        source: "nanoGPT, README, https://github.com/karpathy/nanoGPT",
    },
    Reference {
        what: "GPT of 6 layers, d 384, context 256, 5000 steps, 90 % of the text to train on",
        score: 1.4697 / LN_2,
        source: "nanoGPT, README, https://github.com/karpathy/nanoGPT",
    },
];

static NAMES: [Reference; 1] = [Reference {
    what: "transformer of 200 K parameters, on another random tenth of the names",
    score: 1.92 / LN_2,
    source: "makemore, README, https://github.com/karpathy/makemore",
}];

fn definition(
    objective: TextObjective,
    tokens: TokenTable,
    references: &'static [Reference],
) -> TaskDefinition {
    let (kind, references) = match objective {
        TextObjective::Next => (TaskKind::Language, references),
        TextObjective::Masked => (TaskKind::Masked, &[][..]),
    };
    let (score, labels) = (Metric::BitsPerCharacter, Labels::Tokens);
    TaskDefinition { kind, score, also: vec![], tokens, labels, references }
}

impl Settings for Running {
    fn build(self, search_path: &SearchPath) -> Result<BuiltTask, TaskError> {
        check("context", self.context, 1..=65_536)?;
        let (source, references) = match self.text {
            Known::Stories => (TextSource::Stories, &[][..]),
            Known::Shakespeare => (TextSource::TinyShakespeare, &SHAKESPEARE[..]),
        };
        running(&source, self.objective, self.context, references, search_path)
    }
}

impl Settings for Own {
    fn build(self, search_path: &SearchPath) -> Result<BuiltTask, TaskError> {
        check("context", self.context, 1..=65_536)?;
        if self.file.as_os_str().is_empty() {
            return Err(no_file());
        }
        running(&TextSource::File(self.file), self.objective, self.context, &[], search_path)
    }
}

fn running(
    source: &TextSource,
    objective: TextObjective,
    context: usize,
    references: &'static [Reference],
    search_path: &SearchPath,
) -> Result<BuiltTask, TaskError> {
    let corpus = Corpus::load(source, search_path)?;
    let tokens = TokenTable::characters(corpus.alphabet());
    let windower = Windower { tokens: tokens.clone(), context, objective };
    let splits = match &corpus.train {
        Text::Stories => windower.stories()?,
        Text::Text(text) => {
            let (train, validation) = text.split_at(last_ninth(text));
            windower.fixed(train, validation, &corpus.valid)?
        }
    };
    Ok(BuiltTask::Fixed(definition(objective, tokens, references), splits))
}

/// The byte offset of the last ninth of a text's characters: a tenth of the whole corpus.
fn last_ninth(text: &str) -> usize {
    let start = text.chars().count() / 9 * 8;
    text.char_indices().nth(start).map_or(text.len(), |(offset, _)| offset)
}

impl Settings for Names {
    fn build(self, search_path: &SearchPath) -> Result<BuiltTask, TaskError> {
        let corpus = Corpus::load(&TextSource::Names, search_path)?;
        let tokens = TokenTable::characters(corpus.alphabet().into_iter().filter(|&c| c != '\n'));
        let read = |text: &str| -> Result<Vec<Vec<u32>>, TaskError> {
            text.lines().map(|name| tokens.encode(name)).collect()
        };
        let mut train = match &corpus.train {
            Text::Text(text) => read(text)?,
            Text::Stories => Vec::new(),
        };
        let validation = train.split_off(train.len() / 9 * 8);
        let test = read(&corpus.valid)?;
        let example = |(i, name): (u64, &Vec<u32>)| match self.objective {
            TextObjective::Next => next(&between_ends(name)),
            TextObjective::Masked => {
                masked(name, &tokens, &mut SeededRng::new(b"mask V  ", [i, 1, 0]))
            }
        };
        let examples = |names: &[Vec<u32>]| (0..).zip(names).map(example).collect::<Vec<_>>();
        let (validation, test) = (examples(&validation), examples(&test));
        let train = match self.objective {
            TextObjective::Next => Train::Fixed(examples(&train)),
            TextObjective::Masked => {
                Train::Endless(Box::new(Hidden { names: train, tokens: tokens.clone() }))
            }
        };
        let splits = Splits::new(train, validation, test);
        Ok(BuiltTask::Fixed(definition(self.objective, tokens, &NAMES), splits))
    }
}

fn between_ends(name: &[u32]) -> Vec<u32> {
    let mut window = vec![TokenTable::BEGIN];
    window.extend(name);
    window.push(TokenTable::END);
    window
}

/// Names in random order, with different characters masked each time.
#[derive(Debug)]
struct Hidden {
    names: Vec<Vec<u32>>,
    tokens: TokenTable,
}

impl Generate for Hidden {
    fn draw(&self, rng: &mut SeededRng) -> Option<Example> {
        let name = &self.names[rng.below(self.names.len() as u64) as usize];
        Some(masked(name, &self.tokens, rng))
    }

    fn lengths(&self) -> Lengths {
        Lengths { input: self.names.iter().map(Vec::len).max().unwrap_or(0), target: 0 }
    }

    fn identity<'a>(&self, _example: &'a Example) -> Option<&'a [u32]> {
        None
    }
}
