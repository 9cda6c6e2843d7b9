//! What a request is answered with where it cannot be done, in the shape of OpenAI's API.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// Why a request is not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ApiError {
    status: StatusCode,
    message: String,
    /// The field that is at fault.
    param: Option<String>,
    /// A word for programs.
    code: Option<&'static str>,
}

impl ApiError {
    fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), param: None, code: None }
    }

    /// The request makes no sense.
    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    /// A field of the request makes no sense.
    pub(super) fn field(name: impl Into<String>, message: impl Into<String>) -> Self {
        Self { param: Some(name.into()), ..Self::invalid(message) }
    }

    /// A field that this server does not follow, and must not pass over.
    pub(super) fn unsupported(name: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code: Some("unsupported_value"), ..Self::field(name, message) }
    }

    /// A field that this server does not know.
    pub(super) fn unknown(name: String) -> Self {
        let message = format!("{name} is not a field that this server knows; leave it out");
        Self { code: Some("unknown_parameter"), ..Self::field(name, message) }
    }

    /// Prompt and answer do not fit into the model.
    pub(super) fn context(name: &str, message: String) -> Self {
        Self { code: Some("context_length_exceeded"), ..Self::field(name, message) }
    }

    /// Another model was asked for.
    pub(super) fn model(asked: &str, served: &str) -> Self {
        let message = format!("there is no model {asked:?} here; this server has {served:?}");
        let error = Self::new(StatusCode::NOT_FOUND, message);
        Self { param: Some("model".into()), code: Some("model_not_found"), ..error }
    }

    /// Nothing is at this place.
    pub(super) fn route(method: &str, path: &str) -> Self {
        let message = format!("nothing answers {method} {path}; GET /v1/models is a beginning");
        Self { code: Some("unknown_url"), ..Self::new(StatusCode::NOT_FOUND, message) }
    }

    /// What is at this place takes another method.
    pub(super) fn method(method: &str, path: &str) -> Self {
        let message = format!("{path} does not take {method}; the header Allow has what it takes");
        let error = Self::new(StatusCode::METHOD_NOT_ALLOWED, message);
        Self { code: Some("method_not_allowed"), ..error }
    }

    /// The body is not said to be JSON.
    pub(super) fn content_type() -> Self {
        let message = "the body must be JSON, with the header Content-Type: application/json";
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, message)
    }

    /// The body cannot be read.
    pub(super) fn body(status: StatusCode, limit: usize) -> Self {
        if status == StatusCode::PAYLOAD_TOO_LARGE {
            let message = format!("the body is longer than {limit} bytes");
            return Self { code: Some("request_too_large"), ..Self::new(status, message) };
        }
        Self::invalid("the body ends before it is complete")
    }

    /// The body does not come.
    pub(super) fn slow(seconds: u64) -> Self {
        let message = format!("the body did not arrive within {seconds} seconds");
        Self::new(StatusCode::REQUEST_TIMEOUT, message)
    }

    /// The bearer token is absent or another.
    pub(super) fn key() -> Self {
        let message = "this server asks for a key; send the header Authorization: Bearer <key>";
        let error = Self::new(StatusCode::UNAUTHORIZED, message);
        Self { code: Some("invalid_api_key"), ..error }
    }

    /// Too much is waiting already.
    pub(super) fn busy() -> Self {
        let message = "the queue is full; try again in a moment";
        let error = Self::new(StatusCode::TOO_MANY_REQUESTS, message);
        Self { code: Some("rate_limit_exceeded"), ..error }
    }

    /// The server is being shut down.
    pub(super) fn closing() -> Self {
        let message = "the server is shutting down";
        Self { code: Some("shutting_down"), ..Self::new(StatusCode::SERVICE_UNAVAILABLE, message) }
    }

    /// The fault is the server's.
    pub(super) fn internal(message: impl Into<String>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, message)
    }

    /// The error as clients of OpenAI's API read it.
    pub(super) fn json(&self) -> Value {
        let kind = match self.status {
            StatusCode::TOO_MANY_REQUESTS => "rate_limit_error",
            status if status.is_server_error() => "server_error",
            _ => "invalid_request_error",
        };
        json!({ "error": {
            "message": self.message,
            "type": kind,
            "param": self.param,
            "code": self.code,
        } })
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(self.json())).into_response();
        let headers = response.headers_mut();
        match self.status {
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
            }
            StatusCode::UNAUTHORIZED => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            _ => {}
        }
        response
    }
}
