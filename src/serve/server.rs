//! The server: one model and the routes to it.

use std::future::{Future, IntoFuture, pending};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::serve::ListenerExt;
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::texts::Texts;
use super::vectors::Vectors;
use super::{ServerSettings, answer, routes};
use crate::datasets::tokenizer::TokenizerError;
use crate::models::generate::GenerativeModel;
use crate::pipeline::{Processor, TextEmbedder};

/// The time for clients to read the last responses during a shutdown.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Why the server cannot run.
#[derive(Debug, Error)]
pub enum ServeError {
    /// The tokenizer cannot be used.
    #[error(transparent)]
    Tokenizer(#[from] TokenizerError),
    /// The system cannot create a thread or a connection.
    #[error("the server cannot run: {0}")]
    System(#[from] std::io::Error),
}

/// A server for one model.
#[derive(Debug, Clone)]
pub struct Server {
    app: Arc<App>,
}

/// The state that all requests share.
#[derive(Debug)]
pub(super) struct App {
    pub(super) settings: ServerSettings,
    pub(super) created: u64,
    pub(super) desk: Desk,
}

/// The task of the model.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "there is one")]
pub(super) enum Desk {
    Texts(Texts),
    Vectors(Vectors),
}

impl Server {
    /// Creates a server for a generative model.
    ///
    /// # Errors
    ///
    /// A tokenizer that cannot be used; a system that cannot create a thread.
    pub fn of_texts<W: GenerativeModel + Send + 'static>(
        model: W,
        processor: Processor,
        settings: ServerSettings,
    ) -> Result<Self, ServeError> {
        let desk = Desk::Texts(Texts::start(model, processor, &settings)?);
        Ok(Self::new(settings, desk))
    }

    /// Creates a server for an embedding model.
    ///
    /// # Errors
    ///
    /// A system that cannot create a thread.
    pub fn of_vectors(
        embedder: TextEmbedder,
        settings: ServerSettings,
    ) -> Result<Self, ServeError> {
        let desk = Desk::Vectors(Vectors::start(embedder, &settings)?);
        Ok(Self::new(settings, desk))
    }

    fn new(settings: ServerSettings, desk: Desk) -> Self {
        Self { app: Arc::new(App { settings, created: answer::now(), desk }) }
    }

    /// Whether clients must send a key.
    pub fn has_key(&self) -> bool {
        self.app.settings.api_key.is_some()
    }

    /// The request handlers, without a network.
    pub fn router(&self) -> Router {
        routes::router(self.app.clone())
    }

    /// Serves requests until `stop` completes. Then it accepts no more requests and returns when
    /// all responses are complete; responses that are still incomplete after `grace` end with an
    /// error.
    ///
    /// # Errors
    ///
    /// The system closes the listener.
    pub async fn run(
        &self,
        listener: TcpListener,
        stop: impl Future<Output = ()> + Send + 'static,
        grace: Duration,
    ) -> Result<(), ServeError> {
        // Events are small and must not be delayed by Nagle's algorithm.
        let listener = listener.tap_io(|connection| {
            let _ = connection.set_nodelay(true);
        });
        let (stopping, stopped) = oneshot::channel();
        let server = axum::serve(listener, self.router()).with_graceful_shutdown(async move {
            stop.await;
            let _ = stopping.send(());
        });
        let cut_off = async {
            if stopped.await.is_err() {
                return pending().await;
            }
            tokio::time::sleep(grace).await;
            match &self.app.desk {
                Desk::Texts(texts) => texts.engine.cut(),
                Desk::Vectors(vectors) => vectors.cut(),
            }
            tokio::time::sleep(LAST_WORDS).await;
        };
        tokio::select! {
            ended = server.into_future() => Ok(ended?),
            () = cut_off => Ok(()),
        }
    }
}
