//! Embeddings: the thread that owns the model, and embedding requests.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, oneshot};

use super::ServerSettings;
use super::engine::{Load, gone};
use super::error::ApiError;
use super::fields::{Fields, Input};
use super::rest::OF_EMBEDDINGS;
use crate::pipeline::{Prompt, PromptEncoder, PromptedText, TextEmbedder};
use crate::system;

/// The maximum number of texts per request, as in OpenAI's API.
const MOST_INPUTS: usize = 2048;
/// Queued requests are batched up to this many texts.
const TOGETHER: usize = 64;

/// A running embedding model.
#[derive(Debug)]
pub(super) struct Vectors {
    inbox: UnboundedSender<Job>,
    room: Arc<Semaphore>,
    capacity: usize,
    running: Arc<AtomicUsize>,
    is_cut: Notify,
    encoder: PromptEncoder,
    vocab_size: usize,
    width: usize,
}

#[derive(Debug)]
struct Job {
    texts: Vec<PromptedText>,
    reply: oneshot::Sender<Result<Vec<Vec<f32>>, ApiError>>,
    _place: OwnedSemaphorePermit,
}

/// An embedding request.
#[derive(Debug)]
pub(super) struct EmbeddingRequest {
    inputs: Vec<Input>,
    /// The name of one of the model's prompts; `None` means its default prompt.
    prompt_name: Option<String>,
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Numbers,
    /// The bytes of f32 values in little-endian order.
    Base64,
}

/// An embedding response.
#[derive(Debug, Serialize)]
pub(super) struct VectorsAnswer {
    object: &'static str,
    data: Vec<Datum>,
    model: String,
    usage: Usage,
}

#[derive(Debug, Serialize)]
struct Datum {
    object: &'static str,
    index: usize,
    embedding: Embedding,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Embedding {
    Numbers(Vec<f32>),
    Base64(String),
}

#[derive(Debug, Serialize)]
struct Usage {
    prompt_tokens: usize,
    total_tokens: usize,
}

impl EmbeddingRequest {
    /// Parses a request; `width` is the number of elements of an embedding.
    pub(super) fn read(mut fields: Fields, width: usize) -> Result<Self, ApiError> {
        let inputs = Input::read("input", fields.require("input")?)?;
        if inputs.len() > MOST_INPUTS {
            let message =
                format!("input has {} texts, but at most {MOST_INPUTS} are allowed", inputs.len());
            return Err(ApiError::field("input", message));
        }
        let format = match fields.text("encoding_format")?.as_deref() {
            None | Some("float") => Format::Numbers,
            Some("base64") => Format::Base64,
            Some(other) => {
                let message = format!("encoding_format is {other:?}; it must be float or base64");
                return Err(ApiError::field("encoding_format", message));
            }
        };
        let prompt_name = fields.text("prompt_name")?;
        if prompt_name.is_some() && inputs.iter().any(|input| matches!(input, Input::Ids(_))) {
            let message = "prompt_name is for texts; token ids are used without a prompt";
            return Err(ApiError::field("prompt_name", message));
        }
        if fields.count("dimensions")?.is_some_and(|count| count != width) {
            let message = format!("the model only supports embeddings with {width} dimensions");
            return Err(ApiError::unsupported("dimensions", message));
        }
        fields.finish(&OF_EMBEDDINGS)?;
        Ok(Self { inputs, prompt_name, format })
    }
}

impl Vectors {
    /// Starts the engine thread.
    pub(super) fn start(
        embedder: TextEmbedder,
        settings: &ServerSettings,
    ) -> std::io::Result<Self> {
        let (inbox, jobs) = unbounded_channel();
        let capacity = (settings.batch + settings.queue).min(Semaphore::MAX_PERMITS);
        let running = Arc::new(AtomicUsize::new(0));
        let vectors = Self {
            inbox,
            room: Arc::new(Semaphore::new(capacity)),
            capacity,
            running: running.clone(),
            is_cut: Notify::new(),
            encoder: embedder.encoder().clone(),
            vocab_size: embedder.vocab_size(),
            width: embedder.width(),
        };
        let thread = std::thread::Builder::new().name("engine".into()).stack_size(8 << 20);
        thread.spawn(move || work(&embedder, jobs, &running))?;
        Ok(vectors)
    }

    /// The number of elements of an embedding.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// Fails all pending requests.
    pub(super) fn cut(&self) {
        self.is_cut.notify_waiters();
    }

    pub(super) fn is_alive(&self) -> bool {
        !self.inbox.is_closed()
    }

