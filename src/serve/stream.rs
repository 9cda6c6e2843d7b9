//! Streaming responses: server-sent events during generation.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::response::sse::Event;
use serde_json::Value;
use tokio_stream::Stream;

use super::answer::{ResponseHeader, Usage};
use super::completion_request::ResponseMode;
use super::engine::{Piece, Pieces, RowPiece, gone};

/// The events of a response. Dropping it notifies the engine that the client has disconnected.
#[derive(Debug)]
pub(super) struct Events {
    header: ResponseHeader,
    pieces: Pieces,
    usage: Usage,
    mode: ResponseMode,
    /// The number of incomplete texts.
    open: usize,
    /// Pending events.
    due: VecDeque<Event>,
    is_over: bool,
}

impl Events {
    /// Creates the event stream for `texts` texts.
    pub(super) fn new(
        header: ResponseHeader,
        mode: ResponseMode,
        pieces: Pieces,
        prompt_tokens: usize,
        texts: usize,
    ) -> Self {
        let usage = Usage { prompt: prompt_tokens, completion: 0 };
        let (open, due) = (texts, VecDeque::new());
        let mut events = Self { header, pieces, usage, mode, open, due, is_over: false };
        for index in 0..texts {
            if let Some(opening) = events.header.opening(index) {
                events.push(opening);
            }
        }
        events
    }

    fn push(&mut self, mut value: Value) {
        if self.mode == ResponseMode::EventsWithUsage
            && let Some(fields) = value.as_object_mut()
        {
            fields.entry("usage").or_insert(Value::Null);
        }
        self.due.push_back(Event::default().data(value.to_string()));
    }

    fn take(&mut self, index: usize, piece: Piece) {
        match piece {
            Piece::Text(part) => self.push(self.header.piece(index, &part)),
            Piece::End(ending) => {
                self.usage.completion += ending.tokens;
                self.push(self.header.end(index, ending.end));
                self.open -= 1;
                if self.open == 0 {
                    if self.mode == ResponseMode::EventsWithUsage {
                        self.push(self.header.usage(self.usage));
                    }
                    self.due.push_back(Event::default().data("[DONE]"));
                    self.is_over = true;
                }
            }
            Piece::Failed(error) => {
                self.due.push_back(Event::default().data(error.json().to_string()));
                self.is_over = true;
            }
        }
    }
}

impl Stream for Events {
    type Item = Result<Event, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(event) = self.due.pop_front() {
                return Poll::Ready(Some(Ok(event)));
            }
            if self.is_over {
                return Poll::Ready(None);
            }
            // If the channel closes before a text ends, the engine has stopped.
            match ready!(self.pieces.poll_recv(context)) {
                Some(RowPiece { index, piece }) => self.take(index, piece),
                None => self.take(0, Piece::Failed(gone())),
            }
        }
    }
}
