//! Generation of many texts: batched, in an order that reduces padding.

use super::{TextEnding, TextGeneration, WrittenText};
use crate::datasets::tokenizer::TextStream;
use crate::models::generate::{
    BatchScheduler, Finish, Flow, GenerativeModel, Hypothesis, Request, beam_search,
};
use crate::pipeline::PipelineError;
use crate::pipeline::stop::{Found, StoppingStream};

/// The maximum number of texts that are generated concurrently.
const ROWS: usize = 16;

impl TextGeneration {
    /// Runs requests with continuous batching; the longest prompts first, so that prompts of
    /// similar length are prefilled together.
    pub(super) fn follow(
        &self,
        model: &dyn GenerativeModel,
        requests: Vec<Request>,
        streams: Vec<TextStream>,
        done: &mut dyn FnMut(usize),
    ) -> Result<Vec<WrittenText>, PipelineError> {
        let mut order: Vec<usize> = (0..requests.len()).collect();
        order.sort_by_key(|&index| std::cmp::Reverse(requests[index].prompt.len()));
        let new = |stream| Text::new(self.stopping(stream));
        let mut texts: Vec<Text> = streams.into_iter().map(new).collect();
        let mut scheduler = BatchScheduler::new(model);
        let mut waiting = order.iter();
        // The request index of each request ID.
        let mut of_request: Vec<usize> = Vec::new();
        let mut ready = 0;
        loop {
            while scheduler.len() < ROWS
                && let Some(&index) = waiting.next()
            {
                let before = scheduler.len();
                scheduler.submit(requests[index].clone())?;
                of_request.push(index);
                ready += usize::from(scheduler.len() == before);
            }
            if scheduler.is_empty() {
                break;
            }
            for event in scheduler.step()? {
                let text = &mut texts[of_request[event.request_id.index()]];
                text.push(event.token, event.finish)?;
                if text.ending.is_some() {
                    scheduler.cancel(event.request_id);
                    ready += 1;
                    done(ready);
                }
            }
        }
        texts.into_iter().map(Text::finish).collect()
    }

    fn written(
        &self,
        best: Hypothesis,
        request: &Request,
        mut stream: TextStream,
    ) -> Result<WrittenText, PipelineError> {
        let options = &request.options;
        let mut text = String::new();
        for &token in &best.tokens {
            text.extend(stream.push(token)?);
        }
        let has_end = best.tokens.last().is_some_and(|token| options.eos.contains(token));
        let is_full = !has_end && best.tokens.len() >= options.max_new_tokens;
        Ok(WrittenText {
            text: text + &stream.finish()?,
            tokens: best.tokens.len(),
            ending: if is_full { TextEnding::Length } else { TextEnding::Stop },
            score: Some(best.score),
        })
    }

    pub(super) fn follow_beams(
        &self,
        model: &dyn GenerativeModel,
        requests: &[Request],
        streams: &[TextStream],
        done: &mut dyn FnMut(usize),
    ) -> Result<Vec<Vec<WrittenText>>, PipelineError> {
        let Some(beams) = &self.processor.config.beams else { return Ok(Vec::new()) };
        let mut order: Vec<usize> = (0..requests.len()).collect();
        order.sort_by_key(|&index| std::cmp::Reverse(requests[index].prompt.len()));
        let mut texts = vec![Vec::new(); requests.len()];
        let is_stopped = !self.processor.config.stop_strings.is_empty();
        let mut ready = 0;
        for some in order.chunks((2 * ROWS / beams.width).max(1)) {
            let together: Vec<Request> =
                some.iter().map(|&index| requests[index].clone()).collect();
            let found = beam_search(model, &together, beams, &mut |prompt, tokens| {
                let stops = || self.stopping(streams[some[prompt]].clone()).stops_within(tokens);
                let is_end = is_stopped && stops().is_ok_and(|is_end| is_end);
                if is_end { Flow::EndText } else { Flow::Continue }
            })?;
            for (&index, found) in some.iter().zip(found) {
                let best = found.into_iter().take(self.processor.config.n_texts);
                texts[index] = best
                    .map(|best| self.written(best, &requests[index], streams[index].clone()))
                    .collect::<Result<_, _>>()?;
            }
            ready += some.len();
            done(ready);
        }
        Ok(texts)
    }
}

/// A text that is being generated.
struct Text {
    stream: StoppingStream,
    text: String,
    tokens: usize,
    ending: Option<TextEnding>,
}

impl Text {
    fn new(stream: StoppingStream) -> Self {
        Self { stream, text: String::new(), tokens: 0, ending: None }
    }

    fn push(&mut self, token: u32, finish: Option<Finish>) -> Result<(), PipelineError> {
        self.tokens += 1;
        self.ending = finish.map(TextEnding::from);
        let added = self.stream.push(token)?;
        self.text.push_str(&added.text);
        if matches!(added.found, Found::End(_)) {
            self.ending = Some(TextEnding::Stop);
        }
        Ok(())
    }

    fn finish(self) -> Result<WrittenText, PipelineError> {
        Ok(WrittenText {
            text: self.text + &self.stream.finish()?.text,
            tokens: self.tokens,
            ending: self.ending.unwrap_or(TextEnding::Length),
            score: None,
        })
    }
}
