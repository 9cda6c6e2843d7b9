//! `stories`, `shakespeare`, `names` and `text`: the next character; with `-masked` behind the
//! name, the hidden characters.
//!
//! Measure language modelling without a tokenizer's help, in bits per character. A text is cut
//! into windows; a name is read by itself, from [`Symbols::BEGIN`] to [`Symbols::END`]. The parts
//! are 80, 10 and 10 %: the test is what nanoGPT validates on, the validation part what lies
//! before it, so that choosing settings spoils no comparison with published results.
//!
//! Reference: nanoGPT, <https://github.com/karpathy/nanoGPT>; makemore,
//! <https://github.com/karpathy/makemore>

use super::error::check;
use super::generated::Generate;
use super::masking::{masked, next};
use super::spec::{Made, Settings};
use super::splits::{Splits, Train};
use super::windows::{Asked, Cutter};
use super::{Asks, Example, Labels, Lengths, Metric, Need, Reference, Symbols, TaskError};
use crate::draw::Draw;
use crate::locate::Places;
use crate::text::{Corpus, TextSource, Train as Text};
use serde::{Deserialize, Serialize};
use std::f64::consts::LN_2;
use std::path::PathBuf;

/// Windows of a text.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Running {
    /// Both given by the name of the task.
    text: Known,
    asked: Asked,
    context: usize,
}

/// Windows of the user's own text.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Own {
    asked: Asked,
    file: PathBuf,
    context: usize,
}

/// Names, each by itself.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Names {
    asked: Asked,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Known {
    Stories,
    Shakespeare,
}

impl Default for Running {
    fn default() -> Self {
        Self { text: Known::Stories, asked: Asked::Next, context: 128 }
    }
}

impl Default for Own {
    fn default() -> Self {
        Self { asked: Asked::Next, file: PathBuf::new(), context: 128 }
    }
}

impl Default for Names {
    fn default() -> Self {
        Self { asked: Asked::Next }
    }
}

/// Published losses are natural logarithms.
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

fn asks(asked: Asked, symbols: Symbols, references: &'static [Reference]) -> Asks {
    let (need, references) = match asked {
        Asked::Next => (Need::Language, references),
        Asked::Masked => (Need::Masked, &[][..]),
    };
    let (score, labels) = (Metric::BitsPerCharacter, Labels::Symbols);
    Asks { need, score, also: vec![], symbols, labels, references }
}

impl Settings for Running {
    fn make(self, places: &Places) -> Result<Made, TaskError> {
        check("context", self.context, 1..=65_536)?;
        let (source, references) = match self.text {
            Known::Stories => (TextSource::Stories, &[][..]),
            Known::Shakespeare => (TextSource::TinyShakespeare, &SHAKESPEARE[..]),
        };
        running(&source, (self.asked, self.context), references, places)
    }
}

impl Settings for Own {
    fn make(self, places: &Places) -> Result<Made, TaskError> {
        check("context", self.context, 1..=65_536)?;
        if self.file.as_os_str().is_empty() {
            return Err(super::user::no_file());
        }
        running(&TextSource::File(self.file), (self.asked, self.context), &[], places)
    }
}

fn running(
    source: &TextSource,
    (asked, context): (Asked, usize),
    references: &'static [Reference],
    places: &Places,
) -> Result<Made, TaskError> {
    let corpus = Corpus::load(source, places)?;
    let symbols = Symbols::characters(corpus.alphabet());
    let cutter = Cutter { symbols: symbols.clone(), context, asked };
    let splits = match &corpus.train {
        Text::Stories => cutter.stories()?,
        Text::Text(text) => {
            let (train, validation) = text.split_at(last_ninth(text));
            cutter.fixed([train, validation, &corpus.valid])?
        }
    };
    Ok(Made::Fixed(asks(asked, symbols, references), splits))
}

/// Where the last ninth of a text's characters begins: a tenth of what it was cut from.
fn last_ninth(text: &str) -> usize {
    let place = text.chars().count() / 9 * 8;
    text.char_indices().nth(place).map_or(text.len(), |(offset, _)| offset)
}

impl Settings for Names {
    fn make(self, places: &Places) -> Result<Made, TaskError> {
        let corpus = Corpus::load(&TextSource::Names, places)?;
        let symbols = Symbols::characters(corpus.alphabet().into_iter().filter(|&c| c != '\n'));
        let read = |text: &str| -> Result<Vec<Vec<u32>>, TaskError> {
            text.lines().map(|name| symbols.read(name)).collect()
        };
        let mut train = match &corpus.train {
            Text::Text(text) => read(text)?,
            Text::Stories => Vec::new(),
        };
        let validation = train.split_off(train.len() / 9 * 8);
        let test = read(&corpus.valid)?;
        let example = |(i, name): (u64, &Vec<u32>)| match self.asked {
            Asked::Next => next(&between_ends(name)),
            Asked::Masked => masked(name, &symbols, &mut Draw::new(b"mask V  ", [i, 1, 0])),
        };
        let examples = |names: &[Vec<u32>]| (0..).zip(names).map(example).collect::<Vec<_>>();
        let (validation, test) = (examples(&validation), examples(&test));
        let train = match self.asked {
            Asked::Next => Train::Fixed(examples(&train)),
            Asked::Masked => {
                Train::Endless(Box::new(Hidden { names: train, symbols: symbols.clone() }))
            }
        };
        let splits = Splits::new(train, validation, test);
        Ok(Made::Fixed(asks(self.asked, symbols, &NAMES), splits))
    }
}

fn between_ends(name: &[u32]) -> Vec<u32> {
    let mut window = vec![Symbols::BEGIN];
    window.extend(name);
    window.push(Symbols::END);
    window
}

/// Names in any order, with other letters hidden each time.
#[derive(Debug)]
struct Hidden {
    names: Vec<Vec<u32>>,
    symbols: Symbols,
}

impl Generate for Hidden {
    fn draw(&self, draw: &mut Draw) -> Option<Example> {
        let name = &self.names[draw.below(self.names.len() as u64) as usize];
        Some(masked(name, &self.symbols, draw))
    }

    fn lengths(&self) -> Lengths {
        Lengths { input: self.names.iter().map(Vec::len).max().unwrap_or(0), target: 0 }
    }

    fn identity<'a>(&self, _example: &'a Example) -> Option<&'a [u32]> {
        None
    }
}
