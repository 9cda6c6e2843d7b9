//! Texts that are written together: rows come and go between steps.

use super::GenerateError;
use super::constraints::History;
use super::options::Options;
use super::sampling::Sampler;
use super::writer::{Memory, Passage, Writer, last};
use crate::layers::embedding::token_ids;
use crate::precision::numbers;

/// What to continue: a text's tokens, at least one.
pub type Prompt = Vec<u32>;

/// More room than this is not allocated ahead, in tokens: most texts end before their limit.
const RESERVE: usize = 512;

/// A prompt to be continued. Its draws depend on the seed in its options and on `stream`, and on
/// nothing beside it.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// What to continue.
    pub prompt: Prompt,
    /// How.
    pub options: Options,
    /// Tells texts apart that share a seed.
    pub stream: u64,
}

/// A request that was taken in. Tickets are numbered in the order of their requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ticket(u64);

impl Ticket {
    /// The only one where there is one text.
    pub(super) const FIRST: Self = Self(0);

    /// Its number, from 0 on.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A token was added to a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event {
    /// The text's request.
    pub ticket: Ticket,
    /// The token; where the text ended with an end token, that.
    pub token: u32,
    /// Why the text ends here, if it does.
    pub finish: Option<Finish>,
}

/// Why a text ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finish {
    /// The model wrote an end token.
    Eos,
    /// It is as long as it may be.
    Length,
}

/// Texts that are written together, each as if it were alone.
///
/// When a text outgrows the model's context, its older half is forgotten and the rest is read again,
/// so it can go on; up to there the result is that of `transformers`.
///
/// # Example
///
/// ```no_run
/// # use zoo_models::generate::{Batch, GenerateError, Options, Request, Writer};
/// # fn run(model: &dyn Writer) -> Result<(), GenerateError> {
/// let mut batch = Batch::new(model);
/// batch.admit(Request { prompt: vec![1, 2, 3], options: Options::default(), stream: 0 })?;
/// while !batch.is_empty() {
///     for event in batch.step()? {
///         println!("{}: {}", event.ticket.index(), event.token);
///     }
/// }
/// # Ok(())
/// # }
/// ```
pub struct Batch<'m> {
    model: &'m dyn Writer,
    /// Rows that the memory has, in its order.
    running: Vec<Row>,
    memory: Option<Memory>,
    /// Rows to be read at the next step.
    waiting: Vec<Row>,
    next: u64,
}

/// A text that is being continued.
struct Row {
    ticket: Ticket,
    /// What the model looks back on.
    passage: Passage,
    /// The whole text.
    text: Vec<u32>,
    /// How many of its tokens were there from the start.
    begun: usize,
    options: Options,
    sampler: Sampler,
}

impl<'m> Batch<'m> {
    /// A batch without texts.
    pub fn new(model: &'m dyn Writer) -> Self {
        Self { model, running: Vec::new(), memory: None, waiting: Vec::new(), next: 0 }
    }

    /// Takes a request in; it is read at the next step, together with the others that are new.
    ///
    /// # Errors
    ///
    /// An empty prompt, one longer than the context, a token id out of range, options that make no
    /// sense.
    pub fn admit(&mut self, request: Request) -> Result<Ticket, GenerateError> {
        request.options.validate()?;
        check_prompt(self.model, self.next as usize, &request)?;
        let ticket = Ticket(self.next);
        self.next += 1;
        let passage = begin(self.model, &request);
        let Request { options, stream, .. } = request;
        let (text, begun) = (passage.text.clone(), passage.text.len());
        let sampler = Sampler::new(options.sampling, stream);
        if options.max_new_tokens > 0 {
            self.waiting.push(Row { ticket, passage, text, begun, options, sampler });
        }
        Ok(ticket)
    }

