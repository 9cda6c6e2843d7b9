//! The loop of the engine thread: batches the texts of all requests and decodes their tokens.

use std::collections::{HashMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};

use super::engine::{Ending, Job, Piece, RowPiece, Shared};
use super::error::ApiError;
use super::transcript::{End, Part, Step, Transcript};
use crate::models::generate::{BatchScheduler, Event, GenerativeModel, RequestId, ScoredPrompt};
use crate::system;

/// A text that is running or queued.
#[derive(Debug)]
pub(super) struct Row {
    transcript: Transcript,
    index: usize,
    tokens: usize,
    /// Whether the text consists of its prompt only.
    adds_nothing: bool,
    reply: UnboundedSender<RowPiece>,
    _place: OwnedSemaphorePermit,
}

/// A text that waits for its turn.
#[derive(Debug)]
pub(super) struct QueuedRow {
    pub(super) job: Job,
    pub(super) row: Row,
}

/// The state of the engine thread.
pub(super) struct Work<'m> {
    model: &'m dyn GenerativeModel,
    scheduler: BatchScheduler<'m>,
    rows: HashMap<RequestId, Row>,
    waiting: VecDeque<QueuedRow>,
    width: usize,
    shared: Arc<Shared>,
}

impl<'m> Work<'m> {
    /// Creates the state without texts; at most `width` of them run concurrently.
    pub(super) fn new(model: &'m dyn GenerativeModel, width: usize, shared: Arc<Shared>) -> Self {
        let (rows, waiting) = (HashMap::new(), VecDeque::new());
        Self { model, scheduler: BatchScheduler::new(model), rows, waiting, width, shared }
    }

    /// Runs until all senders are dropped.
    pub(super) fn run(mut self, mut submissions: UnboundedReceiver<QueuedRow>) {
        loop {
            if self.rows.is_empty() && self.waiting.is_empty() {
                let Some(submission) = submissions.blocking_recv() else { return };
                self.waiting.push_back(submission);
            }
            while let Ok(submission) = submissions.try_recv() {
                self.waiting.push_back(submission);
            }
            let failure = match catch_unwind(AssertUnwindSafe(|| self.turn())) {
                Ok(Ok(())) => None,
                Ok(Err(error)) => Some(error),
                Err(panic) => {
                    let reason = system::panic_message(panic.as_ref()).unwrap_or("no reason given");
                    Some(ApiError::internal(format!("the model failed: {reason}")))
                }
            };
            if let Some(error) = failure {
                self.fail(&error);
            }
            self.shared.running.store(self.rows.len(), Ordering::Relaxed);
        }
    }

    /// Removes texts of disconnected clients, starts queued texts, and generates the next token of
    /// each text.
    fn turn(&mut self) -> Result<(), ApiError> {
        if self.shared.is_cut.load(Ordering::Relaxed) {
            for queued in self.waiting.drain(..) {
                queued.row.say(Piece::Failed(ApiError::closing()));
            }
            return Err(ApiError::closing());
        }
        let (scheduler, is_gone) = (&mut self.scheduler, |row: &Row| row.reply.is_closed());
        self.rows.retain(|&request_id, row| {
            if is_gone(row) {
                scheduler.cancel(request_id);
            }
            !is_gone(row)
        });
        self.waiting.retain(|queued| !is_gone(&queued.row));
        while self.rows.len() < self.width
            && let Some(QueuedRow { job, row }) = self.waiting.pop_front()
        {
            self.submit(job, row);
        }
        self.shared.running.store(self.rows.len(), Ordering::Relaxed);
        if self.rows.is_empty() {
            return Ok(());
        }
        let events =
            self.scheduler.step().map_err(|error| ApiError::internal(error.to_string()))?;
        for ScoredPrompt { request_id, tokens } in self.scheduler.take_scored() {
            let Some(row) = self.rows.get_mut(&request_id) else { continue };
            let begin = row.transcript.begin(Some(tokens));
            row.add(begin);
            if row.adds_nothing {
                row.say(Piece::End(Ending { end: End::Length, tokens: 0 }));
                self.rows.remove(&request_id);
            }
        }
        for event in events {
            self.receive(event);
        }
        Ok(())
    }

    /// Submits a text to the scheduler.
    fn submit(&mut self, Job { request, scoring }: Job, mut row: Row) {
        row.adds_nothing = request.options.max_new_tokens == 0;
        let request_id = match self.scheduler.submit_scored(request, scoring) {
            Ok(request_id) => request_id,
            Err(error) => {
                return row.say(Piece::Failed(ApiError::invalid(error.to_string())));
            }
        };
        if scoring.prompt.is_none() {
            let begin = row.transcript.begin(None);
            row.add(begin);
            if row.adds_nothing {
                return row.say(Piece::End(Ending { end: End::Length, tokens: 0 }));
            }
        }
        self.rows.insert(request_id, row);
    }

    /// Processes a generated token.
    fn receive(&mut self, event: Event) {
        let (request_id, finish) = (event.request_id, event.finish);
        let Some(row) = self.rows.get_mut(&request_id) else { return };
        row.tokens += 1;
        let ended = match row.transcript.extend(event) {
            Ok(Step { part, end }) => {
                row.add(part);
                end.map(|end| Piece::End(Ending { end, tokens: row.tokens }))
            }
            Err(error) => Some(Piece::Failed(ApiError::internal(error.to_string()))),
        };
        if let Some(piece) = ended {
            row.say(piece);
            self.rows.remove(&request_id);
            if finish.is_none() {
                self.scheduler.cancel(request_id);
            }
        }
    }

    /// Fails all running texts and resets the scheduler for the next ones.
    fn fail(&mut self, error: &ApiError) {
        for (_, row) in self.rows.drain() {
            row.say(Piece::Failed(error.clone()));
        }
        self.scheduler = BatchScheduler::new(self.model);
    }
}

impl Row {
    pub(super) fn new(
        transcript: Transcript,
        index: usize,
        reply: UnboundedSender<RowPiece>,
        place: OwnedSemaphorePermit,
    ) -> Self {
        Self { transcript, index, tokens: 0, adds_nothing: false, reply, _place: place }
    }

    fn add(&self, part: Part) {
        if part != Part::default() {
            self.say(Piece::Text(part));
        }
    }

    /// The client may have disconnected, which is detected before the next step.
    fn say(&self, piece: Piece) {
        let _ = self.reply.send(RowPiece { index: self.index, piece });
    }
}
