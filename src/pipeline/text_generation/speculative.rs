//! Speculative decoding.

use super::{TextEnding, TextGeneration, WrittenText};
use crate::models::generate::{Flow, Request, SpeculativeModels, SpeculativeStats, speculate};
use crate::pipeline::stop::Found;
use crate::pipeline::{PipelineError, PromptTokens};

/// A text from speculative decoding.
#[derive(Debug, Clone)]
pub struct SpeculativeText {
    /// The text.
    pub written: WrittenText,
    /// How many drafted tokens the model accepted.
    pub stats: SpeculativeStats,
}

impl TextGeneration {
    /// Generates a text with tokens drafted by a smaller model of the same tokenizer,
    /// `num_draft_tokens` at a time; see [`speculate`]. `receive` is called with every new piece of
    /// the text, and stops generation by returning `false`.
    ///
    /// # Errors
    ///
    /// As for [`TextGeneration::stream`]; a draft model with another vocabulary.
    pub fn write_speculative(
        &self,
        prompt: impl Into<PromptTokens>,
        draft: &Self,
        num_draft_tokens: usize,
        receive: &mut dyn FnMut(&str) -> bool,
    ) -> Result<SpeculativeText, PipelineError> {
        let model = self.generative_model()?;
        let prompt = prompt.into();
        let mut stream = self.stopping(self.decoding_after(model, &prompt)?);
        let mut options = self.processor.config.options_for(model.prepare(&prompt.ids).text.len());
        options.sampling.seed = self.seed;
        let request = Request { prompt: prompt.ids, options, stream: 0 };
        let mut text = String::new();
        let mut ending = TextEnding::Length;
        let mut failed = None;
        let draft = draft.generative_model()?;
        let stats = speculate(
            SpeculativeModels { model, draft, num_draft_tokens },
            &request,
            &mut |event| {
                ending = event.finish.map_or(ending, TextEnding::from);
                let added = match stream.push(event.token) {
                    Ok(added) => added,
                    Err(error) => {
                        failed = Some(error);
                        return Flow::EndAll;
                    }
                };
                if matches!(added.found, Found::End(_)) {
                    ending = TextEnding::Stop;
                }
                text.push_str(&added.text);
                let goes_on =
                    receive(&added.text) && (event.finish.is_some() || ending != TextEnding::Stop);
                if goes_on { Flow::Continue } else { Flow::EndAll }
            },
        )?;
        if let Some(error) = failed {
            return Err(error.into());
        }
        let rest = stream.finish()?.text;
        receive(&rest);
        text.push_str(&rest);
        let tokens = stats.tokens.len();
        let written = WrittenText { text, tokens, ending, score: None };
        Ok(SpeculativeText { written, stats })
    }
}
