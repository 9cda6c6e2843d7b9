//! Texts with the help of a draft.

use super::{TextEnding, TextGeneration, WrittenText};
use crate::models::generate::{Drafted, Flow, Request, speculate};
use crate::pipeline::PipelineError;
use crate::pipeline::stop::Stops;

impl TextGeneration {
    /// What follows on a prompt, with tokens that a smaller model of the same tokenizer drafts, `ahead`
    /// at a time; see [`speculate`]. `receive` hears every piece of the text as it comes, and ends it
    /// by returning `false`.
    ///
    /// # Errors
    ///
    /// As for [`TextGeneration::stream`]; a draft that writes other tokens.
    pub fn write_drafted(
        &self,
        prompt: Vec<u32>,
        (draft, ahead): (&Self, usize),
        receive: &mut dyn FnMut(&str) -> bool,
    ) -> Result<(WrittenText, Drafted), PipelineError> {
        let model = self.writer()?;
        let mut options = self.language.config.options_for(model.begin(&prompt).text.len());
        options.sampling.seed = self.seed;
        let request = Request { prompt, options, stream: 0 };
        let (mut stream, mut stops) =
            (self.language.tokenizer.stream(), Stops::new(&self.language.config.stop_strings));
        let mut ending = TextEnding::Length;
        let mut failed = None;
        let drafted = speculate([model, draft.writer()?], &request, ahead, &mut |event| {
            ending = event.finish.map_or(ending, TextEnding::from);
            let piece = match stream.push(event.token) {
                Ok(piece) => piece.unwrap_or_default(),
                Err(error) => {
                    failed = Some(error);
                    return Flow::EndAll;
                }
            };
            if stops.come_with(&piece) {
                ending = TextEnding::Stop;
            }
            let goes_on = receive(&piece) && (event.finish.is_some() || ending != TextEnding::Stop);
            if goes_on { Flow::Continue } else { Flow::EndAll }
        })?;
        if let Some(error) = failed {
            return Err(error.into());
        }
        receive(&stream.finish()?);
        let text = self.text_of(&drafted.tokens)?;
        let tokens = drafted.tokens.len();
        Ok((WrittenText { text, tokens, ending, score: None }, drafted))
    }
}
