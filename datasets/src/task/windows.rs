//! Windows of a running text, as examples.

use super::generated::Generate;
use super::masking::{masked, next};
use super::splits::{Splits, Train};
use super::{Example, Lengths, TaskError, TokenTable};
use crate::rng::SeededRng;
use crate::text::Stories;
use serde::{Deserialize, Serialize};

/// The objective of a text task.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum TextObjective {
    /// Predict the next token at each position.
    Next,
    /// Predict the masked tokens.
    Masked,
}

/// Cuts a text into windows.
#[derive(Clone, Debug)]
pub(super) struct Windower {
    pub(super) tokens: TokenTable,
    pub(super) context: usize,
    pub(super) objective: TextObjective,
}

impl Windower {
    /// The number of tokens that one example consumes.
    fn width(&self) -> usize {
        self.context + usize::from(self.objective == TextObjective::Next)
    }

    fn example(&self, window: &[u32], rng: &mut SeededRng) -> Example {
        match self.objective {
            TextObjective::Next => next(window),
            TextObjective::Masked => masked(window, &self.tokens, rng),
        }
    }

    /// All consecutive windows of a text.
    ///
    /// In language modeling, every token but the first is a target exactly once.
    ///
    /// # Errors
    ///
    /// [`TaskError::TooShort`] if the text does not fill one window.
    fn all(&self, text: &[u32], split: &'static str) -> Result<Vec<Example>, TaskError> {
        self.check(text, split)?;
        let windows = (0..text.len()).step_by(self.context).map(|start| {
            let end = (start + self.width()).min(text.len());
            &text[start..end]
        });
        // The last window may hold a single token, which has no next token.
        let least = 1 + usize::from(self.objective == TextObjective::Next);
        let draw = |(i, window)| self.example(window, &mut SeededRng::new(b"mask V  ", [i, 0, 0]));
        let full = windows.filter(|window| window.len() >= least);
        Ok((0..).zip(full).map(draw).collect())
    }

    fn check(&self, text: &[u32], split: &'static str) -> Result<(), TaskError> {
        match text.len() < self.width() {
            true => {
                Err(TaskError::TooShort { split, characters: text.len(), context: self.context })
            }
            false => Ok(()),
        }
    }

    /// The splits of a text: windows of its training, validation and test parts.
    ///
    /// # Errors
    ///
    /// [`TaskError::TooShort`] if one of them does not fill a window.
    pub(super) fn fixed(
        self,
        train: &str,
        validation: &str,
        test: &str,
    ) -> Result<Splits, TaskError> {
        let validation = self.all(&self.tokens.encode(validation)?, "validation")?;
        let test = self.all(&self.tokens.encode(test)?, "test")?;
        let text = self.tokens.encode(train)?;
        self.check(&text, "training")?;
        let train = Train::Endless(Box::new(Fixed { windower: self, text }));
        Ok(Splits::new(train, validation, test))
    }

    /// Endless stories for training, and two disjoint sets of [`Stories::VALIDATION`] held-out
    /// stories.
    ///
    /// # Errors
    ///
    /// [`TaskError::TooShort`] if the stories do not fill a window.
    pub(super) fn stories(self) -> Result<Splits, TaskError> {
        let held_out = Stories::held_out();
        let validation: Vec<String> =
            (0..Stories::VALIDATION).map(|index| held_out.story(index)).collect();
        let others = (Stories::VALIDATION..).map(|index| held_out.story(index));
        let test: String = others
            .filter(|story| !validation.contains(story))
            .take(Stories::VALIDATION as usize)
            .collect();
        let validation = self.all(&self.tokens.encode(&validation.concat())?, "validation")?;
        let test = self.all(&self.tokens.encode(&test)?, "test")?;
        Ok(Splits::new(Train::Endless(Box::new(StoryWindows { windower: self })), validation, test))
    }
}

/// Windows of a fixed text, sampled uniformly.
#[derive(Debug)]
struct Fixed {
    windower: Windower,
    text: Vec<u32>,
}

impl Generate for Fixed {
    fn draw(&self, rng: &mut SeededRng) -> Option<Example> {
        let width = self.windower.width();
        let start = rng.below((self.text.len() - width) as u64 + 1) as usize;
        Some(self.windower.example(&self.text[start..start + width], rng))
    }

    fn lengths(&self) -> Lengths {
        Lengths { input: self.windower.context, target: 0 }
    }

    fn identity<'a>(&self, _example: &'a Example) -> Option<&'a [u32]> {
        None
    }
}

/// Windows of newly generated stories.
#[derive(Debug)]
struct StoryWindows {
    windower: Windower,
}

impl Generate for StoryWindows {
    fn draw(&self, rng: &mut SeededRng) -> Option<Example> {
        let stories = Stories::new(rng.below(u64::MAX));
        let width = self.windower.width();
        let mut text = self.windower.tokens.encode(&stories.story(0)).ok()?;
        let start = rng.below(text.len() as u64) as usize;
        let mut index = 1;
        while text.len() < start + width {
            text.extend(self.windower.tokens.encode(&stories.story(index)).ok()?);
            index += 1;
        }
        Some(self.windower.example(&text[start..start + width], rng))
    }

    fn lengths(&self) -> Lengths {
        Lengths { input: self.windower.context, target: 0 }
    }

    // `Stories::new` never generates a held-out story.
    fn identity<'a>(&self, _example: &'a Example) -> Option<&'a [u32]> {
        None
    }
}