    /// The numbers of requests.
    pub(super) fn load(&self) -> Load {
        let running = self.running.load(Ordering::Relaxed);
        let taken = self.capacity - self.room.available_permits();
        Load { running, queued: taken.saturating_sub(running) }
    }

    /// Encodes the inputs of a request, including the prompt.
    pub(super) fn encode(&self, request: &EmbeddingRequest) -> Result<Vec<PromptedText>, ApiError> {
        let error = |message: String| ApiError::field("input", message);
        let prompt = request.prompt_name.as_deref().map_or(Prompt::Default, Prompt::Named);
        let prompt = self.encoder.prompt(prompt);
        let prompt = prompt.map_err(|e| ApiError::field("prompt_name", e.to_string()))?;
        let most = self.encoder.max_length();
        let encode = |(index, input): (usize, &Input)| {
            let text = match input {
                Input::Text(text) => {
                    let read = self.encoder.encode(text, &prompt);
                    read.map_err(|e| error(format!("input: {e}")))?
                }
                Input::Ids(ids) => PromptedText::of_ids(ids.clone()),
            };
            let encoding = &text.encoding;
            if encoding.is_cut || encoding.ids.len() > most {
                let message = format!("input {index} has more than {most} tokens");
                return Err(ApiError::context("input", message));
            }
            let vocab_size = self.vocab_size;
            match encoding.ids.iter().find(|&&id| id as usize >= vocab_size) {
                Some(id) => Err(error(format!(
                    "token id {id} is out of range; the model has {vocab_size} tokens"
                ))),
                None if encoding.ids.is_empty() => {
                    Err(error(format!("input {index} has no tokens")))
                }
                None => Ok(text),
            }
        };
        request.inputs.iter().enumerate().map(encode).collect()
    }

    /// Computes the embeddings of a request.
    pub(super) async fn answer(
        &self,
        request: EmbeddingRequest,
        texts: Vec<PromptedText>,
        model: &str,
    ) -> Result<VectorsAnswer, ApiError> {
        let _place = self.room.clone().try_acquire_owned().map_err(|_| ApiError::busy())?;
        let tokens = texts.iter().map(|text| text.encoding.ids.len()).sum();
        let (reply, answer) = oneshot::channel();
        self.inbox.send(Job { texts, reply, _place }).map_err(|_| gone())?;
        let vectors = tokio::select! {
            answer = answer => answer.map_err(|_| gone())??,
            () = self.is_cut.notified() => return Err(ApiError::closing()),
        };
        let datum = |(index, vector): (usize, Vec<f32>)| {
            let embedding = match request.format {
                Format::Numbers => Embedding::Numbers(vector),
                Format::Base64 => {
                    let bytes: Vec<u8> = vector.iter().flat_map(|x| x.to_le_bytes()).collect();
                    Embedding::Base64(STANDARD.encode(bytes))
                }
            };
            Datum { object: "embedding", index, embedding }
        };
        Ok(VectorsAnswer {
            object: "list",
            data: vectors.into_iter().enumerate().map(datum).collect(),
            model: model.to_string(),
            usage: Usage { prompt_tokens: tokens, total_tokens: tokens },
        })
    }
}

/// Processes jobs until all senders are dropped; queued jobs are batched.
fn work(embedder: &TextEmbedder, mut inbox: UnboundedReceiver<Job>, running: &AtomicUsize) {
    while let Some(first) = inbox.blocking_recv() {
        let mut jobs = vec![first];
        let mut count = jobs[0].texts.len();
        while count < TOGETHER
            && let Ok(job) = inbox.try_recv()
        {
            count += job.texts.len();
            jobs.push(job);
        }
        jobs.retain(|job| !job.reply.is_closed());
        running.store(jobs.len(), Ordering::Relaxed);
        let all: Vec<PromptedText> = jobs.iter().flat_map(|job| job.texts.clone()).collect();
        let computed = catch_unwind(AssertUnwindSafe(|| embedder.vectors(&all, &mut |_| {})));
        let mut vectors = match computed {
            Ok(Ok(vectors)) => Ok(vectors.into_iter()),
            Ok(Err(error)) => Err(error.to_string()),
            Err(panic) => {
                Err(system::panic_message(panic.as_ref()).unwrap_or("no reason given").to_string())
            }
        };
        for job in jobs {
            let answer = match &mut vectors {
                Ok(vectors) => Ok(vectors.by_ref().take(job.texts.len()).collect()),
                Err(reason) => Err(ApiError::internal(format!("the model failed: {reason}"))),
            };
            // The client may have disconnected.
            let _ = job.reply.send(answer);
        }
        running.store(0, Ordering::Relaxed);
    }
}
