//! The thread that owns the model and writes the texts of all requests together.

use std::collections::{HashMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc::{
    UnboundedReceiver, UnboundedSender, WeakUnboundedSender, unbounded_channel,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Settings;
use super::error::ApiError;
use super::transcript::{End, Transcript};
use crate::models::generate::{Batch, Event, Request, Ticket, Writer};
use crate::system;

/// The engine's stack, which is that of a main thread.
const STACK: usize = 8 << 20;

/// Hands texts to the engine's thread.
#[derive(Debug)]
pub(super) struct Engine {
    inbox: UnboundedSender<(Request, Row)>,
    /// A place for each text that is written or waits.
    room: Arc<Semaphore>,
    capacity: usize,
    shared: Arc<Shared>,
    /// The replies of requests that may be under way.
    open: Mutex<Vec<WeakUnboundedSender<(usize, Piece)>>>,
}

#[derive(Debug, Default)]
struct Shared {
    running: AtomicUsize,
    is_cut: AtomicBool,
}

/// A text to be written: what of, and how its tokens become the text.
pub(super) type Order = (Request, Transcript);

/// What the engine says of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    /// It goes on.
    Text(String),
    /// It is over.
    End(Ending),
    /// It cannot be finished.
    Failed(ApiError),
}

/// How a text ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ending {
    pub(super) end: End,
    /// Tokens that were chosen for it.
    pub(super) tokens: usize,
}

/// The pieces of a request's texts, each with its text's place in the request.
pub(super) type Pieces = UnboundedReceiver<(usize, Piece)>;

/// A text that is being written, or waits for it.
#[derive(Debug)]
struct Row {
    transcript: Transcript,
    index: usize,
    tokens: usize,
    reply: UnboundedSender<(usize, Piece)>,
    _place: OwnedSemaphorePermit,
}

impl Engine {
    /// Starts the thread.
    pub(super) fn start<W: Writer + Send + 'static>(
        model: W,
        settings: &Settings,
    ) -> std::io::Result<Self> {
        let (inbox, orders) = unbounded_channel();
        let capacity = (settings.batch + settings.queue).min(Semaphore::MAX_PERMITS);
        let shared = Arc::new(Shared::default());
        let (width, seen) = (settings.batch, shared.clone());
        std::thread::Builder::new().name("engine".into()).stack_size(STACK).spawn(move || {
            let rows = HashMap::new();
            let (batch, waiting) = (Batch::new(&model), VecDeque::new());
            Work { model: &model, batch, rows, waiting, width, shared: seen }.run(orders);
        })?;
        let (room, open) = (Arc::new(Semaphore::new(capacity)), Mutex::default());
        Ok(Self { inbox, room, capacity, shared, open })
    }

    /// Takes in a request's texts, if there is room for all of them.
    pub(super) fn submit(&self, orders: Vec<Order>) -> Result<Pieces, ApiError> {
        if orders.len() > self.capacity {
            let (count, most) = (orders.len(), self.capacity);
            let message = format!("{count} texts are asked for, and {most} are the most at once");
            return Err(ApiError::invalid(message));
        }
        let mut places = u32::try_from(orders.len())
            .ok()
            .and_then(|count| self.room.clone().try_acquire_many_owned(count).ok())
            .ok_or_else(ApiError::busy)?;
        let (reply, pieces) = unbounded_channel();
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|reply| reply.strong_count() > 0);
        open.push(reply.downgrade());
        drop(open);
        for (index, (request, transcript)) in orders.into_iter().enumerate() {
            let _place = places.split(1).ok_or_else(ApiError::busy)?;
            let row = Row { transcript, index, tokens: 0, reply: reply.clone(), _place };
            self.inbox.send((request, row)).map_err(|_| gone())?;
        }
        Ok(pieces)
    }

    /// Ends what runs and waits, and whatever comes later. Who asked is told at once, even where the
    /// model is in the middle of a long step.
    pub(super) fn cut(&self) {
        self.shared.is_cut.store(true, Ordering::Relaxed);
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        for reply in open.iter().filter_map(WeakUnboundedSender::upgrade) {
            let _ = reply.send((0, Piece::Failed(ApiError::closing())));
        }
    }

    pub(super) fn is_alive(&self) -> bool {
        !self.inbox.is_closed()
    }

    /// How many texts are being written, and how many wait.
    pub(super) fn load(&self) -> (usize, usize) {
        let running = self.shared.running.load(Ordering::Relaxed);
        let taken = self.capacity - self.room.available_permits();
        (running, taken.saturating_sub(running))
    }
}

