//! The thread that owns the model and writes the texts of all requests together.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Semaphore;
use tokio::sync::mpsc::{
    UnboundedReceiver, UnboundedSender, WeakUnboundedSender, unbounded_channel,
};

use super::Settings;
use super::error::ApiError;
use super::transcript::{End, Part, Transcript};
use super::work::{Row, Work};
use crate::models::generate::{GenerativeModel, Request, Scoring};

/// The engine's stack, which is that of a main thread.
const STACK: usize = 8 << 20;

/// Hands texts to the engine's thread.
#[derive(Debug)]
pub(super) struct Engine {
    inbox: UnboundedSender<(Job, Row)>,
    /// A place for each text that is written or waits.
    room: Arc<Semaphore>,
    capacity: usize,
    shared: Arc<Shared>,
    /// The replies of requests that may be under way.
    open: Mutex<Vec<WeakUnboundedSender<(usize, Piece)>>>,
}

#[derive(Debug, Default)]
pub(super) struct Shared {
    pub(super) running: AtomicUsize,
    pub(super) is_cut: AtomicBool,
}

/// A text to be written.
#[derive(Debug)]
pub(super) struct Submission {
    pub(super) job: Job,
    /// How its tokens become the text.
    pub(super) transcript: Transcript,
}

/// What the model is to do.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) request: Request,
    pub(super) scoring: Scoring,
}

/// What the engine says of a text.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Piece {
    /// It goes on.
    Text(Part),
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

impl Engine {
    /// Starts the thread.
    pub(super) fn start<W: GenerativeModel + Send + 'static>(
        model: W,
        settings: &Settings,
    ) -> std::io::Result<Self> {
        let (inbox, submissions) = unbounded_channel();
        let capacity = (settings.batch + settings.queue).min(Semaphore::MAX_PERMITS);
        let shared = Arc::new(Shared::default());
        let (width, seen) = (settings.batch, shared.clone());
        std::thread::Builder::new().name("engine".into()).stack_size(STACK).spawn(move || {
            Work::new(&model, width, seen).run(submissions);
        })?;
        let (room, open) = (Arc::new(Semaphore::new(capacity)), Mutex::default());
        Ok(Self { inbox, room, capacity, shared, open })
    }

    /// Takes in a request's texts, if there is room for all of them.
    pub(super) fn submit(&self, submissions: Vec<Submission>) -> Result<Pieces, ApiError> {
        if submissions.len() > self.capacity {
            let (count, most) = (submissions.len(), self.capacity);
            let message = format!("{count} texts are asked for, and {most} are the most at once");
            return Err(ApiError::invalid(message));
        }
        let mut places = u32::try_from(submissions.len())
            .ok()
            .and_then(|count| self.room.clone().try_acquire_many_owned(count).ok())
            .ok_or_else(ApiError::busy)?;
        let (reply, pieces) = unbounded_channel();
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|reply| reply.strong_count() > 0);
        open.push(reply.downgrade());
        drop(open);
        for (index, Submission { job, transcript }) in submissions.into_iter().enumerate() {
            let place = places.split(1).ok_or_else(ApiError::busy)?;
            let row = Row::new(transcript, index, reply.clone(), place);
            self.inbox.send((job, row)).map_err(|_| gone())?;
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
