//! The engine thread, which owns the model and generates the texts of all requests in batches.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Semaphore;
use tokio::sync::mpsc::{
    UnboundedReceiver, UnboundedSender, WeakUnboundedSender, unbounded_channel,
};

use super::ServerSettings;
use super::error::ApiError;
use super::transcript::{End, Part, Transcript};
use super::work::{QueuedRow, Row, Work};
use crate::models::generate::{GenerativeModel, Request, Scoring};

/// The stack size of the engine thread, equal to that of a main thread.
const STACK: usize = 8 << 20;

/// Submits work to the engine thread.
#[derive(Debug)]
pub(super) struct Engine {
    inbox: UnboundedSender<QueuedRow>,
    /// A permit for each text that is running or queued.
    room: Arc<Semaphore>,
    capacity: usize,
    shared: Arc<Shared>,
    /// The reply channels of requests that may be in progress.
    open: Mutex<Vec<WeakUnboundedSender<RowPiece>>>,
}

#[derive(Debug, Default)]
pub(super) struct Shared {
    pub(super) running: AtomicUsize,
    pub(super) is_cut: AtomicBool,
}

/// A text to generate.
#[derive(Debug)]
pub(super) struct Submission {
    pub(super) job: Job,
    /// Decodes its tokens to text.
    pub(super) transcript: Transcript,
}

/// A job for the model.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) request: Request,
    pub(super) scoring: Scoring,
}

/// An event of a text.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Piece {
    /// New text.
    Text(Part),
    /// The text is complete.
    End(Ending),
    /// Generation failed.
    Failed(ApiError),
}

/// How a text ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ending {
    pub(super) end: End,
    /// The number of generated tokens.
    pub(super) tokens: usize,
}

/// The load of the server: the numbers of texts, or of requests for embeddings.
#[derive(Debug, Clone, Copy)]
pub(super) struct Load {
    pub(super) running: usize,
    pub(super) queued: usize,
}

/// An event of one of a request's texts.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct RowPiece {
    /// The text's index in the request.
    pub(super) index: usize,
    pub(super) piece: Piece,
}

/// The events of a request's texts.
pub(super) type Pieces = UnboundedReceiver<RowPiece>;

impl Engine {
    /// Starts the engine thread.
    pub(super) fn start<W: GenerativeModel + Send + 'static>(
        model: W,
        settings: &ServerSettings,
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

    /// Submits a request's texts, if there is capacity for all of them.
    pub(super) fn submit(&self, submissions: Vec<Submission>) -> Result<Pieces, ApiError> {
        if submissions.len() > self.capacity {
            let (count, most) = (submissions.len(), self.capacity);
            let message =
                format!("{count} texts are requested, but at most {most} are allowed at once");
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
            self.inbox.send(QueuedRow { job, row }).map_err(|_| gone())?;
        }
        Ok(pieces)
    }

    /// Aborts running, queued and later requests. Clients are notified at once, even during a long
    /// model step.
    pub(super) fn cut(&self) {
        self.shared.is_cut.store(true, Ordering::Relaxed);
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        for reply in open.iter().filter_map(WeakUnboundedSender::upgrade) {
            let _ = reply.send(RowPiece { index: 0, piece: Piece::Failed(ApiError::closing()) });
        }
    }

    pub(super) fn is_alive(&self) -> bool {
        !self.inbox.is_closed()
    }

    /// The numbers of texts.
    pub(super) fn load(&self) -> Load {
        let running = self.shared.running.load(Ordering::Relaxed);
        let taken = self.capacity - self.room.available_permits();
        Load { running, queued: taken.saturating_sub(running) }
    }
}

/// The engine thread has stopped, which is a bug.
pub(super) fn gone() -> ApiError {
    ApiError::internal("the engine has stopped; restart the server")
}
