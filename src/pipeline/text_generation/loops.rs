//! Many texts: so many at once, in an order that spares work.

use super::{TextEnding, TextGeneration, WrittenText};
use crate::datasets::tokenizer::TextStream;
use crate::models::generate::{Batch, Finish, Flow, Hypothesis, Request, Writer, beam_search};
use crate::pipeline::PipelineError;
use crate::pipeline::stop::Stops;

/// How many texts are written at once.
const ROWS: usize = 16;

impl TextGeneration {
    /// Requests one by one, so many at once; the longest prompts first, so that those that are read
    /// together are of like length.
    pub(super) fn follow(
        &self,
        model: &dyn Writer,
        requests: Vec<Request>,
        done: &mut dyn FnMut(usize),
    ) -> Result<Vec<WrittenText>, PipelineError> {
        let mut order: Vec<usize> = (0..requests.len()).collect();
        order.sort_by_key(|&index| std::cmp::Reverse(requests[index].prompt.len()));
        let mut texts: Vec<Text> = requests.iter().map(|_| Text::new(self)).collect();
        let mut batch = Batch::new(model);
        let mut waiting = order.iter();
        // Which request each ticket is of.
        let mut of_ticket: Vec<usize> = Vec::new();
        let mut ready = 0;
        loop {
            while batch.len() < ROWS
                && let Some(&index) = waiting.next()
            {
                let before = batch.len();
                batch.admit(requests[index].clone())?;
                of_ticket.push(index);
                ready += usize::from(batch.len() == before);
            }
            if batch.is_empty() {
                break;
            }
            for event in batch.step()? {
                let text = &mut texts[of_ticket[event.ticket.index()]];
                text.push(event.token, event.finish)?;
                if text.ending.is_some() {
                    batch.cancel(event.ticket);
                    ready += 1;
                    done(ready);
                }
            }
        }
        texts.into_iter().map(Text::finish).collect()
    }

    fn written(&self, best: Hypothesis, request: &Request) -> Result<WrittenText, PipelineError> {
        let options = &request.options;
        let has_end = best.tokens.last().is_some_and(|token| options.eos.contains(token));
        let is_full = !has_end && best.tokens.len() >= options.max_new_tokens;
        Ok(WrittenText {
            text: self.text_of(&best.tokens)?,
            tokens: best.tokens.len(),
            ending: if is_full { TextEnding::Length } else { TextEnding::Stop },
            score: Some(best.score),
        })
    }

    pub(super) fn follow_beams(
        &self,
        model: &dyn Writer,
        requests: &[Request],
        done: &mut dyn FnMut(usize),
    ) -> Result<Vec<Vec<WrittenText>>, PipelineError> {
        let Some(beams) = &self.language.config.beams else { return Ok(Vec::new()) };
        let mut order: Vec<usize> = (0..requests.len()).collect();
        order.sort_by_key(|&index| std::cmp::Reverse(requests[index].prompt.len()));
        let mut texts = vec![Vec::new(); requests.len()];
        let stops = Stops::new(&self.language.config.stop_strings);
        let mut ready = 0;
        for some in order.chunks((2 * ROWS / beams.width).max(1)) {
            let together: Vec<Request> =
                some.iter().map(|&index| requests[index].clone()).collect();
            let found = beam_search(model, &together, beams, &mut |tokens| {
                let is_end = !stops.is_empty()
                    && self.text_of(tokens).is_ok_and(|text| stops.is_at_end(&text));
                if is_end { Flow::EndText } else { Flow::Continue }
            })?;
            for (&index, found) in some.iter().zip(found) {
                let best = found.into_iter().take(self.language.config.n_texts);
                texts[index] = best
                    .map(|best| self.written(best, &requests[index]))
                    .collect::<Result<_, _>>()?;
            }
            ready += some.len();
            done(ready);
        }
        Ok(texts)
    }
}

/// A text in the making.
struct Text<'p> {
    pipeline: &'p TextGeneration,
    tokens: Vec<u32>,
    stops: Stops,
    stream: TextStream,
    ending: Option<TextEnding>,
}

impl<'p> Text<'p> {
    fn new(pipeline: &'p TextGeneration) -> Self {
        let stops = Stops::new(&pipeline.language.config.stop_strings);
        let stream = pipeline.language.tokenizer.stream();
        Self { pipeline, tokens: Vec::new(), stops, stream, ending: None }
    }

    fn push(&mut self, token: u32, finish: Option<Finish>) -> Result<(), PipelineError> {
        self.tokens.push(token);
        self.ending = finish.map(TextEnding::from);
        // Only where a string may stop it does the text matter before its end.
        if !self.stops.is_empty()
            && let Some(piece) = self.stream.push(token)?
            && self.stops.come_with(&piece)
        {
            self.ending = Some(TextEnding::Stop);
        }
        Ok(())
    }

    fn finish(self) -> Result<WrittenText, PipelineError> {
        Ok(WrittenText {
            text: self.pipeline.text_of(&self.tokens)?,
            tokens: self.tokens.len(),
            ending: self.ending.unwrap_or(TextEnding::Length),
            score: None,
        })
    }
}
