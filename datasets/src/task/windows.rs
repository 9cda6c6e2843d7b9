//! Pieces of a running text, as examples.

use super::generated::Generate;
use super::masking::{masked, next};
use super::splits::{Splits, Train};
use super::{Example, Lengths, Symbols, TaskError};
use crate::draw::Draw;
use crate::text::Stories;
use serde::{Deserialize, Serialize};

/// What is asked about a text.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Asked {
    /// The next symbol at each position.
    Next,
    /// Symbols that are hidden.
    Masked,
}

/// How a text is cut into windows.
#[derive(Clone, Debug)]
pub(super) struct Cutter {
    pub(super) symbols: Symbols,
    pub(super) context: usize,
    pub(super) asked: Asked,
}

impl Cutter {
    /// How many symbols one example takes.
    fn width(&self) -> usize {
        self.context + usize::from(self.asked == Asked::Next)
    }

    fn example(&self, window: &[u32], draw: &mut Draw) -> Example {
        match self.asked {
            Asked::Next => next(window),
            Asked::Masked => masked(window, &self.symbols, draw),
        }
    }

    /// The whole text, each window after the other.
    ///
    /// In language modelling every symbol but the first is asked for once.
    ///
    /// # Errors
    ///
    /// [`TaskError::TooShort`] where the text does not fill one window.
    fn all(&self, text: &[u32], part: &'static str) -> Result<Vec<Example>, TaskError> {
        self.check(text, part)?;
        let windows = (0..text.len()).step_by(self.context).map(|start| {
            let end = (start + self.width()).min(text.len());
            &text[start..end]
        });
        // The last one may have a single symbol left, after which nothing follows.
        let least = 1 + usize::from(self.asked == Asked::Next);
        let draw = |(i, window)| self.example(window, &mut Draw::new(b"mask V  ", [i, 0, 0]));
        let full = windows.filter(|window| window.len() >= least);
        Ok((0..).zip(full).map(draw).collect())
    }

    fn check(&self, text: &[u32], part: &'static str) -> Result<(), TaskError> {
        match text.len() < self.width() {
            true => {
                Err(TaskError::TooShort { part, characters: text.len(), context: self.context })
            }
            false => Ok(()),
        }
    }

    /// The parts of a text, `[training, validation, test]`.
    ///
    /// # Errors
    ///
    /// [`TaskError::TooShort`] where one of them does not fill a window.
    pub(super) fn fixed(self, [train, validation, test]: [&str; 3]) -> Result<Splits, TaskError> {
        let validation = self.all(&self.symbols.read(validation)?, "validation")?;
        let test = self.all(&self.symbols.read(test)?, "test")?;
        let text = self.symbols.read(train)?;
        self.check(&text, "training")?;
        let train = Train::Endless(Box::new(Fixed { cutter: self, text }));
        Ok(Splits::new(train, validation, test))
    }

    /// Endless stories, with two different hundreds of held-out ones.
    ///
    /// # Errors
    ///
    /// [`TaskError::TooShort`] where the stories do not fill a window.
    pub(super) fn stories(self) -> Result<Splits, TaskError> {
        let held_out = Stories::held_out();
        let validation: Vec<String> =
            (0..Stories::VALIDATION).map(|index| held_out.story(index)).collect();
        let others = (Stories::VALIDATION..).map(|index| held_out.story(index));
        let test: String = others
            .filter(|story| !validation.contains(story))
            .take(Stories::VALIDATION as usize)
            .collect();
        let validation = self.all(&self.symbols.read(&validation.concat())?, "validation")?;
        let test = self.all(&self.symbols.read(&test)?, "test")?;
        Ok(Splits::new(Train::Endless(Box::new(Told { cutter: self })), validation, test))
    }
}

/// Windows of a text that is there, each with the same probability.
#[derive(Debug)]
struct Fixed {
    cutter: Cutter,
    text: Vec<u32>,
}

impl Generate for Fixed {
    fn draw(&self, draw: &mut Draw) -> Option<Example> {
        let width = self.cutter.width();
        let start = draw.below((self.text.len() - width) as u64 + 1) as usize;
        Some(self.cutter.example(&self.text[start..start + width], draw))
    }

    fn lengths(&self) -> Lengths {
        Lengths { input: self.cutter.context, target: 0 }
    }

    fn identity<'a>(&self, _example: &'a Example) -> Option<&'a [u32]> {
        None
    }
}

/// Windows of freshly told stories.
#[derive(Debug)]
struct Told {
    cutter: Cutter,
}

impl Generate for Told {
    fn draw(&self, draw: &mut Draw) -> Option<Example> {
        let stories = Stories::new(draw.below(u64::MAX));
        let width = self.cutter.width();
        let mut text = self.cutter.symbols.read(&stories.story(0)).ok()?;
        let start = draw.below(text.len() as u64) as usize;
        let mut index = 1;
        while text.len() < start + width {
            text.extend(self.cutter.symbols.read(&stories.story(index)).ok()?);
            index += 1;
        }
        Some(self.cutter.example(&text[start..start + width], draw))
    }

    fn lengths(&self) -> Lengths {
        Lengths { input: self.cutter.context, target: 0 }
    }

    // Stories::new tells no held-out story.
    fn identity<'a>(&self, _example: &'a Example) -> Option<&'a [u32]> {
        None
    }
}