/// The engine has ended, which it never should.
pub(super) fn gone() -> ApiError {
    ApiError::internal("the engine has stopped; start the server again")
}

/// The engine's own state.
struct Work<'m> {
    model: &'m dyn Writer,
    batch: Batch<'m>,
    rows: HashMap<Ticket, Row>,
    waiting: VecDeque<(Request, Row)>,
    width: usize,
    shared: Arc<Shared>,
}

impl Work<'_> {
    /// Works until nobody can ask any more.
    fn run(mut self, mut orders: UnboundedReceiver<(Request, Row)>) {
        loop {
            if self.rows.is_empty() && self.waiting.is_empty() {
                let Some(order) = orders.blocking_recv() else { return };
                self.waiting.push_back(order);
            }
            while let Ok(order) = orders.try_recv() {
                self.waiting.push_back(order);
            }
            let failure = match catch_unwind(AssertUnwindSafe(|| self.turn())) {
                Ok(Ok(())) => None,
                Ok(Err(error)) => Some(error),
                Err(panic) => {
                    let said = system::panic_message(panic.as_ref()).unwrap_or("no reason given");
                    Some(ApiError::internal(format!("the model failed: {said}")))
                }
            };
            if let Some(error) = failure {
                self.fail(&error);
            }
            self.shared.running.store(self.rows.len(), Ordering::Relaxed);
        }
    }

    /// Lets go those who left, takes in who waits, and writes one more token of each text.
    fn turn(&mut self) -> Result<(), ApiError> {
        if self.shared.is_cut.load(Ordering::Relaxed) {
            for (_, row) in self.waiting.drain(..) {
                row.say(Piece::Failed(ApiError::closing()));
            }
            return Err(ApiError::closing());
        }
        let (batch, is_gone) = (&mut self.batch, |row: &Row| row.reply.is_closed());
        self.rows.retain(|&ticket, row| {
            if is_gone(row) {
                batch.cancel(ticket);
            }
            !is_gone(row)
        });
        self.waiting.retain(|(_, row)| !is_gone(row));
        while self.rows.len() < self.width
            && let Some((request, row)) = self.waiting.pop_front()
        {
            match self.batch.admit(request) {
                Ok(ticket) => {
                    self.rows.insert(ticket, row);
                }
                Err(error) => row.say(Piece::Failed(ApiError::invalid(error.to_string()))),
            }
        }
        self.shared.running.store(self.rows.len(), Ordering::Relaxed);
        if self.rows.is_empty() {
            return Ok(());
        }
        let events = self.batch.step().map_err(|error| ApiError::internal(error.to_string()))?;
        for event in events {
            self.receive(event);
        }
        Ok(())
    }

    /// A token was chosen for a text.
    fn receive(&mut self, Event { ticket, token, finish }: Event) {
        let Some(row) = self.rows.get_mut(&ticket) else { return };
        row.tokens += 1;
        let ended = match row.transcript.extend(token, finish) {
            Ok((text, ended)) => {
                if !text.is_empty() {
                    row.say(Piece::Text(text));
                }
                ended.map(|end| Piece::End(Ending { end, tokens: row.tokens }))
            }
            Err(error) => Some(Piece::Failed(ApiError::internal(error.to_string()))),
        };
        if let Some(piece) = ended {
            row.say(piece);
            self.rows.remove(&ticket);
            if finish.is_none() {
                self.batch.cancel(ticket);
            }
        }
    }

    /// Every text that was being written fails, and the next ones begin on a clean table.
    fn fail(&mut self, error: &ApiError) {
        for (_, row) in self.rows.drain() {
            row.say(Piece::Failed(error.clone()));
        }
        self.batch = Batch::new(self.model);
    }
}

impl Row {
    /// Who asked may have left, which is noticed before the next step.
    fn say(&self, piece: Piece) {
        let _ = self.reply.send((self.index, piece));
    }
}
