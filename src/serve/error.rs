//! Errors in responses, in the format of OpenAI's API.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// Why a request failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ApiError {
    status: StatusCode,
    message: String,
    /// The field that caused the error.
    param: Option<String>,
    /// A machine-readable code.
    code: Option<&'static str>,
}

impl ApiError {
    fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), param: None, code: None }
    }

    /// The request is invalid.
    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    /// A field of the request is invalid.
    pub(super) fn field(name: impl Into<String>, message: impl Into<String>) -> Self {
        Self { param: Some(name.into()), ..Self::invalid(message) }
    }

    /// A field that this server does not support and must not ignore.
    pub(super) fn unsupported(name: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code: Some("unsupported_value"), ..Self::field(name, message) }
    }

    /// A field that this server does not recognize.
    pub(super) fn unknown(name: String) -> Self {
        let message = format!("{name} is not a field of this server's API; omit it");
        Self { code: Some("unknown_parameter"), ..Self::field(name, message) }
    }

    /// The prompt and the completion exceed the model's context.
    pub(super) fn context(name: &str, message: String) -> Self {
        Self { code: Some("context_length_exceeded"), ..Self::field(name, message) }
    }

    /// The requested model is not served.
    pub(super) fn model(requested: &str, served: &str) -> Self {
        let message = format!("the model {requested:?} does not exist; this server has {served:?}");
        let error = Self::new(StatusCode::NOT_FOUND, message);
        Self { param: Some("model".into()), code: Some("model_not_found"), ..error }
    }

    /// The path does not exist.
    pub(super) fn route(method: &str, path: &str) -> Self {
        let message = format!("{method} {path} does not exist; start with GET /v1/models");
        Self { code: Some("unknown_url"), ..Self::new(StatusCode::NOT_FOUND, message) }
    }

    /// The path does not support the method.
    pub(super) fn method(method: &str, path: &str) -> Self {
        let message = format!("{path} does not support {method}; see the header Allow");
        let error = Self::new(StatusCode::METHOD_NOT_ALLOWED, message);
        Self { code: Some("method_not_allowed"), ..error }
    }

    /// The content type is not JSON.
    pub(super) fn content_type() -> Self {
        let message = "the body must be JSON, with the header Content-Type: application/json";
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, message)
    }

    /// The body is incomplete or too large.
    pub(super) fn body(status: StatusCode, limit: usize) -> Self {
        if status == StatusCode::PAYLOAD_TOO_LARGE {
            let message = format!("the body is longer than {limit} bytes");
            return Self { code: Some("request_too_large"), ..Self::new(status, message) };
        }
        Self::invalid("the body ends before it is complete")
    }

    /// The body did not arrive in time.
    pub(super) fn slow(seconds: u64) -> Self {
        let message = format!("the body did not arrive within {seconds} seconds");
        Self::new(StatusCode::REQUEST_TIMEOUT, message)
    }

    /// The bearer token is missing or wrong.
    pub(super) fn key() -> Self {
        let message = "this server requires a key; send the header Authorization: Bearer <key>";
        let error = Self::new(StatusCode::UNAUTHORIZED, message);
        Self { code: Some("invalid_api_key"), ..error }
    }

    /// The queue is full.
    pub(super) fn busy() -> Self {
        let message = "the queue is full; try again in a moment";
        let error = Self::new(StatusCode::TOO_MANY_REQUESTS, message);
        Self { code: Some("rate_limit_exceeded"), ..error }
    }

    /// The server is shutting down.
    pub(super) fn closing() -> Self {
        let message = "the server is shutting down";
        Self { code: Some("shutting_down"), ..Self::new(StatusCode::SERVICE_UNAVAILABLE, message) }
    }

    /// A server error.
    pub(super) fn internal(message: impl Into<String>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, message)
    }

    /// The error in the format of OpenAI's API.
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
