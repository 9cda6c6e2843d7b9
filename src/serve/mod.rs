//! An HTTP server for one model, which speaks OpenAI's API.
//!
//! One thread owns the model and writes the texts of all requests together, a token of each at a
//! time; new requests join between two tokens. Requests are read and checked beside it.

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

/// How long clients have to read what they are told at the very end.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// How a server works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The model's name, which requests must say.
    pub name: String,
    /// Texts that are written at once.
    pub batch: usize,
    /// Texts that may wait; for embeddings, requests.
    pub queue: usize,
    /// The longest prompt in tokens, where that is less than what the model reads.
    pub max_prompt_tokens: Option<usize>,
    /// The most tokens that are added to a prompt.
    pub max_new_tokens: usize,
    /// The longest body of a request.
    pub max_body_bytes: usize,
    /// What clients must bring as a bearer token, if anything.
    pub api_key: Option<String>,
    /// The web pages that browsers let use the server.
    pub origins: Origins,
    /// Decides what is drawn for requests that bring no seed.
    pub seed: u64,
}

impl Settings {
    /// The usual settings.
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

/// Why there is no server.
#[derive(Debug, Error)]
pub enum ServeError {
    /// The tokenizer cannot be used.
    #[error(transparent)]
    Tokenizer(#[from] TokenizerError),
    /// The system gives no thread, or no connections.
    #[error("the server cannot work: {0}")]
    System(#[from] std::io::Error),
}

/// A model that is ready to answer.
#[derive(Debug, Clone)]
pub struct Server {
    app: Arc<App>,
}

/// What all requests share.
#[derive(Debug)]
struct App {
    settings: Settings,
    created: u64,
    desk: Desk,
}

/// What the model does.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "there is one")]
enum Desk {
    Texts(Texts),
    Vectors(Vectors),
}

impl Server {
    /// A server of a model that writes texts.
    ///
    /// # Errors
    ///
    /// A tokenizer that cannot be used; a system without a thread to give.
    pub fn of_texts<W: GenerativeModel + Send + 'static>(
        model: W,
        processor: Processor,
        settings: Settings,
    ) -> Result<Self, ServeError> {
        let desk = Desk::Texts(Texts::start(model, processor, &settings)?);
        Ok(Self::new(settings, desk))
    }

    /// A server of a model that gives texts vectors.
    ///
    /// # Errors
    ///
    /// A system without a thread to give.
    pub fn of_vectors(embedder: TextEmbedder, settings: Settings) -> Result<Self, ServeError> {
        let desk = Desk::Vectors(Vectors::start(embedder, &settings)?);
        Ok(Self::new(settings, desk))
    }

    fn new(settings: Settings, desk: Desk) -> Self {
        Self { app: Arc::new(App { settings, created: answer::now(), desk }) }
    }

    /// Whether clients must bring a key.
    pub fn has_key(&self) -> bool {
        self.app.settings.api_key.is_some()
    }

    /// What answers requests, without a network.
    pub fn router(&self) -> Router {
        routes::router(self.app.clone())
    }

    /// Answers until `stop` is done; then takes no more, and ends once all is answered, or with
    /// errors for what is not answered after `grace`.
    ///
    /// # Errors
    ///
    /// The system takes the listener away.
    pub async fn run(
        &self,
        listener: TcpListener,
        stop: impl Future<Output = ()> + Send + 'static,
        grace: Duration,
    ) -> Result<(), ServeError> {
        // Events are small, and must not wait for each other.
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