    /// Adds a token to every text. Texts that end leave the batch.
    ///
    /// # Errors
    ///
    /// Scores that are no numbers; the batch is empty then.
    pub fn step(&mut self) -> Result<Vec<Event>, GenerateError> {
        self.retire_outgrown();
        let mut events = Vec::with_capacity(self.len());
        let mut scores = Vec::new();
        if let Some(memory) = &mut self.memory {
            let newest: Vec<u32> =
                self.running.iter().filter_map(|row| row.text.last().copied()).collect();
            let tokens = token_ids(&newest, newest.len(), &self.model.device());
            scores.push(last(self.model.step(tokens, memory)));
        }
        if !self.waiting.is_empty() {
            let passages: Vec<&Passage> = self.waiting.iter().map(|row| &row.passage).collect();
            let more = self.waiting.iter().map(Row::left).max().unwrap_or(0).min(RESERVE);
            let (read, fresh) = self.model.read(&passages, more);
            scores.push(read);
            self.memory = Some(match self.memory.take() {
                Some(memory) => memory.join(fresh),
                None => fresh,
            });
            self.running.append(&mut self.waiting);
        }
        let vocab_size = self.model.vocab_size();
        let mut rows = self.running.iter_mut();
        for scores in scores {
            let mut scores = numbers(scores);
            for (scores, row) in scores.chunks_exact_mut(vocab_size).zip(&mut rows) {
                events.extend(row.extend(scores));
            }
        }
        if events.len() < self.running.len() {
            self.keep(|_| false);
            return Err(GenerateError::NotFinite);
        }
        if events.iter().any(|event| event.finish.is_some()) {
            let mut ends = events.iter().map(|event| event.finish.is_some());
            self.keep(|_| !ends.next().unwrap_or(false));
        }
        Ok(events)
    }

    /// Ends a text; its row leaves at once. Nothing happens if it has ended already.
    pub fn cancel(&mut self, ticket: Ticket) {
        self.waiting.retain(|row| row.ticket != ticket);
        if self.running.iter().any(|row| row.ticket == ticket) {
            self.keep(|row| row.ticket != ticket);
        }
    }

    /// The number of texts that have not ended.
    pub fn len(&self) -> usize {
        self.running.len() + self.waiting.len()
    }

    /// Whether all texts have ended.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Keeps the running rows for which that holds, asked in their order; returns the others.
    fn keep(&mut self, mut holds: impl FnMut(&Row) -> bool) -> Vec<Row> {
        let (mut places, mut gone) = (Vec::new(), Vec::new());
        for (place, row) in std::mem::take(&mut self.running).into_iter().enumerate() {
            if holds(&row) {
                places.push(place);
                self.running.push(row);
            } else {
                gone.push(row);
            }
        }
        if !gone.is_empty() {
            let memory = self.memory.take().filter(|_| !places.is_empty());
            self.memory = memory.map(|memory| memory.select(&places));
        }
        gone
    }

    /// Rows whose next token has no position are cut and read anew.
    fn retire_outgrown(&mut self) {
        let context = self.model.context();
        let mut outgrown = self.keep(|row| row.passage.text.len() <= context);
        for row in &mut outgrown {
            let text = &mut row.passage.text;
            text.drain(..text.len() - context.div_ceil(2));
        }
        self.waiting.append(&mut outgrown);
    }
}

impl Row {
    /// How many tokens it may still get.
    fn left(&self) -> usize {
        self.options.max_new_tokens - (self.text.len() - self.begun)
    }

    /// Adds the next token; `None` where the scores are no numbers.
    fn extend(&mut self, scores: &mut [f32]) -> Option<Event> {
        if scores.iter().any(|score| score.is_nan()) {
            return None;
        }
        let Self { passage, text, begun, options, sampler, ticket } = self;
        let history = History { source: &passage.source, text, begun: *begun };
        options.constrain(history, scores);
        let token = sampler.choose(scores);
        text.push(token);
        passage.text.push(token);
        let finish = if options.eos.contains(&token) {
            Some(Finish::Eos)
        } else {
            (text.len() - *begun >= options.max_new_tokens).then_some(Finish::Length)
        };
        Some(Event { ticket: *ticket, token, finish })
    }
}

/// What stands before a request's first new token.
pub(super) fn begin(model: &dyn Writer, request: &Request) -> Passage {
    let mut passage = model.begin(&request.prompt);
    if let Some(start) = request.options.start.filter(|_| !passage.source.is_empty()) {
        passage.text = vec![start];
    }
    passage
}

/// Checks a request's prompt; `row` is what an error calls it.
pub(super) fn check_prompt(
    model: &dyn Writer,
    row: usize,
    request: &Request,
) -> Result<(), GenerateError> {
    let (context, vocab_size) = (model.prompt_limit(), model.vocab_size());
    let prompt = &request.prompt;
    if prompt.is_empty() {
        return Err(GenerateError::Empty { row });
    }
    if prompt.len() > context {
        return Err(GenerateError::TooLong { length: prompt.len(), context });
    }
    let mut tokens = prompt.iter().chain(&request.options.start);
    match tokens.find(|&&token| token as usize >= vocab_size) {
        Some(&token) => Err(GenerateError::OutOfRange { token, vocab_size }),
        None => Ok(()),
    }
}
