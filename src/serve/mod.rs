//! An HTTP server for one model with OpenAI's API.
//!
//! One thread owns the model and generates the texts of all requests in a batch, one token of each
//! per step; new requests join between steps. Requests are parsed and validated on other threads.

mod answer;
mod chat;
mod choice;
mod completion_request;
mod cors;
mod echo;
mod engine;
mod error;
mod fields;
mod logprobs;
mod messages;
mod offsets;
mod rest;
mod routes;
mod stream;
mod texts;
mod transcript;
mod vectors;
mod work;

pub use cors::{OriginError, Origins};

use std::future::{Future, IntoFuture, pending};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::serve::ListenerExt;
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::datasets::tokenizer::TokenizerError;
use crate::models::generate::GenerativeModel;
use crate::pipeline::{Processor, TextEmbedder};
use texts::Texts;
use vectors::Vectors;

/// The time for clients to read the last responses during a shutdown.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Server settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerSettings {
    /// The model's name, which requests must specify.
    pub name: String,
    /// The maximum number of texts that are generated concurrently.
    pub batch: usize,
    /// The maximum number of queued texts; for embeddings, of queued requests.
    pub queue: usize,
    /// The maximum prompt length in tokens, if it is less than the model's.
    pub max_prompt_tokens: Option<usize>,
    /// The maximum number of new tokens per text.
    pub max_new_tokens: usize,
    /// The maximum size of a request body.
    pub max_body_bytes: usize,
    /// The bearer token that clients must send, if any.
    pub api_key: Option<String>,
    /// The web pages that may use the server (CORS).
    pub origins: Origins,
    /// The seed of sampling for requests without a seed.
    pub seed: u64,
}

impl ServerSettings {
    /// The default settings.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            batch: 16,
            queue: 128,
            max_prompt_tokens: None,
            max_new_tokens: 4096,
            max_body_bytes: 8 << 20,
            api_key: None,
            origins: Origins::None,
            seed: 0,
        }
    }
}

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
struct App {
    settings: ServerSettings,
    created: u64,
    desk: Desk,
}

/// The task of the model.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "there is one")]
enum Desk {
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
