//! The routes of the server and their handlers.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::rejection::PathRejection;
use axum::extract::{DefaultBodyLimit, FromRequest, Path, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::sse::{KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use super::answer::{Choice, ResponseHeader, Shape, Usage};
use super::completion_request::{CompletionRequest, ResponseMode};
use super::engine::{Load, Piece, Pieces, RowPiece, gone};
use super::error::ApiError;
use super::fields::Fields;
use super::server::{App, Desk};
use super::stream::Events;
use super::texts::Texts;
use super::vectors::{EmbeddingRequest, Vectors};

/// The timeout for a request body.
const BODY_SECONDS: u64 = 60;

type Shared = State<Arc<App>>;
type Answer = Result<Response, ApiError>;

pub(super) fn router(app: Arc<App>) -> Router {
    let router = Router::new()
        .route("/health", get(health))
        .route("/v1/models", get(models))
        .route("/v1/models/{*id}", get(model))
        .route("/v1/completions", post(completions))
        .route("/v1/chat/completions", post(chat))
        .route("/v1/embeddings", post(embeddings))
        .fallback(async |request: Request| {
            ApiError::route(request.method().as_str(), request.uri().path())
        })
        .method_not_allowed_fallback(async |request: Request| {
            ApiError::method(request.method().as_str(), request.uri().path())
        })
        .layer(DefaultBodyLimit::max(app.settings.max_body_bytes))
        .layer(middleware::from_fn_with_state(app.clone(), authorize));
    // Outside of the authorization: browsers send preflight requests without the key.
    let router = match app.settings.origins.layer() {
        Some(cors) => router.layer(cors),
        None => router,
    };
    router.with_state(app)
}

/// Rejects requests without the key, if one is set.
async fn authorize(State(app): Shared, request: Request, next: Next) -> Response {
    let Some(key) = &app.settings.api_key else { return next.run(request).await };
    let header = request.headers().get(header::AUTHORIZATION).map(|value| value.as_bytes());
    let token = header.and_then(|header| header.split_at_checked("Bearer ".len()));
    let is_known = token.is_some_and(|(scheme, token)| {
        scheme.eq_ignore_ascii_case(b"Bearer ") && is_same(token, key.as_bytes())
    });
    match is_known || request.uri().path() == "/health" {
        true => next.run(request).await,
        false => ApiError::key().into_response(),
    }
}

/// Compares in constant time for texts of equal length.
fn is_same(a: &[u8], b: &[u8]) -> bool {
    let differs = |different: u8, (x, y): (&u8, &u8)| std::hint::black_box(different | (x ^ y));
    a.len() == b.len() && a.iter().zip(b).fold(0, differs) == 0
}

async fn health(State(app): Shared) -> Response {
    let (is_alive, Load { running, queued }) = match &app.desk {
        Desk::Texts(texts) => (texts.engine.is_alive(), texts.engine.load()),
        Desk::Vectors(vectors) => (vectors.is_alive(), vectors.load()),
    };
    let (status, word) = match is_alive {
        true => (StatusCode::OK, "ok"),
        false => (StatusCode::SERVICE_UNAVAILABLE, "stopped"),
    };
    (status, Json(json!({ "status": word, "running": running, "waiting": queued }))).into_response()
}

async fn models(State(app): Shared) -> Json<Value> {
    Json(json!({ "object": "list", "data": [app.model()] }))
}

async fn model(State(app): Shared, id: Result<Path<String>, PathRejection>) -> Answer {
    match id {
        Ok(Path(id)) if id == app.settings.name => Ok(Json(app.model()).into_response()),
        Ok(Path(id)) => Err(ApiError::model(&id, &app.settings.name)),
        Err(_) => Err(ApiError::invalid("the model's name is not UTF-8")),
    }
}

async fn completions(State(app): Shared, request: Request) -> Answer {
    texts(app, request, Shape::Completion).await
}

async fn chat(State(app): Shared, request: Request) -> Answer {
    texts(app, request, Shape::Chat).await
}

async fn texts(app: Arc<App>, request: Request, shape: Shape) -> Answer {
    let body = read(&app, request).await?;
    let shared = app.clone();
    let prepared = apart(move || {
        let fields = shared.fields(&body)?;
        let request = match shape {
            Shape::Completion => CompletionRequest::completion(fields)?,
            Shape::Chat => CompletionRequest::chat(fields)?,
        };
        shared.texts()?.prepare(request)
    })
    .await?;
    let pieces = app.texts()?.engine.submit(prepared.submissions)?;
    let header = ResponseHeader::new(shape, &app.settings.name, prepared.names);
    let (count, prompt_tokens) = (prepared.count, prepared.prompt_tokens);
    if prepared.mode == ResponseMode::Whole {
        let (choices, completion) = gather(pieces, count).await?;
        let usage = Usage { prompt: prompt_tokens, completion };
        return Ok(Json(header.whole(&choices, usage)).into_response());
    }
    let events = Events::new(header, prepared.mode, pieces, prompt_tokens, count);
    Ok(Sse::new(events).keep_alive(KeepAlive::default()).into_response())
}

/// Waits for all texts. If the client disconnects, this future is dropped, and the engine detects
/// it.
async fn gather(mut pieces: Pieces, count: usize) -> Result<(Vec<Choice>, usize), ApiError> {
    let mut choices = vec![Choice::default(); count];
    let (mut open, mut tokens) = (count, 0);
    while open > 0 {
        let RowPiece { index, piece } = pieces.recv().await.ok_or_else(gone)?;
        match piece {
            Piece::Text(part) => {
                choices[index].part.text.push_str(&part.text);
                choices[index].part.entries.extend(part.entries);
            }
            Piece::End(ending) => {
                choices[index].end = Some(ending.end);
                tokens += ending.tokens;
                open -= 1;
            }
            Piece::Failed(error) => return Err(error),
        }
    }
    Ok((choices, tokens))
}

async fn embeddings(State(app): Shared, request: Request) -> Answer {
    let body = read(&app, request).await?;
    let shared = app.clone();
    let (request, encodings) = apart(move || {
        let fields = shared.fields(&body)?;
        let vectors = shared.vectors()?;
        let request = EmbeddingRequest::read(fields, vectors.width())?;
        let encodings = vectors.encode(&request)?;
        Ok((request, encodings))
    })
    .await?;
    let answer = app.vectors()?.answer(request, encodings, &app.settings.name).await?;
    Ok(Json(answer).into_response())
}

/// Reads a request body, which must have the content type JSON: browsers send such cross-origin
/// requests only after a preflight, so no web page can use this server without permission; see
/// [`Origins`](super::Origins).
async fn read(app: &App, request: Request) -> Result<Bytes, ApiError> {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let kind = kind.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("application/json") {
        return Err(ApiError::content_type());
    }
    let body = Bytes::from_request(request, &());
    match tokio::time::timeout(Duration::from_secs(BODY_SECONDS), body).await {
        Ok(Ok(body)) => Ok(body),
        Ok(Err(error)) => Err(ApiError::body(error.status(), app.settings.max_body_bytes)),
        Err(_) => Err(ApiError::slow(BODY_SECONDS)),
    }
}

/// Runs slow work, such as the tokenization of a long text, outside of the network threads.
async fn apart<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ApiError> + Send + 'static,
) -> Result<T, ApiError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(_) => Err(ApiError::internal("the request could not be processed")),
    }
}

impl App {
    /// Parses the request's fields and checks the model name.
    fn fields(&self, body: &[u8]) -> Result<Fields, ApiError> {
        let mut fields = Fields::parse(body)?;
        match fields.require("model")? {
            Value::String(model) if model == self.settings.name => Ok(fields),
            Value::String(model) => Err(ApiError::model(&model, &self.settings.name)),
            other => Err(super::fields::wrong("model", "a string", &other)),
        }
    }

    fn texts(&self) -> Result<&Texts, ApiError> {
        match &self.desk {
            Desk::Texts(texts) => Ok(texts),
            Desk::Vectors(_) => {
                let message = "this model does not generate text; use /v1/embeddings";
                Err(ApiError::invalid(message))
            }
        }
    }

    fn vectors(&self) -> Result<&Vectors, ApiError> {
        match &self.desk {
            Desk::Vectors(vectors) => Ok(vectors),
            Desk::Texts(_) => {
                let message = "this model does not compute embeddings; use /v1/completions";
                Err(ApiError::invalid(message))
            }
        }
    }

    fn model(&self) -> Value {
        json!({
            "id": self.settings.name,
            "object": "model",
            "created": self.created,
            "owned_by": "burn-zoo",
        })
    }
}
